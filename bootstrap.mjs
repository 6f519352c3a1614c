#!/usr/bin/env node
/**
 * The one way into the lab: `node bootstrap.mjs start|demo|test|bench|build|package` or `node bootstrap.mjs candor …`; any other first
 * word is a command of the command line (so that this file can be the package's `bin`).
 *
 * It installs what the lock file names when that is not installed yet, then goes on under the Node 24 of the `node` package,
 * whichever Node started it (20 or newer). It has no dependencies, writes nothing to stdout, and works from any folder.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = path.dirname(fileURLToPath(import.meta.url));
const modules = path.join(root, 'node_modules');
const node24 = path.join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
const stamp = path.join(modules, '.candor-setup');

const scripts = {
  start: ['electron/start.ts'],
  demo: ['electron/cli/main.ts', 'demo'],
  candor: ['electron/cli/main.ts'],
  test: ['e2e/run-tests.ts'],
  bench: ['e2e/bench/run.ts'],
  build: ['electron/build.ts'],
  package: ['electron/package.ts'],
};

const [first = 'candor', ...rest] = process.argv.slice(2);
const [script, ...args] = Object.hasOwn(scripts, first) ? [...scripts[first], ...rest] : [...scripts.candor, first, ...rest];

if (Number(process.versions.node.split('.')[0]) < 20)
  fail(`Node ${process.versions.node} is too old: the lab needs Node 20 or newer to set itself up.`);
if (!isSetUp()) await setUp();
run(node24, [path.join(root, script), ...args]);

/** Whether what is installed is what the lock file names. */
function isSetUp() {
  if (!existsSync(node24)) return false;
  const wanted = fingerprint();
  if (textOf(stamp) === wanted) return true;
  // Installed by hand, with `npm install` say: npm keeps its own account of what is there.
  if (!agrees(textOf(path.join(modules, '.package-lock.json')), readFileSync(path.join(root, 'package-lock.json'), 'utf8'))) return false;
  writeFileSync(stamp, wanted);
  return true;
}

/** Of the lock file, and of the machine: a checkout may lie on a disk that two systems share. */
function fingerprint() {
  const hash = createHash('sha256').update(readFileSync(path.join(root, 'package-lock.json')));
  return `${hash.digest('hex')} ${process.platform} ${process.arch}\n`;
}

/** Whether each package of the lock file that is not optional is installed in its version, and nothing in another. */
function agrees(installedText, lockText) {
  if (installedText === null) return false;
  const installed = JSON.parse(installedText).packages;
  const { '': _project, ...wanted } = JSON.parse(lockText).packages;
  const same = Object.entries(wanted).every(([name, entry]) =>
    installed[name] === undefined ? entry.optional === true : installed[name].version === entry.version,
  );
  return same && Object.keys(installed).every((name) => name in wanted);
}

async function setUp() {
  const release = await lock();
  try {
    // Another start may have done it while this one waited.
    if (isSetUp()) return;
    say('candor: installing packages (once; about 1 GB, half a minute to a few minutes)');
    install();
    if (!existsSync(node24))
      fail(
        'the `node` package was installed without its binary. If npm is set to ignore install scripts, run `npm rebuild node --ignore-scripts=false`.',
      );
    if (process.env.CANDOR_CUDA === '1') fetchCuda();
    writeFileSync(stamp, fingerprint());
  } finally {
    release();
  }
}

/** @returns {void} only when `npm ci` has succeeded */
function install() {
  // Development packages are part of running from a checkout (Node 24 is one); audit and funding notices are for stdout's readers, not ours.
  const args = ['ci', '--include=dev', '--loglevel=error', '--no-audit', '--no-fund', '--no-progress'];
  // onnxruntime-node would fetch CUDA libraries, and fail the whole installation where it cannot.
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' };
  const npmCli = process.env.npm_execpath;
  const own = npmCli !== undefined && path.basename(npmCli) === 'npm-cli.js';
  // Windows has npm as a .cmd file, which only a shell can start; none of the arguments come from outside.
  const [command, before, shell] = own ? [process.execPath, [npmCli], false] : ['npm', [], process.platform === 'win32'];
  const { status, signal, error } = spawnSync(command, [...before, ...args], { cwd: root, env, shell, stdio: ['ignore', 2, 2] });
  if (signal === 'SIGINT') process.exit(130);
  if (error !== undefined) fail(`npm could not be started (${error.message}). It comes with Node; is it on the PATH?`);
  if (status !== 0)
    fail('`npm ci` failed, see above. Is the package registry within reach? What was installed is incomplete; the next start tries again.');
}

/** What onnxruntime-node's own install script does, asked for by CANDOR_CUDA=1. */
function fetchCuda() {
  say("candor: fetching onnxruntime's CUDA libraries");
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'true' };
  const { status } = spawnSync(node24, ['script/install.js'], {
    cwd: path.join(modules, 'onnxruntime-node'),
    env,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) say('candor: they could not be fetched; models will run on the processor');
}

/**
 * One set-up at a time for this folder. The lock lies outside node_modules, which `npm ci` deletes; it holds its owner's
 * process id, so that a lock whose owner died is taken over.
 * @returns {Promise<() => void>} what gives it back
 */
async function lock() {
  const name = path.join(os.tmpdir(), `candor-setup-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`);
  const mine = `${name}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  const release = () => {
    rmSync(name, { force: true });
    rmSync(mine, { force: true });
  };
  for (let waited = 0; ; waited += 1) {
    try {
      // Atomic, and never without its content.
      linkSync(mine, name);
      process.once('exit', release);
      return release;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = Number(textOf(name) ?? NaN);
    if (Number.isInteger(owner) && !isAlive(owner) && textOf(name) === String(owner)) rmSync(name, { force: true });
    else {
      if (waited === 0) say('candor: waiting for another set-up of this folder to end');
      await pause(250);
    }
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Goes on as the given program: same terminal, same signals, same exit status. */
function run(command, args) {
  const child = spawn(command, args, { stdio: 'inherit' });
  child.on('error', (error) => fail(`${command} could not be started: ${error.message}`));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // Ctrl-C in a terminal has reached the child already.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? code : 128 + (os.constants.signals[signal] ?? 0));
  });
}

function textOf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function fail(line) {
  say(`candor: ${line}`);
  process.exit(1);
}

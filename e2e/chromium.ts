/** A Chromium to test with: one that is installed, else one that is installed now. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { chromium } from '@playwright/test';

const project = path.join(import.meta.dirname, '..');

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];
/** Where other systems keep what is not on the PATH. Edge comes with Windows and is a Chromium. */
const places: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium'],
  win32: [
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
  ],
};

/** How tests start it: without its services that use the network, and without its sandbox where root has none. */
export function launchOptions(executablePath: string): { executablePath: string; args: string[] } {
  const args = [
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  return { executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox', ...args] : args };
}

/** The path in CANDOR_CHROMIUM, on the PATH, in the usual places, or Playwright's own; null where there is none. */
export function findChromium(): string | null {
  const onPath = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .flatMap((folder) => names.map((name) => path.join(folder, process.platform === 'win32' ? `${name}.exe` : name)));
  const candidates = [process.env['CANDOR_CHROMIUM'] ?? '', ...onPath, ...(places[process.platform] ?? []), playwrightsOwn()];
  return candidates.find((file) => file !== '' && isProgram(file)) ?? null;
}

/**
 * Installs one: with the system's packager as root on Debian and its kin, else with Playwright, which fetches its own build.
 * @returns its path, or null where none can be had
 */
export function installChromium(): string | null {
  const root = process.getuid?.() === 0;
  if (process.platform === 'linux' && root && spawnSync('apt-get', ['--version']).status === 0) {
    process.stderr.write('candor: installing Chromium for the tests (apt-get)\n');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const install = (): boolean =>
      spawnSync('apt-get', ['install', '-y', '-qq', 'chromium'], { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
    if (!install()) {
      spawnSync('apt-get', ['update', '-qq'], { env, stdio: ['ignore', 'ignore', 'inherit'] });
      install();
    }
    const found = findChromium();
    if (found !== null) return found;
  }
  process.stderr.write("candor: installing Playwright's Chromium for the tests\n");
  spawnSync(process.execPath, [path.join(project, 'node_modules/@playwright/test/cli.js'), 'install', 'chromium'], {
    stdio: ['ignore', 2, 2],
    timeout: 300_000,
  });
  return findChromium();
}

function playwrightsOwn(): string {
  try {
    return chromium.executablePath();
  } catch {
    return '';
  }
}

function isProgram(file: string): boolean {
  if (!existsSync(file)) return false;
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

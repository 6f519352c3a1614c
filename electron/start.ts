/** `npm start`: the lab in Electron's window where that can be, else in the browser. */
import { parseArgs } from 'node:util';
import { LabError, reportOf } from '../probes/lab-error.ts';
import { buildWhereStale } from './build.ts';
import { electronBinary, fetchElectron, runElectron, whyNoWindow, type Machine } from './desktop.ts';
import { openBrowser } from './open-browser.ts';
import { serveBrowser } from './serve-browser.ts';

const usage = `npm start [-- --port N]

Opens the lab in Electron's window, or serves it to a browser on this computer.
  --port N               the port to serve on (a free one by default); serves to the browser
  CANDOR_SHELL=electron  only Electron: fail where it cannot run, and let its download take as long as it needs
  CANDOR_SHELL=browser   only the browser: no attempt to fetch Electron`;

const machine: Machine = { platform: process.platform, env: process.env, user: process.getuid?.() ?? null };

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function start(): Promise<number> {
  const { values } = parseArgs({ options: { port: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
  if (values.help === true) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const port = values.port === undefined ? undefined : portOf(values.port);
  const shell = shellOf(process.env['CANDOR_SHELL'], port !== undefined);
  if (shell !== 'browser') {
    const status = await startElectron(shell === 'electron');
    if (status !== null) return status;
  }
  await buildWhereStale(['window'], say);
  await serveBrowser({
    port,
    ready: (url) => {
      process.stdout.write(`Candor: ${url}\n`);
      say('Open this address in a browser on this computer. Ctrl-C ends the lab.');
      openBrowser(url, machine);
    },
  });
  return 0;
}

/** @returns Electron's exit status, or null where the browser is to be used instead */
async function startElectron(only: boolean): Promise<number | null> {
  const reason = await runDesktop(only);
  if (typeof reason === 'number') return reason;
  if (only) throw new LabError('failed', `Electron cannot be used: ${reason}`, 'Leave CANDOR_SHELL out to use the browser.');
  say(`No Electron window (${reason}); serving the lab to the browser instead.`);
  return null;
}

/** @returns the exit status, or why there is no window */
async function runDesktop(only: boolean): Promise<number | string> {
  const obstacle = whyNoWindow(machine);
  if (obstacle !== null) return obstacle;
  if (electronBinary() === null) {
    say('Fetching Electron, once (about 120 MB; the only download that the lab makes; CANDOR_SHELL=browser does without).');
    const failure = await fetchElectron(only ? 3_600_000 : 120_000);
    if (failure !== null) return `it could not be fetched: ${failure}`;
  }
  const binary = electronBinary();
  if (binary === null) return 'its binary is missing';
  await buildWhereStale(['window', 'shell'], say);
  return (await runElectron(binary)) ?? 'it ended at once';
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port >= 1 && port <= 65_535) return port;
  throw new LabError('usage', `"${text}" is no port`, 'It takes a whole number from 1 to 65535.');
}

function shellOf(wish: string | undefined, hasPort: boolean): 'electron' | 'browser' | null {
  if (wish === 'electron' || wish === 'browser') return wish;
  if (wish === undefined || wish === '') return hasPort ? 'browser' : null;
  throw new LabError('usage', `CANDOR_SHELL cannot be "${wish}"`, 'It takes "electron" or "browser".');
}

try {
  process.exitCode = await start();
} catch (error) {
  const { code, message, advice } = reportOf(error);
  const unusable = code === 'usage' || (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));
  say(`${message}\n${unusable && code !== 'usage' ? 'See npm start -- --help.' : advice}`);
  process.exitCode = unusable ? 2 : 1;
}
// A browser that was opened, or a model still ending, must not keep a finished start alive.
process.exit();

/** Electron's binary: whether it can run here, where it is, fetching it, running it. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';

const project = path.join(import.meta.dirname, '..');
const electron = path.join(project, 'node_modules/electron');

export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's id; null on Windows. */
  readonly user: number | null;
}

/** Why no window of Electron's can be opened on this machine, or null when one can. */
export function whyNoWindow({ platform, env, user }: Machine): string | null {
  if (platform !== 'linux') return null;
  if ((env['DISPLAY'] ?? '') === '' && (env['WAYLAND_DISPLAY'] ?? '') === '') return 'there is no display';
  if (user === 0) return "Electron's sandbox does not run as root";
  return null;
}

/** The binary, or null where it has not been fetched. */
export function electronBinary(): string | null {
  try {
    const binary = path.join(electron, 'dist', readFileSync(path.join(electron, 'path.txt'), 'utf8').trim());
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}

/**
 * Fetches the binary with the `electron` package's own installer, which checks it against the checksums that came with the
 * package. This is the only download that the lab ever makes.
 * @param limit milliseconds that the download may take
 * @returns why it failed, or null when the binary is there
 */
export async function fetchElectron(
  limit: number,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string | null> {
  const mirror = env['ELECTRON_MIRROR'] ?? env['npm_config_electron_mirror'] ?? 'https://github.com/';
  const proxied = env['HTTPS_PROXY'] ?? env['https_proxy'] ?? env['GLOBAL_AGENT_HTTPS_PROXY'];
  // A network that swallows packets would otherwise cost the whole limit at each start.
  if (proxied === undefined && !(await answers(URL.parse(mirror)?.hostname ?? '', 3000))) return `${mirror} is out of reach`;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path.join(electron, 'install.js')], { stdio: ['ignore', 'ignore', 'pipe'], windowsHide: true });
    let words = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (words += text));
    const timer = setTimeout(() => child.kill('SIGKILL'), limit);
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      if (code === 0 && electronBinary() !== null) resolve(null);
      else
        resolve(
          signal === 'SIGKILL' ? `it took longer than ${limit / 1000} seconds` : (words.trim().split('\n')[0] ?? 'its installer failed'),
        );
    });
  });
}

function answers(host: string, limit: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: 443, timeout: limit });
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', end(true)).on('timeout', end(false)).on('error', end(false));
  });
}

/**
 * Runs the lab in Electron until its window is closed.
 * @returns its exit status, or null when it ended so soon and so badly that it cannot have opened a window
 */
export function runElectron(binary: string): Promise<number | null> {
  const { ELECTRON_RUN_AS_NODE: _ignored, ...env } = process.env;
  const begun = Date.now();
  return new Promise((resolve) => {
    const child = spawn(binary, [project], { env, stdio: 'inherit' });
    let stopped = false;
    // Ctrl-C reaches Electron by itself; a signal to this process alone is passed on.
    process.on('SIGINT', () => (stopped = true));
    process.on('SIGTERM', () => {
      stopped = true;
      child.kill('SIGTERM');
    });
    child.on('error', () => resolve(null));
    child.on('exit', (code) => {
      if (code === 0 || stopped) resolve(0);
      else resolve(Date.now() - begun < 10_000 ? null : (code ?? 1));
    });
  });
}

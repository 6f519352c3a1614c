/** Opens an address in the user's browser, where there is one; never fails. */
import { spawn } from 'node:child_process';
import type { Machine } from './desktop.ts';

/** The command that opens an address here, or null where no browser can show itself. */
export function browserCommand(url: string, { platform, env }: Pick<Machine, 'platform' | 'env'>): [string, string[]] | null {
  if (platform === 'darwin') return ['open', [url]];
  // Not `cmd /c start`, which would read the address as a command line.
  if (platform === 'win32') return ['rundll32', ['url.dll,FileProtocolHandler', url]];
  if ((env['DISPLAY'] ?? '') === '' && (env['WAYLAND_DISPLAY'] ?? '') === '') return null;
  return ['xdg-open', [url]];
}

export function openBrowser(url: string, machine: Machine): void {
  const command = browserCommand(url, machine);
  if (command === null) return;
  const child = spawn(...command, { stdio: 'ignore', detached: true, windowsHide: true });
  // The address is printed as well, so a missing opener is no error.
  child.on('error', () => undefined);
  child.unref();
}

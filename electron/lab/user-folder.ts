/** Where the lab keeps its own files: the place that each system has for a user's application data. */
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

export function userFolder(): string {
  if (process.platform === 'win32') return path.join(process.env['APPDATA'] ?? path.join(homedir(), 'AppData', 'Roaming'), 'Candor');
  if (process.platform === 'darwin') return path.join(homedir(), 'Library', 'Application Support', 'Candor');
  return path.join(process.env['XDG_DATA_HOME'] ?? path.join(homedir(), '.local', 'share'), 'candor');
}

/** The folder is made: it is the lab's own. */
export function defaultDatabase(): string {
  mkdirSync(userFolder(), { recursive: true });
  return path.join(userFolder(), 'candor.db');
}

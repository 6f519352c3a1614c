/**
 * `npm run package`: builds, then packs the desktop app for this machine with electron-builder, which `npx` and it fetch
 * (some 240 packages and Electron itself), so it needs a network. What it does is data: `build` in package.json.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { buildWhereStale } from './build.ts';

const project = path.join(import.meta.dirname, '..');
const packager = 'electron-builder@26.17.0';
const flags: Partial<Record<NodeJS.Platform, string>> = { linux: '--linux', darwin: '--mac', win32: '--win' };

const flag = flags[process.platform];
if (flag === undefined) {
  process.stderr.write(`candor: there is no package for ${process.platform}\n`);
  process.exit(2);
}
await buildWhereStale(['window', 'shell'], (line) => process.stderr.write(`${line}\n`));
// Only for this platform and processor: the Node binary and the native modules that are packed are the installed ones.
const { status } = spawnSync('npx', ['--yes', packager, flag, `--${process.arch}`, '--publish', 'never', ...process.argv.slice(2)], {
  cwd: project,
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
process.exitCode = status ?? 1;

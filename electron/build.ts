/** Builds the window and the shell when their sources have changed since the last time. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const project = path.join(import.meta.dirname, '..');

interface Part {
  readonly title: string;
  readonly output: string;
  readonly product: string;
  /** Folders whose files enter the build. */
  readonly sources: readonly string[];
  readonly builds: readonly { readonly config: string; readonly mode: string }[];
}

const parts = {
  window: {
    title: 'the window',
    output: 'dist/renderer',
    product: 'index.html',
    sources: ['renderer', 'electron/rpc', 'probes'],
    builds: [{ config: 'renderer/vite.config.ts', mode: 'production' }],
  },
  shell: {
    title: "Electron's part",
    output: 'dist/electron',
    product: 'preload.cjs',
    sources: ['electron', 'probes'],
    builds: [
      { config: 'electron/vite.config.ts', mode: 'main' },
      { config: 'electron/vite.config.ts', mode: 'preload' },
    ],
  },
} as const satisfies Record<string, Part>;

export type PartName = keyof typeof parts;

/**
 * Builds what is missing or older than its sources (told by their content, not their times).
 * A finished build takes the old one's place at once, so that a lab that is running never serves half of one.
 * @param say is told what is being built, only when something is
 * @throws Error of vite when the sources do not build
 */
export async function buildWhereStale(names: readonly PartName[], say: (line: string) => void): Promise<void> {
  for (const name of names) {
    const part: Part = parts[name];
    const stamp = path.join(project, 'dist', `${name}.stamp`);
    const wanted = await fingerprint(part);
    if (existsSync(path.join(project, part.output, part.product)) && (await textOf(stamp)) === wanted) continue;
    say(`building ${part.title}`);
    await build(part);
    await writeFile(stamp, wanted);
  }
}

async function build(part: Part): Promise<void> {
  // Loaded only here: a start that is up to date does without it.
  const vite = await import('vite');
  const output = path.join(project, part.output);
  const fresh = `${output}.${process.pid}`;
  const old = `${fresh}.old`;
  await mkdir(path.dirname(output), { recursive: true });
  for (const [index, { config, mode }] of part.builds.entries()) {
    await vite.build({
      configFile: path.join(project, config),
      mode,
      logLevel: 'error',
      build: { outDir: fresh, emptyOutDir: index === 0 },
    });
  }
  if (existsSync(output)) await rename(output, old);
  await rename(fresh, output);
  await rm(old, { recursive: true, force: true });
}

/** Of the sources' names and contents, and of the lock file: a new compiler builds anew as well. */
async function fingerprint(part: Part): Promise<string> {
  const hash = createHash('sha256');
  const files = ['package-lock.json'];
  for (const folder of part.sources) {
    for (const entry of await readdir(path.join(project, folder), { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && !entry.name.endsWith('.test.ts')) files.push(path.relative(project, path.join(entry.parentPath, entry.name)));
    }
  }
  for (const file of files.sort())
    hash
      .update(`${file}\0`)
      .update(await readFile(path.join(project, file)))
      .update('\0');
  return hash.digest('hex');
}

async function textOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return null;
  }
}

if (import.meta.main) await buildWhereStale(['window', 'shell'], (line) => process.stderr.write(`${line}\n`));

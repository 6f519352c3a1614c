/** Versions of everything that a number depends on, stored with each run. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { environmentsVersion } from '../../probes/lie/environments.ts';

const root = path.join(import.meta.dirname, '../..');

function packageVersion(file: string): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

export function labVersion(): string {
  return packageVersion(path.join(root, 'package.json'));
}

export function versions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  const installed = (name: string): string => {
    // Not every package lets its package.json be resolved by name, so look where it must lie.
    for (const folder of require.resolve.paths(name) ?? []) {
      try {
        return packageVersion(path.join(folder, name, 'package.json'));
      } catch {
        continue;
      }
    }
    return 'unknown';
  };
  return {
    candor: labVersion(),
    node: process.versions.node,
    onnxruntime: installed('onnxruntime-node'),
    transformers: installed('@huggingface/transformers'),
    sqlite: installed('better-sqlite3'),
    environments: environmentsVersion,
    platform: `${process.platform}-${process.arch}`,
  };
}

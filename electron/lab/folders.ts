/** Lists folders, for choosing a model or a data file where there is no system dialog. */
import { existsSync, opendirSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { LabError } from '../../probes/lab-error.ts';
import type { FolderEntry } from '../rpc/contract.ts';

/** A folder with more entries than this is not for choosing from. */
const mostEntries = 5000;
/** Entries of a folder that are looked at to tell whether it is a model; those of models have far fewer. */
const lookedAt = 200;

/** @throws LabError `not-found` if the folder cannot be read */
export function listFolder(wanted: string | undefined): { path: string; parent: string | null; entries: FolderEntry[] } {
  const folder = path.resolve(wanted ?? homedir());
  let found;
  try {
    found = readdirSync(folder, { withFileTypes: true });
  } catch (thrown) {
    throw new LabError('not-found', `${folder} cannot be read: ${(thrown as Error).message}`, 'Choose another folder.', { cause: thrown });
  }
  const entries = found
    .filter((entry) => !entry.name.startsWith('.'))
    .slice(0, mostEntries)
    .flatMap((entry): FolderEntry[] => {
      const full = path.join(folder, entry.name);
      try {
        // Follows links: hub caches are made of them.
        const stat = statSync(full);
        if (stat.isDirectory())
          return [{ name: entry.name, path: full, kind: 'folder', looksLike: looksLikeModel(full) ? 'model' : null, bytes: null }];
        return stat.isFile()
          ? [{ name: entry.name, path: full, kind: 'file', looksLike: /\.(csv|json)$/i.test(entry.name) ? 'data' : null, bytes: stat.size }]
          : [];
      } catch {
        return [];
      }
    })
    .sort((left, right) => (left.kind === right.kind ? left.name.localeCompare(right.name) : left.kind === 'folder' ? -1 : 1));
  const parent = path.dirname(folder);
  return { path: folder, parent: parent === folder ? null : parent, entries };
}

/** An export: a graph in it, or in a folder `onnx`, or ONNX Runtime GenAI's settings. A checkpoint: settings and weights. */
function looksLikeModel(folder: string): boolean {
  const has = (name: string): boolean => existsSync(path.join(folder, name));
  if (has('genai_config.json')) return true;
  const endings = has('config.json') ? ['.onnx', '.safetensors'] : ['.onnx'];
  return holds(folder, endings) || holds(path.join(folder, 'onnx'), ['.onnx']);
}

/** Looks at the first few entries only: a folder may hold a million pictures. */
function holds(folder: string, endings: readonly string[]): boolean {
  try {
    const entries = opendirSync(folder);
    try {
      for (let looked = 0; looked < lookedAt; looked++) {
        const entry = entries.readSync();
        if (entry === null) return false;
        const name = entry.name.toLowerCase();
        if (!entry.isDirectory() && endings.some((ending) => name.endsWith(ending))) return true;
      }
      return false;
    } finally {
      entries.closeSync();
    }
  } catch {
    return false;
  }
}

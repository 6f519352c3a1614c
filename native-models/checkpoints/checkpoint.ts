/**
 * A checkpoint as Hugging Face's libraries save it: config.json, and the weights in one .safetensors file or in several with an index.
 * Weights are found, not read. Files may be symbolic links, as in hub caches.
 */
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { LabError } from '../../probes/lab-error.ts';
import { readJsonObject } from './json-file.ts';
import { readSafetensors } from './safetensors.ts';
import type { StoredTensor, StoredTensors } from './weights.ts';

export interface Checkpoint {
  /** Absolute. */
  readonly folder: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: StoredTensors;
  /** A folder that all weights lie below, symbolic links resolved; locations of tensors are relative to it. */
  readonly weightFolder: string;
  /** config.json, the weights and their index, absolute, links not resolved. */
  readonly files: readonly string[];
}

const single = 'model.safetensors';
const indexName = 'model.safetensors.index.json';

/** Whether the folder holds a checkpoint and no ONNX export, which would go before. Its soundness is for `readCheckpoint` to see. */
export function isCheckpoint(folder: string): boolean {
  const names = namesIn(folder);
  const exported = [...names, ...namesIn(path.join(folder, 'onnx'))].some((name) => name.endsWith('.onnx'));
  return !exported && names.includes('config.json') && names.some((name) => name.endsWith('.safetensors') || name === indexName);
}

/**
 * @throws LabError `model-not-found` without folder, config.json or weights; `model-data-missing` if a file of the weights is
 *   missing; `model-unreadable` if config.json, the index or a file of the weights is damaged, or they do not belong together
 */
export function readCheckpoint(folder: string): Checkpoint {
  const absolute = path.resolve(folder);
  if (!existsSync(absolute))
    throw new LabError('model-not-found', `${absolute} does not exist`, 'Check the path, or choose the folder again.');
  if (!statSync(absolute).isDirectory())
    throw new LabError('model-not-found', `${absolute} is a file, not a folder`, `Give the folder that holds config.json and ${single}.`);
  const configFile = path.join(absolute, 'config.json');
  const config = readJsonObject(configFile, { missing: 'model-not-found', damaged: 'model-unreadable' });
  const shards = findShards(absolute);
  const real = new Map(shards.names.map((name) => [name, realFile(path.join(absolute, name))]));
  const weightFolder = commonFolder([...real.values()]);
  const tensors = new Map<string, StoredTensor>();
  for (const [shard, file] of real) {
    const location = path.relative(weightFolder, file).replaceAll('\\', '/');
    const header = readSafetensors(file).tensors;
    shards.check(shard, new Set(header.keys()));
    for (const tensor of header.values()) tensors.set(tensor.name, { ...tensor, location });
  }
  const files = [configFile, ...shards.index, ...shards.names.map((name) => path.join(absolute, name))];
  return { folder: absolute, config, tensors, weightFolder, files };
}

interface Shards {
  /** Files of the weights, by name in the folder. */
  readonly names: readonly string[];
  /** The index, if there is one. */
  readonly index: readonly string[];
  /** @throws LabError `model-unreadable` if these are not the tensors that the index says lie in that file */
  check(shard: string, tensors: ReadonlySet<string>): void;
}

function findShards(folder: string): Shards {
  const names = namesIn(folder);
  // Like transformers: where both are there, the single file goes before.
  if (names.includes(single)) return { names: [single], index: [], check: () => undefined };
  if (names.includes(indexName)) return shardsOf(path.join(folder, indexName));
  const pickled = names.find((name) => /\.(bin|pt|pth|ckpt)$/.test(name));
  const adapter = names.find((name) => /^adapter.*\.safetensors$/.test(name));
  const hint =
    adapter !== undefined
      ? `${adapter} changes another model: merge it into that model and save the result.`
      : pickled !== undefined
        ? `${pickled} is pickled Python, which can run code when it is read: save it as safetensors with the library that made it.`
        : 'Copy the weights into the folder, under the names that they were saved with.';
  throw new LabError('model-not-found', `${folder} holds neither ${single} nor ${indexName}`, hint);
}

/** @throws LabError `model-unreadable` if the index is no map of tensor names to names of files in the same folder */
function shardsOf(index: string): Shards {
  const { weight_map: map } = readJsonObject(index, { missing: 'model-not-found', damaged: 'model-unreadable' });
  const damaged = (why: string): LabError =>
    new LabError('model-unreadable', `${index}: ${why}`, 'Download the index and the weights again.');
  if (typeof map !== 'object' || map === null || Array.isArray(map)) throw damaged('it has no weight_map');
  const expected = new Map<string, Set<string>>();
  for (const [tensor, shard] of Object.entries(map as Record<string, unknown>)) {
    if (typeof shard !== 'string' || !/^[^/\\]+\.safetensors$/.test(shard))
      throw damaged(`${tensor} is said to lie in ${JSON.stringify(shard)}, which is no .safetensors file of this folder`);
    expected.set(shard, (expected.get(shard) ?? new Set()).add(tensor));
  }
  if (expected.size === 0) throw damaged('its weight_map is empty');
  return {
    names: [...expected.keys()].sort(),
    index: [index],
    check: (shard, tensors) => {
      const missing = [...expected.get(shard)!].find((tensor) => !tensors.has(tensor));
      if (missing !== undefined) throw damaged(`${missing} should lie in ${shard}, which has no such tensor`);
      const extra = [...tensors].find((tensor) => !expected.get(shard)!.has(tensor));
      if (extra !== undefined) throw damaged(`${shard} holds ${extra}, which the index does not name there`);
    },
  };
}

/** @throws LabError `model-data-missing` where there is no file, or a link that leads nowhere */
function realFile(file: string): string {
  if (!existsSync(file) || !statSync(file).isFile())
    throw new LabError(
      'model-data-missing',
      `${file} is missing`,
      'Copy or download the whole folder: every file of the weights is needed.',
    );
  return realpathSync(file);
}

/** The innermost folder that all files lie below. */
function commonFolder(files: readonly string[]): string {
  let folder = path.dirname(files[0]!);
  for (const file of files)
    while (path.relative(folder, file).startsWith('..') && folder !== path.dirname(folder)) folder = path.dirname(folder);
  return folder;
}

/** Names in a folder, links that lead nowhere included; none where it is no folder. */
function namesIn(folder: string): string[] {
  return existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder) : [];
}

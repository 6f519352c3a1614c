/** Finds the parts of a model in a Hugging-Face-style folder, and says exactly what is missing. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { LabError } from '../probes/lab-error.ts';
import type { OnnxModel } from './onnx/graph.ts';
import { readModelFile } from './onnx/read.ts';

export interface ModelDirectory {
  /** The folder as the user gave it, absolute. */
  readonly folder: string;
  /** The graph, symbolic links resolved. */
  readonly graphFile: string;
  /** A folder that the graph and all its external data lie below, symbolic links resolved: hub caches keep files elsewhere and link to them. */
  readonly weightFolder: string;
  /** Its external data are named relative to `weightFolder`. */
  readonly model: OnnxModel;
  readonly config: Readonly<Record<string, unknown>>;
  /** generation_config.json; empty where there is none. */
  readonly generation: Readonly<Record<string, unknown>>;
  /** chat_template.jinja, where newer exports keep the template; null where there is none. */
  readonly chatTemplate: string | null;
  /** Every file that the model's answers depend on, absolute. */
  readonly files: readonly string[];
}

export interface FileHash {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

const graphPlaces = ['onnx/model.onnx', 'model.onnx'];

/**
 * @throws LabError `model-not-found`, `model-unreadable`, `model-data-missing`, `tokenizer-missing`
 */
export function openDirectory(folder: string): ModelDirectory {
  const absolute = path.resolve(folder);
  if (!existsSync(absolute))
    throw new LabError('model-not-found', `${absolute} does not exist`, 'Check the path, or choose the folder again.');
  if (!statSync(absolute).isDirectory()) {
    throw new LabError(
      'model-not-found',
      `${absolute} is a file, not a folder`,
      'Give the folder that holds config.json, tokenizer.json and onnx/model.onnx.',
    );
  }
  const place = graphPlaces.find((name) => existsSync(path.join(absolute, name)));
  if (place === undefined) {
    throw new LabError(
      'model-not-found',
      `${absolute} holds neither ${graphPlaces.join(' nor ')}`,
      'Give the folder of an ONNX export: config.json, tokenizer.json, tokenizer_config.json and onnx/model.onnx.',
    );
  }
  const config = readJson(path.join(absolute, 'config.json'), 'model-not-found');
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) readJson(path.join(absolute, name), 'tokenizer-missing');
  const graphFile = realpathSync(path.join(absolute, place));
  const { model, weightFolder, files: dataFiles } = locateWeights(path.join(absolute, place), graphFile, readModelFile(graphFile));
  const optional = ['generation_config.json', 'chat_template.jinja'].filter((name) => existsSync(path.join(absolute, name)));
  const files = ['config.json', 'tokenizer.json', 'tokenizer_config.json', ...optional, place].map((name) => path.join(absolute, name));
  return {
    folder: absolute,
    graphFile,
    weightFolder,
    model,
    config,
    generation: optional.includes('generation_config.json')
      ? readJson(path.join(absolute, 'generation_config.json'), 'model-not-found')
      : {},
    chatTemplate: optional.includes('chat_template.jinja') ? readFileSync(path.join(absolute, 'chat_template.jinja'), 'utf8') : null,
    files: [...files, ...dataFiles],
  };
}

function readJson(file: string, code: 'model-not-found' | 'tokenizer-missing'): Record<string, unknown> {
  if (!existsSync(file)) throw new LabError(code, `${file} is missing`, 'Copy the whole folder of the export, this file included.');
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    throw new SyntaxError('it holds no object');
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new LabError(code, `${file} is not valid JSON: ${why}`, 'The file is damaged: copy or export it again.', { cause: thrown });
  }
}

/** Finds external data where the links lead, and names it relative to one folder, which is all that ONNX Runtime allows. */
function locateWeights(linked: string, graphFile: string, model: OnnxModel): { model: OnnxModel; weightFolder: string; files: string[] } {
  const files = checkExternalData(linked, model);
  const real = new Map(files.map((file) => [file, realpathSync(file)]));
  const weightFolder = commonFolder([graphFile, ...real.values()]);
  const initializers = model.graph.initializers.map((tensor) => {
    if (tensor.place.kind !== 'external') return tensor;
    const file = real.get(path.resolve(path.dirname(linked), tensor.place.location))!;
    return { ...tensor, place: { ...tensor.place, location: path.relative(weightFolder, file).replaceAll('\\', '/') } };
  });
  return { model: { ...model, graph: { ...model.graph, initializers } }, weightFolder, files };
}

function commonFolder(files: readonly string[]): string {
  let folder = path.dirname(files[0]!);
  for (const file of files)
    while (path.relative(folder, file).startsWith('..') && folder !== path.dirname(folder)) folder = path.dirname(folder);
  return folder;
}

/**
 * @param graphFile the graph as the folder names it: data is looked for beside the link, not beside what it leads to
 * @returns the external data files; each tensor must lie within its file
 */
function checkExternalData(graphFile: string, model: OnnxModel): string[] {
  const folder = path.dirname(graphFile);
  const sizes = new Map<string, number>();
  for (const tensor of model.graph.initializers) {
    const { place } = tensor;
    if (place.kind !== 'external') continue;
    const file = path.resolve(folder, place.location);
    if (place.location === '' || path.relative(folder, file).startsWith('..') || path.isAbsolute(place.location)) {
      throw new LabError(
        'model-unreadable',
        `${graphFile}: the weights of ${tensor.name} are said to lie in "${place.location}", outside the model's folder`,
        'Do not trust this file. A sound export keeps its weights beside the graph.',
      );
    }
    if (!sizes.has(file)) {
      if (!existsSync(file))
        throw new LabError(
          'model-data-missing',
          `${file} is missing; ${tensor.name} should lie in it`,
          'Copy the data file to the graph, under the name that it was exported with.',
        );
      sizes.set(file, statSync(file).size);
    }
    const end = place.offset + (place.length ?? 0);
    if (!(place.offset >= 0) || end > sizes.get(file)!) {
      throw new LabError(
        'model-data-missing',
        `${file} has ${sizes.get(file)} bytes; ${tensor.name} should reach to byte ${end}`,
        'The file was cut short: copy it again.',
      );
    }
  }
  return [...sizes.keys()];
}

/** SHA-256 of each file, streamed; paths relative to the folder, so that the same model has the same list wherever it lies. */
export async function hashFiles(folder: string, files: readonly string[]): Promise<FileHash[]> {
  return Promise.all(
    files.map(async (file) => {
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const chunk of createReadStream(file)) {
        hash.update(chunk as Buffer);
        bytes += (chunk as Buffer).length;
      }
      return { path: path.relative(folder, file).replaceAll('\\', '/'), bytes, sha256: hash.digest('hex') };
    }),
  );
}

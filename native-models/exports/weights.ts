/** Finds the weights of a graph where they lie, and checks that every tensor is there in full before anything runs on it. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { LabError } from '../../probes/lab-error.ts';
import { elementBits, type OnnxModel, type Tensor } from '../onnx/graph.ts';

export interface LocatedWeights {
  /** External data are named relative to `weightFolder`. */
  readonly model: OnnxModel;
  /** The folder that the graph and all its external data lie below, symbolic links resolved: hub caches keep files elsewhere and link to them. */
  readonly weightFolder: string;
  /** The external data files, as the model's folder names them. */
  readonly files: readonly string[];
}

/**
 * Finds external data where the links lead, and names it relative to one folder, which is all that ONNX Runtime allows.
 * @param linked the graph as the folder names it: data is looked for beside the link, not beside what it leads to
 * @param graphFile the same, symbolic links resolved
 * @throws LabError `model-unreadable`, `model-data-missing`
 */
export function locateWeights(linked: string, graphFile: string, model: OnnxModel): LocatedWeights {
  const files = checkTensors(linked, model.graph.initializers);
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

/** @returns the external data files */
function checkTensors(linked: string, tensors: readonly Tensor[]): string[] {
  const sizes = new Map<string, number>();
  for (const tensor of tensors) {
    const { place } = tensor;
    if (place.kind === 'inline') checkLength(linked, tensor, place.length);
    if (place.kind !== 'external') continue;
    const file = externalFile(linked, tensor, place.location);
    if (!sizes.has(file)) {
      const found = existsSync(file) ? statSync(file) : undefined;
      if (found?.isFile() !== true) {
        throw new LabError(
          'model-data-missing',
          `${file} is missing; ${tensor.name} should lie in it`,
          'Copy the data file to the graph, under the name that it was exported with.',
        );
      }
      sizes.set(file, found.size);
    }
    const size = sizes.get(file)!;
    const length = place.length ?? size - place.offset;
    if (!Number.isSafeInteger(place.offset) || !Number.isSafeInteger(place.length ?? 0) || place.offset < 0 || (place.length ?? 0) < 0) {
      throw new LabError(
        'model-unreadable',
        `${linked}: ${tensor.name} is said to begin at "${place.offset}" and to be "${place.length}" bytes long`,
        'The file is damaged: copy or export it again.',
      );
    }
    if (place.offset + (place.length ?? 0) > size) {
      throw new LabError(
        'model-data-missing',
        `${file} has ${size} bytes; ${tensor.name} should reach to byte ${place.offset + (place.length ?? 0)}`,
        'The file was cut short: copy it again.',
      );
    }
    checkLength(linked, tensor, length);
  }
  return [...sizes.keys()];
}

/** @throws LabError `model-unreadable` if the location leads out of the folder */
function externalFile(linked: string, tensor: Tensor, location: string): string {
  const folder = path.dirname(linked);
  const file = path.resolve(folder, location);
  if (location === '' || location.includes('\0') || path.relative(folder, file).startsWith('..') || path.isAbsolute(location)) {
    throw new LabError(
      'model-unreadable',
      `${linked}: the weights of ${tensor.name} are said to lie in "${location}", outside the model's folder`,
      'Do not trust this file. A sound export keeps its weights beside the graph.',
    );
  }
  return file;
}

/** @throws LabError `model-unreadable` if the bytes are not as many as the shape asks for */
function checkLength(linked: string, { name, shape, type }: Tensor, length: number): void {
  const bits = elementBits.get(type);
  const values = shape.reduce((product, side) => product * side, 1);
  if (bits === undefined || length === Math.ceil((values * bits) / 8)) return;
  throw new LabError(
    'model-unreadable',
    `${linked}: ${name} has ${length} bytes, but its shape [${shape.join(', ')}] asks for ${Math.ceil((values * bits) / 8)}`,
    'The file is damaged: copy or export it again.',
  );
}

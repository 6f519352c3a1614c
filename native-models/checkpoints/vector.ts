/// <reference lib="es2025.float16" />
/** One vector out of a safetensors file: a direction to steer by. */
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { LabError } from '../../probes/lab-error.ts';
import { readSafetensors, type SafetensorsEntry } from './safetensors.ts';

/** No model is wider; a file that says so holds something else. */
const widest = 1 << 20;

/**
 * @param name of the tensor; a file with one tensor may call it otherwise
 * @returns float32; float16 and bfloat16 are widened exactly
 * @throws LabError `model-not-found`, `model-unreadable`, `usage` if there is no such tensor or it is no vector of numbers
 */
export function readVector(file: string, name: string): Float32Array {
  const absolute = path.resolve(file);
  if (!existsSync(absolute)) throw new LabError('model-not-found', `${absolute} does not exist`, 'Check the path.');
  const { tensors } = readSafetensors(absolute);
  const entry = tensors.get(name) ?? (tensors.size === 1 ? [...tensors.values()][0] : undefined);
  if (entry === undefined)
    throw new LabError('usage', `${absolute} holds no tensor called ${name}`, `It holds: ${[...tensors.keys()].slice(0, 8).join(', ')}.`);
  const values = entry.shape.reduce((product, side) => product * side, 1);
  if (values !== entry.shape.at(-1) || values > widest)
    throw new LabError(
      'usage',
      `${entry.name} in ${absolute} has the shape [${entry.shape.join(', ')}], which is no vector`,
      'Give one direction.',
    );
  return widened(entry, bytesOf(absolute, entry), absolute);
}

function bytesOf(file: string, { offset, length }: SafetensorsEntry): ArrayBuffer {
  const bytes = new Uint8Array(length);
  const descriptor = openSync(file, 'r');
  try {
    for (let done = 0; done < length;) {
      const got = readSync(descriptor, bytes, done, length - done, offset + done);
      if (got === 0) throw new LabError('model-unreadable', `${file} was cut short while it was read`, 'Copy it again.');
      done += got;
    }
  } finally {
    closeSync(descriptor);
  }
  return bytes.buffer;
}

function widened({ dtype, name }: SafetensorsEntry, bytes: ArrayBuffer, file: string): Float32Array {
  switch (dtype) {
    case 'F32':
      return new Float32Array(bytes);
    case 'F64':
      return Float32Array.from(new Float64Array(bytes));
    case 'F16':
      return Float32Array.from(new Float16Array(bytes));
    case 'BF16':
      // bfloat16 is the upper half of a float32.
      return new Float32Array(Uint32Array.from(new Uint16Array(bytes), (bits) => bits << 16).buffer);
    default:
      throw new LabError('usage', `${name} in ${file} is of type ${dtype}`, 'Save the direction as F32 or F16.');
  }
}

/**
 * Reads what a .safetensors file holds without reading its weights: eight bytes of length, a JSON header, then the values.
 * Nothing in the file is believed. Source: "Format" in the README of the safetensors library, and what its version 0.8 accepts.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { LabError } from '../../probes/lab-error.ts';

export interface SafetensorsEntry {
  readonly name: string;
  /** As the file says it: F32, F16, BF16, I64, F8_E4M3 … */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** In bytes from the start of the file. */
  readonly offset: number;
  readonly length: number;
}

export interface SafetensorsHeader {
  /** In the order of the header. */
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  /** `__metadata__`: free text of whoever wrote the file. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** Bits of one value. */
const bits: ReadonlyMap<string, number> = new Map([
  ...['F4'].map((name) => [name, 4] as const),
  ...['F6_E2M3', 'F6_E3M2'].map((name) => [name, 6] as const),
  ...['BOOL', 'U8', 'I8', 'F8_E5M2', 'F8_E4M3', 'F8_E8M0', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ'].map((name) => [name, 8] as const),
  ...['I16', 'U16', 'F16', 'BF16'].map((name) => [name, 16] as const),
  ...['I32', 'U32', 'F32'].map((name) => [name, 32] as const),
  ...['I64', 'U64', 'F64', 'C64'].map((name) => [name, 64] as const),
]);

/** The library's own limit: no header is larger. */
const largestHeader = 100_000_000;
/** The header, a tensor in it, and the tensor's shape. */
const deepest = 3;

class HeaderError extends Error {}

/** @throws LabError `model-unreadable` if the file is cut short, damaged or no safetensors file; the system's error if it cannot be opened */
export function readSafetensors(file: string): SafetensorsHeader {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const lengthField = readBytes(descriptor, 0, 8, size);
    const length = Number(new DataView(lengthField.buffer).getBigUint64(0, true));
    if (length > largestHeader) {
      if (new TextDecoder().decode(lengthField) === 'version ') throw new HeaderError('it is a pointer of Git LFS, not the file itself');
      throw new HeaderError(`its header is said to have ${length} bytes; none has more than ${largestHeader}`);
    }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readBytes(descriptor, 8, length, size));
    return parseHeader(text, 8 + length, size);
  } catch (thrown) {
    if (!(thrown instanceof HeaderError || thrown instanceof SyntaxError || thrown instanceof TypeError)) throw thrown;
    throw new LabError(
      'model-unreadable',
      `${file}: ${thrown.message}`,
      'The file is incomplete or no safetensors file: copy or download it again.',
      { cause: thrown },
    );
  } finally {
    closeSync(descriptor);
  }
}

/** Memory is taken only for bytes that the file has. */
function readBytes(descriptor: number, offset: number, length: number, size: number): Uint8Array<ArrayBuffer> {
  if (offset + length > size) throw new HeaderError(`it has ${size} bytes; its header should reach to byte ${offset + length}`);
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const got = readSync(descriptor, bytes, done, length - done, offset + done);
    if (got === 0) throw new HeaderError(`it ends at byte ${offset + done}`);
    done += got;
  }
  return bytes;
}

/**
 * @param start where the values begin: offsets in the header count from there
 * @throws HeaderError, or SyntaxError where it is no JSON
 */
function parseHeader(text: string, start: number, size: number): SafetensorsHeader {
  checkKeys(text);
  const metadata = new Map<string, string>();
  const tensors = new Map<string, SafetensorsEntry>();
  for (const [name, value] of Object.entries(objectOf(JSON.parse(text), 'its header'))) {
    if (name !== '__metadata__') {
      tensors.set(name, parseEntry(name, objectOf(value, `the entry of ${name}`), start, size));
      continue;
    }
    // The library takes a null for no metadata.
    for (const [key, said] of Object.entries(objectOf(value ?? {}, 'its metadata'))) {
      if (typeof said !== 'string') throw new HeaderError(`its metadata "${key}" is no text`);
      metadata.set(key, said);
    }
  }
  checkCover(tensors.values(), start, size);
  return { tensors, metadata };
}

function parseEntry(name: string, entry: Record<string, unknown>, start: number, size: number): SafetensorsEntry {
  const { dtype, shape, data_offsets: offsets } = entry;
  const width = typeof dtype === 'string' ? bits.get(dtype) : undefined;
  if (typeof dtype !== 'string' || width === undefined) throw new HeaderError(`${name} is of the unknown type ${JSON.stringify(dtype)}`);
  if (!isSizes(shape)) throw new HeaderError(`${name} has no sound shape`);
  if (!isSizes(offsets) || offsets.length !== 2) throw new HeaderError(`${name} has no sound place`);
  const [begin, end] = offsets as [number, number];
  const length = (shape.reduce((product, side) => product * side, 1) * width) / 8;
  // A product beyond 2^53 is not exact, but then far beyond any file too.
  if (end - begin !== length)
    throw new HeaderError(`${name} lies at bytes ${begin} to ${end}; ${dtype} [${shape.join(', ')}] takes ${length} bytes`);
  if (start + end > size) throw new HeaderError(`it has ${size} bytes; ${name} should reach to byte ${start + end}`);
  return { name, dtype, shape, offset: start + begin, length };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new HeaderError(`${what} is no JSON object`);
}

/** The format's rule: the tensors cover the values from the first byte to the last, without holes and without sharing any. */
function checkCover(tensors: Iterable<SafetensorsEntry>, start: number, size: number): void {
  let at = start;
  for (const { name, offset, length } of [...tensors].sort((left, right) => left.offset - right.offset || left.length - right.length)) {
    if (offset !== at) throw new HeaderError(`${name} begins at byte ${offset}, but the tensor before it ends at byte ${at}`);
    at += length;
  }
  if (at !== size) throw new HeaderError(`it has ${size} bytes; its tensors end at byte ${at}`);
}

/** JSON.parse keeps the last of two equal keys, and builds whatever is nested: both are refused before it is asked. */
function checkKeys(text: string): void {
  /** The keys so far of each object that is open; null for an array. */
  const open: (Set<string> | null)[] = [];
  let keyNext = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' || character === '[') {
      if (open.length === deepest) throw new HeaderError('its header is nested too deeply');
      keyNext = character === '{';
      open.push(keyNext ? new Set() : null);
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === ',') {
      keyNext = open.at(-1) != null;
    } else if (character === '"') {
      const end = closingQuote(text, at);
      const keys = open.at(-1);
      if (keyNext && keys != null) {
        const written = text.slice(at + 1, end);
        const key = written.includes('\\') ? (JSON.parse(`"${written}"`) as string) : written;
        if (keys.has(key)) throw new HeaderError(`its header has the key "${key}" twice`);
        keys.add(key);
      }
      keyNext = false;
      at = end;
    }
  }
}

function closingQuote(text: string, opening: number): number {
  for (let at = opening + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at;
  }
  throw new HeaderError('its header ends within a text');
}

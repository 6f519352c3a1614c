/// <reference lib="es2025.float16" />
/**
 * Writes .safetensors files row by row: values go to the disk as they come, and the file appears under its name when it is whole.
 * Format: see `safetensors.ts`. Values are little-endian, as every machine is that the lab runs on.
 */
import { closeSync, existsSync, fsyncSync, linkSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { LabError } from '../../probes/lab-error.ts';

/** A tensor of shape [rows, ...rowShape]. */
export interface RowTensor {
  readonly name: string;
  readonly dtype: 'F32' | 'F16';
  readonly rowShape: readonly number[];
  /** Null where only the end will tell: then each tensor is first written to a file of its own. */
  readonly rows: number | null;
}

export interface WrittenFile {
  readonly path: string;
  readonly bytes: number;
  /** Finite values that are beyond float16 (65504) and became infinite. */
  readonly overflows: number;
}

interface Column {
  readonly tensor: RowTensor;
  /** Values in a row. */
  readonly width: number;
  readonly bytesPerValue: 4 | 2;
  /** The file that its rows go to, and where in it they begin. */
  readonly descriptor: number;
  readonly start: number;
  written: number;
}

/** Values converted, and bytes copied, at once. */
const blockValues = 1 << 16;
const blockBytes = 1 << 20;

export class SafetensorsWriter {
  readonly #target: string;
  readonly #metadata: Readonly<Record<string, string>>;
  readonly #columns = new Map<string, Column>();
  /** Files that are still open, by name; the first is the one that becomes the target. */
  readonly #open = new Map<string, number>();
  readonly #half = new Float16Array(blockValues);
  #overflows = 0;

  /**
   * @param file must not exist
   * @param metadata free text for the reader of the file
   * @throws LabError `file-exists`, `file-unwritable`
   */
  constructor(file: string, tensors: readonly RowTensor[], metadata: Readonly<Record<string, string>> = {}) {
    this.#target = path.resolve(file);
    this.#metadata = metadata;
    if (existsSync(this.#target)) throw exists(this.#target);
    if (new Set(tensors.map(({ name }) => name)).size < tensors.length) throw new RangeError('two tensors have the same name');
    // Wider values first, so that each lies at a multiple of its size.
    const ordered = [...tensors.filter(({ dtype }) => dtype === 'F32'), ...tensors.filter(({ dtype }) => dtype === 'F16')];
    try {
      const main = this.#create('partial');
      const known = ordered.every(({ rows }) => rows !== null);
      const header = known ? encodeHeader(ordered, metadata) : new Uint8Array(0);
      writeAll(main, header, 0);
      let start = header.length;
      ordered.forEach((tensor, index) => {
        const width = tensor.rowShape.reduce((product, side) => product * side, 1);
        const bytesPerValue = tensor.dtype === 'F32' ? 4 : 2;
        const place = known ? { descriptor: main, start } : { descriptor: this.#create(`${index}.partial`), start: 0 };
        this.#columns.set(tensor.name, { tensor, width, bytesPerValue, ...place, written: 0 });
        start += (tensor.rows ?? 0) * width * bytesPerValue;
      });
    } catch (thrown) {
      this.discard();
      throw unwritable(this.#target, thrown);
    }
  }

  /**
   * Adds rows at the end of a tensor.
   * @param values whole rows
   * @throws LabError `disk-full`, `file-unwritable`; RangeError for values that are no whole rows, or more rows than were announced
   */
  append(name: string, values: Float32Array): void {
    const column = this.#columns.get(name);
    if (column === undefined) throw new RangeError(`no tensor ${name} was announced`);
    const { width, bytesPerValue, descriptor, tensor } = column;
    const rows = width === 0 ? 0 : values.length / width;
    if (!Number.isInteger(rows)) throw new RangeError(`${values.length} values are no whole rows of ${width} for ${name}`);
    if (column.written + rows > (tensor.rows ?? Infinity)) throw new RangeError(`more than ${tensor.rows} rows for ${name}`);
    const at = column.start + column.written * width * bytesPerValue;
    try {
      if (tensor.dtype === 'F32') writeAll(descriptor, new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
      else this.#writeHalf(descriptor, values, at);
    } catch (thrown) {
      throw unwritable(this.#target, thrown);
    }
    column.written += rows;
  }

  /**
   * Gives the file its name. Nothing is left but that file, whether it succeeds or not.
   * @throws LabError `file-exists`, `disk-full`, `file-unwritable`; RangeError if rows are missing that were announced
   */
  finish(): WrittenFile {
    try {
      const columns = [...this.#columns.values()];
      const short = columns.find(({ tensor, written }) => tensor.rows !== null && written !== tensor.rows);
      if (short !== undefined) throw new RangeError(`${short.written} of ${short.tensor.rows} rows were given for ${short.tensor.name}`);
      const [temporary, main] = [...this.#open][0]!;
      const tensors = columns.map(({ tensor, written }) => ({ ...tensor, rows: written }));
      let at = encodeHeader(tensors, this.#metadata).length;
      if (columns.some(({ descriptor }) => descriptor !== main)) writeAll(main, encodeHeader(tensors, this.#metadata), 0);
      for (const { descriptor, written, width, bytesPerValue } of columns) {
        const length = written * width * bytesPerValue;
        if (descriptor !== main) copy(descriptor, main, at, length);
        at += length;
      }
      fsyncSync(main);
      publish(temporary, this.#target);
      return { path: this.#target, bytes: at, overflows: this.#overflows };
    } catch (thrown) {
      throw unwritable(this.#target, thrown);
    } finally {
      this.discard();
    }
  }

  /** Removes what was written, unless it has its name already. */
  discard(): void {
    for (const [file, descriptor] of this.#open) {
      closeSync(descriptor);
      rmSync(file, { force: true });
    }
    this.#open.clear();
  }

  #create(ending: string): number {
    const file = `${this.#target}.${process.pid}.${ending}`;
    const descriptor = openSync(file, 'wx+');
    this.#open.set(file, descriptor);
    return descriptor;
  }

  /** Float16Array rounds to the nearest, ties to even, as IEEE 754 asks. */
  #writeHalf(descriptor: number, values: Float32Array, at: number): void {
    for (let from = 0; from < values.length; from += blockValues) {
      const part = values.subarray(from, from + blockValues);
      this.#half.set(part);
      for (let index = 0; index < part.length; index++)
        if (!Number.isFinite(this.#half[index]!) && Number.isFinite(part[index]!)) this.#overflows += 1;
      writeAll(descriptor, new Uint8Array(this.#half.buffer, 0, part.length * 2), at + from * 2);
    }
  }
}

/** Length and JSON, padded with spaces so that the values begin at a multiple of eight bytes. */
function encodeHeader(tensors: readonly RowTensor[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const entries: [string, unknown][] = Object.keys(metadata).length === 0 ? [] : [['__metadata__', metadata]];
  let at = 0;
  for (const { name, dtype, rowShape, rows } of tensors) {
    const shape = [rows!, ...rowShape];
    const end = at + shape.reduce((product, side) => product * side, 1) * (dtype === 'F32' ? 4 : 2);
    entries.push([name, { dtype, shape, data_offsets: [at, end] }]);
    at = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const header = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);
  return header;
}

function writeAll(descriptor: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done, bytes.length - done, at + done);
}

function copy(from: number, to: number, at: number, length: number): void {
  const block = new Uint8Array(Math.min(blockBytes, length));
  for (let done = 0; done < length;) {
    const got = readSync(from, block, 0, Math.min(block.length, length - done), done);
    if (got === 0) throw new RangeError('a file that was being written has been cut short');
    writeAll(to, block.subarray(0, got), at + done);
    done += got;
  }
}

/** A link fails where the name was taken meanwhile, which a rename would replace; some disks have no links. */
function publish(temporary: string, target: string): void {
  try {
    linkSync(temporary, target);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST' || existsSync(target)) throw exists(target);
    renameSync(temporary, target);
  }
}

function exists(target: string): LabError {
  return new LabError('file-exists', `${target} exists`, 'Choose another name; nothing was written.');
}

/** @returns the error to throw: the lab's own for what the system refused, any other as it is */
function unwritable(target: string, thrown: unknown): unknown {
  if (!(thrown instanceof Error) || !('syscall' in thrown) || !('code' in thrown)) return thrown;
  if (thrown.code === 'ENOSPC')
    return new LabError(
      'disk-full',
      `${target}: no space is left`,
      'Free some space or choose another disk; the partial file was removed.',
      { cause: thrown },
    );
  return new LabError(
    'file-unwritable',
    `${target} cannot be written: ${thrown.message}`,
    'Choose a folder that exists and that you may write to.',
    { cause: thrown },
  );
}

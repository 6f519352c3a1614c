/** Random access to the bytes of a model file, so that gigabytes of weights are stepped over and never read. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

export interface ByteSource {
  readonly size: number;
  /** @returns the bytes [offset, offset + length), all of them: callers check bounds first */
  bytes(offset: number, length: number): Uint8Array;
}

const windowSize = 1 << 16;

/** Reads a file through one small window, which suits a parser that goes forward in short steps. */
export class FileSource implements ByteSource {
  readonly size: number;
  readonly #descriptor: number;
  #window: Uint8Array = new Uint8Array(0);
  #start = 0;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'r');
    this.size = fstatSync(this.#descriptor).size;
  }

  bytes(offset: number, length: number): Uint8Array {
    if (length > windowSize) return this.#read(offset, length);
    if (offset < this.#start || offset + length > this.#start + this.#window.length) {
      this.#window = this.#read(offset, Math.min(windowSize, this.size - offset));
      this.#start = offset;
    }
    return this.#window.subarray(offset - this.#start, offset - this.#start + length);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const got = readSync(this.#descriptor, bytes, done, length - done, offset + done);
      if (got === 0) throw new RangeError(`the file ends at byte ${offset + done}`);
      done += got;
    }
    return bytes;
  }
}

/** Bytes in memory. Those cut from a file keep the offsets that they had there: `start` is where in the file they began. */
export class MemorySource implements ByteSource {
  readonly size: number;
  readonly #bytes: Uint8Array;
  readonly #start: number;

  constructor(bytes: Uint8Array, start = 0) {
    this.#bytes = bytes;
    this.#start = start;
    this.size = start + bytes.length;
  }

  bytes(offset: number, length: number): Uint8Array {
    return this.#bytes.subarray(offset - this.#start, offset - this.#start + length);
  }
}

/**
 * The protobuf wire format, read in place and written in parts.
 * Source: "Encoding" in the Protocol Buffers documentation. Field numbers live in `read.ts` and `write.ts`.
 */
import type { ByteSource } from './source.ts';

export const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** One field of a message: where its value lies, without having read it. */
export interface WireField {
  readonly number: number;
  readonly type: number;
  /** Offset of the tag, for copying the field whole. */
  readonly start: number;
  readonly offset: number;
  readonly length: number;
}

export class WireError extends Error {}

/** Reads a base-128 varint of at most ten bytes as an unsigned 64-bit number; @returns value and the offset behind it */
function readVarint(source: ByteSource, offset: number, end: number): { value: bigint; next: number } {
  const bytes = source.bytes(offset, Math.min(10, end - offset));
  let value = 0n;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!;
    value |= BigInt(byte & 127) << BigInt(7 * index);
    if (byte < 128) return { value: BigInt.asUintN(64, value), next: offset + index + 1 };
  }
  throw new WireError(`a number at byte ${offset} does not end`);
}

/**
 * Steps through the fields of a message.
 * @throws WireError where a field reaches beyond the message: nothing is read or allocated on the word of a length field
 */
export function* fieldsOf(source: ByteSource, start: number, end: number): Generator<WireField> {
  let at = start;
  while (at < end) {
    const tag = readVarint(source, at, end);
    const number = Number(tag.value >> 3n);
    const type = Number(tag.value & 7n);
    let offset = tag.next;
    let length: number;
    switch (type) {
      case wireType.varint:
        length = readVarint(source, offset, end).next - offset;
        break;
      case wireType.fixed64:
        length = 8;
        break;
      case wireType.fixed32:
        length = 4;
        break;
      case wireType.bytes: {
        const prefix = readVarint(source, offset, end);
        offset = prefix.next;
        length = Number(prefix.value);
        break;
      }
      default:
        throw new WireError(`byte ${at} starts no known kind of field (${type})`);
    }
    if (number === 0 || offset + length > end)
      throw new WireError(`the field at byte ${at} reaches to byte ${offset + length}, beyond its end at ${end}`);
    yield { number, type, start: at, offset, length };
    at = offset + length;
  }
}

const decoder = new TextDecoder();

export function textOf(source: ByteSource, field: WireField): string {
  return decoder.decode(source.bytes(field.offset, field.length));
}

/** @throws WireError if the field is not four bytes long */
export function floatOf(source: ByteSource, field: WireField): number {
  if (field.type !== wireType.fixed32) throw new WireError(`the field at byte ${field.start} is no float`);
  const bytes = source.bytes(field.offset, 4);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);
}

/** A signed 64-bit varint. */
export function integerOf(source: ByteSource, field: WireField): bigint {
  return BigInt.asIntN(64, readVarint(source, field.offset, field.offset + field.length).value);
}

/** Repeated integers, in packed and in unpacked form alike. */
export function integersOf(source: ByteSource, field: WireField): bigint[] {
  if (field.type === wireType.varint) return [integerOf(source, field)];
  const values: bigint[] = [];
  const end = field.offset + field.length;
  for (let at = field.offset; at < end;) {
    const { value, next } = readVarint(source, at, end);
    values.push(BigInt.asIntN(64, value));
    at = next;
  }
  return values;
}

/** Collects the parts of a message; nested messages are lists of parts, so nothing is copied until `finish`. */
export class WireWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  raw(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }

  integer(number: number, value: number | bigint): this {
    return this.raw(varint(BigInt(number) << 3n)).raw(varint(BigInt(value)));
  }

  float(number: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.raw(varint((BigInt(number) << 3n) | 5n)).raw(bytes);
  }

  bytes(number: number, value: Uint8Array): this {
    return this.raw(varint((BigInt(number) << 3n) | 2n))
      .raw(varint(BigInt(value.length)))
      .raw(value);
  }

  text(number: number, value: string): this {
    return this.bytes(number, new TextEncoder().encode(value));
  }

  message(number: number, value: WireWriter): this {
    this.raw(varint((BigInt(number) << 3n) | 2n)).raw(varint(BigInt(value.#length)));
    for (const part of value.#parts) this.raw(part);
    return this;
  }

  finish(): Uint8Array {
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

function varint(value: bigint): Uint8Array {
  let rest = BigInt.asUintN(64, value);
  const bytes: number[] = [];
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 128);
  } while (rest !== 0n);
  return Uint8Array.from(bytes);
}

/**
 * Files of Karpathy's llama2.c: a model (legacy export, version 0: `legacy_export` in export.py, `memory_map_weights` in run.c)
 * and its tokenizer (`tokenizer.py`, `build_tokenizer` in run.c). For tests that need a small model that was really trained.
 */
import { readFileSync } from 'node:fs';

export interface Llama2cSizes {
  readonly width: number;
  readonly inner: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly vocabulary: number;
  readonly positions: number;
}

/** Matrices are stored row by row, one row for each output. Those of all layers follow one another. */
export interface Llama2cModel extends Llama2cSizes {
  readonly embedding: Float32Array;
  readonly attentionNorm: Float32Array;
  readonly query: Float32Array;
  readonly key: Float32Array;
  readonly value: Float32Array;
  readonly output: Float32Array;
  readonly feedForwardNorm: Float32Array;
  readonly gate: Float32Array;
  readonly down: Float32Array;
  readonly up: Float32Array;
  readonly finalNorm: Float32Array;
  /** The embedding itself where the two are shared. */
  readonly classifier: Float32Array;
}

export function readLlama2c(file: string): Llama2cModel {
  const { buffer } = new Uint8Array(readFileSync(file));
  const [width = 0, inner = 0, layers = 0, heads = 0, keyValueHeads = 0, signedVocabulary = 0, positions = 0] = new Int32Array(
    buffer,
    0,
    7,
  );
  // A negative size says that the classifier has weights of its own.
  const vocabulary = Math.abs(signedVocabulary);
  const size = width / heads;
  let at = 7 * 4;
  const take = (count: number): Float32Array => {
    const values = new Float32Array(buffer, at, count);
    at += count * 4;
    return values;
  };
  const embedding = take(vocabulary * width);
  const attentionNorm = take(layers * width);
  const query = take(layers * width * width);
  const key = take(layers * keyValueHeads * size * width);
  const value = take(layers * keyValueHeads * size * width);
  const output = take(layers * width * width);
  const feedForwardNorm = take(layers * width);
  const gate = take(layers * inner * width);
  const down = take(layers * width * inner);
  const up = take(layers * inner * width);
  const finalNorm = take(width);
  take(positions * size); // Tables of cosines and sines, which run.c does not use any more.
  const classifier = signedVocabulary > 0 ? embedding : take(vocabulary * width);
  if (at !== buffer.byteLength) throw new RangeError(`${file} has ${buffer.byteLength} bytes; its header promises ${at}`);
  const sizes = { width, inner, layers, heads, keyValueHeads, vocabulary, positions };
  const attention = { attentionNorm, query, key, value, output };
  return { ...sizes, embedding, ...attention, feedForwardNorm, gate, down, up, finalNorm, classifier };
}

/** One piece of text for each token; of two neighbours whose joined text is a piece, those with the greatest score are joined first. */
export interface Llama2cPiece {
  readonly text: string;
  readonly score: number;
}

export function readLlama2cPieces(file: string, vocabulary: number): Llama2cPiece[] {
  const bytes = readFileSync(file);
  const pieces: Llama2cPiece[] = [];
  let at = 4; // The length of the longest piece.
  while (pieces.length < vocabulary) {
    const score = bytes.readFloatLE(at);
    const length = bytes.readInt32LE(at + 4);
    pieces.push({ text: bytes.toString('utf8', at + 8, at + 8 + length), score });
    at += 8 + length;
  }
  if (at !== bytes.length) throw new RangeError(`${file} has ${bytes.length} bytes; ${vocabulary} pieces take ${at}`);
  return pieces;
}

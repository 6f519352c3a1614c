/**
 * llama2.c in TypeScript: run.c's `forward`, `encode` and `decode`, one token at a time, in plain loops of double precision.
 * An oracle that shares nothing with the graphs that the lab builds.
 */
import type { Llama2cModel, Llama2cPiece } from './llama2c-file.ts';

/** Ids of run.c: a text begins with this token, which also separates stories. */
export const beginToken = 1;
const firstByteToken = 3;

/** Token by token, as run.c keeps it: all keys and values so far, of every layer. */
export class Llama2c {
  readonly #model: Llama2cModel;
  readonly #keys: Float64Array[][];
  readonly #values: Float64Array[][];

  constructor(model: Llama2cModel) {
    this.#model = model;
    this.#keys = Array.from({ length: model.layers }, () => []);
    this.#values = Array.from({ length: model.layers }, () => []);
  }

  /** @returns logits for the token behind this one */
  forward(token: number): Float64Array {
    const model = this.#model;
    const { width, inner, heads, keyValueHeads } = model;
    const keyValueWidth = (width / heads) * keyValueHeads;
    const x = Float64Array.from(model.embedding.subarray(token * width, (token + 1) * width));
    for (let layer = 0; layer < model.layers; layer++) {
      const part = (weights: Float32Array, count: number): Float32Array => weights.subarray(layer * count, (layer + 1) * count);
      const attentionIn = rmsNorm(x, part(model.attentionNorm, width));
      const query = multiply(part(model.query, width * width), attentionIn);
      const key = multiply(part(model.key, keyValueWidth * width), attentionIn);
      const value = multiply(part(model.value, keyValueWidth * width), attentionIn);
      const position = this.#keys[layer]!.length;
      rotate(query, position, width / heads);
      rotate(key, position, width / heads);
      this.#keys[layer]!.push(key);
      this.#values[layer]!.push(value);
      const mixed = attention(query, this.#keys[layer]!, this.#values[layer]!, heads, keyValueHeads);
      add(x, multiply(part(model.output, width * width), mixed));

      const feedForwardIn = rmsNorm(x, part(model.feedForwardNorm, width));
      const gate = multiply(part(model.gate, inner * width), feedForwardIn);
      const up = multiply(part(model.up, inner * width), feedForwardIn);
      const gated = gate.map((value, index) => (value / (1 + Math.exp(-value))) * up[index]!);
      add(x, multiply(part(model.down, width * inner), gated));
    }
    return multiply(model.classifier, rmsNorm(x, model.finalNorm));
  }
}

/** The tokens that greedy decoding adds to a prompt, up to a number of them or the token that separates stories. */
export function greedyTokens(model: Llama2cModel, prompt: readonly number[], count: number): number[] {
  const state = new Llama2c(model);
  let logits: ArrayLike<number> = [];
  for (const token of prompt) logits = state.forward(token);
  const tokens: number[] = [];
  while (tokens.length < count) {
    const next = Array.from(logits).indexOf(Math.max(...Array.from(logits)));
    if (next === beginToken) break;
    tokens.push(next);
    logits = state.forward(next);
  }
  return tokens;
}

function rmsNorm(x: Float64Array, weight: Float32Array): Float64Array {
  let squares = 0;
  for (const value of x) squares += value * value;
  const scale = 1 / Math.sqrt(squares / x.length + 1e-5);
  return x.map((value, index) => weight[index]! * value * scale);
}

function multiply(matrix: Float32Array, x: Float64Array): Float64Array {
  const out = new Float64Array(matrix.length / x.length);
  for (let row = 0; row < out.length; row++) {
    let sum = 0;
    for (let column = 0; column < x.length; column++) sum += matrix[row * x.length + column]! * x[column]!;
    out[row] = sum;
  }
  return out;
}

function add(x: Float64Array, other: Float64Array): void {
  for (let index = 0; index < x.length; index++) x[index]! += other[index]!;
}

/** Turns neighbours (0, 1), (2, 3) … of each head. */
function rotate(x: Float64Array, position: number, size: number): void {
  for (let index = 0; index < x.length; index += 2) {
    const angle = position / 10000 ** ((index % size) / size);
    const [a, b] = [x[index]!, x[index + 1]!];
    x[index] = a * Math.cos(angle) - b * Math.sin(angle);
    x[index + 1] = a * Math.sin(angle) + b * Math.cos(angle);
  }
}

function attention(
  query: Float64Array,
  keys: readonly Float64Array[],
  values: readonly Float64Array[],
  heads: number,
  keyValueHeads: number,
): Float64Array {
  const size = query.length / heads;
  const out = new Float64Array(query.length);
  for (let head = 0; head < heads; head++) {
    const shared = Math.floor(head / (heads / keyValueHeads)) * size;
    const scores = keys.map((key) => {
      let sum = 0;
      for (let index = 0; index < size; index++) sum += query[head * size + index]! * key[shared + index]!;
      return sum / Math.sqrt(size);
    });
    const largest = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - largest));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    weights.forEach((weight, at) => {
      for (let index = 0; index < size; index++) out[head * size + index]! += (weight / total) * values[at]![shared + index]!;
    });
  }
  return out;
}

/** run.c's `encode`: characters, a space before the first, joined pair by pair, always the pair of the best piece, the first of equals. */
export function encode(pieces: readonly Llama2cPiece[], text: string): number[] {
  const ids = new Map(pieces.map((piece, id) => [piece.text, id]));
  const tokens = [beginToken];
  if (text !== '') tokens.push(ids.get(' ')!);
  for (const character of text) {
    const id = ids.get(character);
    if (id === undefined) tokens.push(...Array.from(Buffer.from(character), (byte) => byte + firstByteToken));
    else tokens.push(id);
  }
  for (;;) {
    let best = -1;
    let bestScore = -1e10;
    for (let at = 0; at + 1 < tokens.length; at++) {
      const joined = ids.get(pieces[tokens[at]!]!.text + pieces[tokens[at + 1]!]!.text);
      if (joined === undefined || pieces[joined]!.score <= bestScore) continue;
      best = at;
      bestScore = pieces[joined]!.score;
    }
    if (best < 0) return tokens;
    tokens.splice(best, 2, ids.get(pieces[tokens[best]!]!.text + pieces[tokens[best + 1]!]!.text)!);
  }
}

/** run.c's `decode`, token by token: the space behind the first token of all is left out. */
export function decode(pieces: readonly Llama2cPiece[], tokens: readonly number[]): string {
  const bytes = tokens.flatMap((token, at) => {
    const { text } = pieces[token]!;
    if (token === beginToken) return [];
    if (token >= firstByteToken && token < firstByteToken + 256) return [token - firstByteToken];
    return [...Buffer.from(tokens[at - 1] === beginToken && text.startsWith(' ') ? text.slice(1) : text)];
  });
  return Buffer.from(bytes).toString('utf8');
}

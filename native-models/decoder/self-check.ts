/// <reference lib="es2025.float16" />
/**
 * What the lab makes sure of when it opens a model, before any number is believed: that the graph it cut and instrumented computes what
 * the file computes, that an edit of nothing changes nothing, that an edit of something reaches the answer, and that answers do not
 * depend on padding or on reusing a cache.
 */
import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { LabError } from '../../probes/lab-error.ts';
import { unfuseSums } from '../graph/unfuse.ts';
import { editNames, names } from '../graph/names.ts';
import type { OpenedModel } from '../opened.ts';
import type { CompiledEdits } from './edits.ts';
import { noPast, type Feeds } from './inputs.ts';
import { joined, wanted, type Decoder } from './step.ts';

export interface CheckLine {
  readonly name: 'plain-graph' | 'optimisation' | 'zero-edit' | 'edit-reaches' | 'padding' | 'cache';
  /** Largest difference of a logit, as a share of the largest logit; for `edit-reaches` the smallest change over all points. */
  readonly difference: number | null;
  /** What it must not exceed (must exceed, for `edit-reaches`); null where the value is only reported. */
  readonly limit: number | null;
  readonly passed: boolean;
  /** What was compared, and what follows if it is not as it should be. */
  readonly about: string;
}

export interface SelfCheck {
  readonly passed: boolean;
  /** Tokens that it was done with. */
  readonly tokens: number;
  readonly lines: readonly CheckLine[];
  /** Whether answers are the same in a batch; where not (dynamic quantisation), each text is run alone. */
  readonly batches: boolean;
  /** Whether several tokens can follow a cache, with the same answers; where not, each text is run whole. */
  readonly pieces: boolean;
}

/** Rounding of the type that most weights have; quantised graphs round to 8 bits at places that depend on what is fused. */
const tolerances: Readonly<Record<string, number>> = { float32: 1e-4, bfloat16: 1e-4, float16: 2e-2 };
const quantisedTolerance = 0.1;
/** Beyond this, a batch or a shared prefix changes the answer by more than rounding of the sums. */
const batchTolerance: Readonly<Record<string, number>> = { float16: 1e-2 };

export interface CheckParts {
  readonly opened: OpenedModel;
  readonly decoder: Decoder;
  /** Edits of all residual hooks with nothing in them; null where the model has no residual stream. */
  readonly nothing: CompiledEdits | null;
  /** Opens the graph as the file has it. */
  readonly plainSession: (optimised: boolean) => Promise<InferenceSession>;
  /** Whether the device repeats a sum bit for bit. */
  readonly exact: boolean;
}

/**
 * @param sample tokens of some text, four at least
 * @throws LabError `self-check-failed` naming what differs and by how much
 */
export async function selfCheck(parts: CheckParts, sample: readonly number[]): Promise<SelfCheck> {
  const { decoder, opened } = parts;
  const tolerance = tolerances[opened.dtype] ?? quantisedTolerance;
  const lines: CheckLine[] = [];
  const add = (name: CheckLine['name'], difference: number, limit: number, about: string): number => {
    lines.push({ name, difference, limit, passed: difference <= limit, about });
    return difference;
  };
  const plain = await plainLogits(parts, sample, true);
  const ours = await logitsOf(decoder, [sample], noPast, null);
  add('plain-graph', distance(ours, plain), tolerance, "the lab's graph against the graph of the file, all positions");
  add(
    'optimisation',
    distance(await plainLogits(parts, sample, false), plain),
    tolerance,
    "the file's graph without and with ONNX Runtime's optimisations",
  );
  if (parts.nothing !== null) {
    add(
      'zero-edit',
      distance(await logitsOf(decoder, [sample], noPast, parts.nothing), ours),
      isIdentity(parts) ? 0 : tolerance,
      'an edit of nothing at every point of the residual stream',
    );
    const reach = await smallestReach(decoder, sample, parts.nothing);
    lines.push({
      name: 'edit-reaches',
      difference: reach,
      limit: 0,
      passed: reach > 0,
      about: 'the state turned around at one point after the other: smallest change',
    });
  }
  const limit = batchTolerance[opened.dtype] ?? 1e-4;
  const padding = await checkPadding(decoder, sample, ours, limit);
  const cache = decoder.inputs.hasCache ? await checkCache(decoder, sample, ours, limit) : null;
  const passed = lines.every((line) => line.passed);
  if (!passed) throw failure(opened, lines);
  return {
    passed,
    tokens: sample.length,
    lines: [...lines, padding, ...(cache === null ? [] : [cache.line])],
    batches: padding.passed,
    pieces: cache !== null && cache.atOnce && cache.line.passed,
  };
}

/** Whether an edit of nothing must be the identity bit for bit: a fused norm that is taken apart for it rounds otherwise. */
function isIdentity({ exact, nothing, opened }: CheckParts): boolean {
  const { graph } = opened.model;
  return exact && unfuseSums(graph, new Set(nothing?.points.map(({ tensor }) => tensor))) === graph;
}

function failure(opened: OpenedModel, lines: readonly CheckLine[]): LabError {
  const found = lines
    .filter((line) => !line.passed)
    .map((line) => `${line.name}: ${line.about}: ${format(line.difference)}, at most ${format(line.limit)} is sound`);
  return new LabError(
    'self-check-failed',
    `the model in ${opened.folder} does not pass the lab's check of itself. ${found.join('; ')}`,
    'No number of this model could be trusted. Export it again, or take another variant; if it still fails, the lab misreads its graph: please report the architecture.',
  );
}

function format(value: number | null): string {
  return value === null || Number.isNaN(value) ? 'not a number' : value.toExponential(1);
}

async function plainLogits(
  { opened, decoder, plainSession }: CheckParts,
  sample: readonly number[],
  optimised: boolean,
): Promise<Float32Array> {
  const session = await plainSession(optimised);
  try {
    const output = (await session.run(wanted(session, decoder.inputs.rows([sample])), [opened.output]))[opened.output]!;
    return floatsOf(output);
  } finally {
    await session.release();
  }
}

/** 16-bit floats come as their bits (`device/float16.ts`). */
function floatsOf({ type, data }: Tensor): Float32Array {
  if (type !== 'float16') return Float32Array.from(data as Float32Array);
  const bits = data as Uint16Array;
  return Float32Array.from(new Float16Array(bits.buffer, bits.byteOffset, bits.length));
}

async function logitsOf(
  decoder: Decoder,
  rows: readonly (readonly number[])[],
  past: typeof noPast,
  edits: CompiledEdits | null,
): Promise<Float32Array> {
  const slots = rows[0]!.map((_, position) => [0, position] as const);
  return (await decoder.run({ rows, past, slots, targets: [], want: { logits: true }, edits })).logits!;
}

/** Turns the last token's state around at one point in each row of a batch. @returns the smallest change of its logits */
async function smallestReach(decoder: Decoder, sample: readonly number[], nothing: CompiledEdits): Promise<number> {
  const session = await decoder.session(nothing);
  const count = nothing.points.length;
  const rows = Array.from({ length: count + 1 }, () => sample);
  const slots = rows.map((_, row) => [row, sample.length - 1]).flat();
  const feeds: Feeds = {
    ...decoder.inputs.rows(rows),
    ...nothing.feeds(sample.length, 0),
    [names.positions]: new Tensor('int64', BigInt64Array.from(slots, BigInt), [1, rows.length, 2]),
    [names.targets]: new Tensor('int64', new BigInt64Array(0), [0, 3]),
  };
  nothing.points.forEach((_, point) => {
    const scale = new Float32Array(rows.length).fill(1);
    scale[point] = -1;
    feeds[editNames(point).scale] = new Tensor('float32', scale, [rows.length, 1, 1]);
  });
  const logits = (await session.run(wanted(session, feeds), [names.logits]))[names.logits]!.data as Float32Array;
  const vocabulary = logits.length / rows.length;
  const row = (index: number): Float32Array => logits.subarray(index * vocabulary, (index + 1) * vocabulary);
  return Math.min(...nothing.points.map((_, point) => distance(row(point), row(count))));
}

async function checkPadding(decoder: Decoder, sample: readonly number[], alone: Float32Array, limit: number): Promise<CheckLine> {
  const short = sample.slice(0, Math.ceil(sample.length / 2));
  const padded = await logitsOf(decoder, [short, sample], noPast, null);
  const difference = distance(padded, alone.subarray(0, padded.length));
  const about = 'a text alone and padded in a batch; where it differs, each text is run alone';
  return { name: 'padding', difference, limit, passed: difference <= limit, about };
}

/** @returns whether the tokens behind the cache could be run at once; some exports take them one by one only */
async function checkCache(
  decoder: Decoder,
  sample: readonly number[],
  alone: Float32Array,
  limit: number,
): Promise<{ line: CheckLine; atOnce: boolean }> {
  const start = Math.ceil(sample.length / 2);
  const whole = alone.subarray((start * alone.length) / sample.length);
  const past = await decoder.advance(sample.slice(0, start), noPast, null);
  const line = (logits: Float32Array, about: string): CheckLine => {
    const difference = distance(logits, whole);
    return { name: 'cache', difference, limit, passed: difference <= limit, about };
  };
  try {
    const behind = await logitsOf(decoder, [sample.slice(start)], past, null);
    return {
      line: line(behind, 'a text at once and in two parts through the cache; where it differs, each text is run whole'),
      atOnce: true,
    };
  } catch (thrown) {
    if (thrown instanceof LabError) throw thrown;
    const steps: Float32Array[] = [];
    let reached = past;
    for (const token of sample.slice(start)) {
      const reply = await decoder.run({
        rows: [[token]],
        past: reached,
        slots: [[0, 0]],
        targets: [],
        want: { logits: true, past: true },
        edits: null,
      });
      steps.push(reply.logits!);
      reached = reply.past!;
    }
    const about =
      'a text at once and token by token through the cache; the graph takes only one token behind it, so each text is run whole';
    return { line: line(joined(steps), about), atOnce: false };
  }
}

/** Largest difference as a share of the largest value; not a number if any value is none. */
export function distance(left: Float32Array, right: Float32Array): number {
  let most = 0;
  let scale = 0;
  for (let at = 0; at < right.length; at++) {
    const difference = Math.abs(left[at]! - right[at]!);
    if (Number.isNaN(difference)) return NaN;
    if (difference > most) most = difference;
    const size = Math.abs(right[at]!);
    if (size > scale) scale = size;
  }
  return scale === 0 ? most : most / scale;
}

/** Reads hooks while texts run through the model: batched by length, each batch handed on before the next is run. */
import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { names, tapName } from '../graph/names.ts';
import type { TapMode } from '../graph/tap-graph.ts';
import type { Hook } from '../opened.ts';
import type { Budget } from './budget.ts';
import type { CompiledEdits } from './edits.ts';
import type { DecoderInputs, Feeds } from './inputs.ts';
import { wanted } from './step.ts';

export interface ActivationJob {
  readonly tokens: readonly number[];
  /** Absolute positions, rising or not; all tokens where null. With `mean`, the positions that are averaged. */
  readonly positions: readonly number[] | null;
  /** Jobs of one call have edits at the same places: those of their graph. */
  readonly edits: CompiledEdits | null;
}

/** One hook's values for one job: float32, row-major. */
export interface HookRows {
  /** [rows, …]: rows are positions (one for a mean); behind them d_model, [head, d_head], or [head, key] for a pattern. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface ActivationBatch {
  /** Index of each job in the batch. */
  readonly jobs: readonly number[];
  /** By hook, then by job. */
  readonly hooks: readonly (readonly HookRows[])[];
}

/** @throws DOMException `AbortError` between two batches once the signal is set */
export async function* readHooks(
  session: InferenceSession,
  inputs: DecoderInputs,
  hooks: readonly Hook[],
  mode: TapMode,
  jobs: readonly ActivationJob[],
  budget: Budget,
  signal?: AbortSignal,
): AsyncGenerator<ActivationBatch> {
  const order = jobs.map((_, index) => index).sort((left, right) => jobs[left]!.tokens.length - jobs[right]!.tokens.length);
  const taps = hooks.map((_, index) => tapName(index));
  while (order.length > 0) {
    signal?.throwIfAborted();
    let end = 1;
    // Edits differ from job to job where they name positions: only jobs with the same may go together.
    while (
      end < order.length &&
      end < budget.rows &&
      (end + 1) * jobs[order[end]!]!.tokens.length <= budget.tokens &&
      jobs[order[end]!]!.edits === jobs[order[0]!]!.edits
    )
      end++;
    const batch = order.slice(0, end);
    let outputs: Record<string, Tensor>;
    try {
      const feeds = feedsOf(
        inputs,
        mode,
        batch.map((job) => jobs[job]!),
      );
      outputs = await session.run(wanted(session, feeds), taps);
    } catch (thrown) {
      budget.shrink(thrown);
      continue;
    }
    order.splice(0, end);
    yield {
      jobs: batch,
      hooks: hooks.map((hook, index) =>
        split(
          outputs[tapName(index)]!,
          hook,
          mode,
          batch.map((job) => jobs[job]!),
        ),
      ),
    };
  }
}

function feedsOf(inputs: DecoderInputs, mode: TapMode, jobs: readonly ActivationJob[]): Feeds {
  const feeds = inputs.rows(jobs.map((job) => job.tokens));
  const width = Math.max(...jobs.map((job) => job.tokens.length));
  Object.assign(feeds, jobs[0]!.edits?.feeds(width, 0));
  if (mode === 'all') return feeds;
  const read = jobs.map((job) => job.positions ?? job.tokens.map((_, position) => position));
  const positions = read.flatMap((list, row) => list.flatMap((position) => [BigInt(row), BigInt(position)]));
  const count = positions.length / 2;
  feeds[names.positions] = new Tensor('int64', BigInt64Array.from(positions), [1, count, 2]);
  if (mode === 'mean') {
    const weights = new Float32Array(jobs.length * count);
    let at = 0;
    read.forEach((list, row) => {
      weights.fill(1 / list.length, row * count + at, row * count + at + list.length);
      at += list.length;
    });
    feeds[names.weights] = new Tensor('float32', weights, [jobs.length, count]);
  }
  return feeds;
}

/** Cuts a batch's output into its jobs, padding left out. */
function split(output: Tensor, hook: Hook, mode: TapMode, jobs: readonly ActivationJob[]): HookRows[] {
  const data = output.data as Float32Array;
  if (mode === 'mean') {
    const width = data.length / jobs.length;
    return jobs.map((_, row) => ({ shape: [1, width], data: data.slice(row * width, (row + 1) * width) }));
  }
  if (mode === 'rows') {
    const inner = output.dims.slice(2);
    const width = inner.reduce((product, side) => product * side, 1);
    let at = 0;
    return jobs.map((job) => {
      const count = job.positions!.length;
      const rows = data.slice(at * width, (at + count) * width);
      at += count;
      // Keys behind a row's last token are padding.
      return hook.shape === 'pattern'
        ? cutKeys(rows, [count, inner[0]!, inner[1]!], job.tokens.length)
        : { shape: [count, ...inner], data: rows };
    });
  }
  const inner = output.dims.slice(1);
  const width = inner.reduce((product, side) => product * side, 1);
  return jobs.map((job, row) => {
    const own = data.subarray(row * width, (row + 1) * width);
    const tokens = job.tokens.length;
    if (hook.shape === 'pattern') return byQuery(own, inner as [number, number, number], tokens);
    const each = width / inner[0]!;
    return { shape: [tokens, ...inner.slice(1)], data: own.slice(0, tokens * each) };
  });
}

function cutKeys(rows: Float32Array, [count, heads, keys]: readonly [number, number, number], tokens: number): HookRows {
  const data = new Float32Array(count * heads * tokens);
  for (let row = 0; row < count * heads; row++) data.set(rows.subarray(row * keys, row * keys + tokens), row * tokens);
  return { shape: [count, heads, tokens], data };
}

/** [head, query, key] with padding to [query, head, key] without: rows are positions in every hook. */
function byQuery(pattern: Float32Array, [heads, queries, keys]: readonly [number, number, number], tokens: number): HookRows {
  const data = new Float32Array(tokens * heads * tokens);
  for (let head = 0; head < heads; head++)
    for (let query = 0; query < tokens; query++) {
      const from = (head * queries + query) * keys;
      data.set(pattern.subarray(from, from + tokens), (query * heads + head) * tokens);
    }
  return { shape: [tokens, heads, tokens], data };
}

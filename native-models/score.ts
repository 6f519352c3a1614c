/** Log-probabilities of continuations, batched by length, computed inside the graph. */
import { Tensor, type InferenceSession } from 'onnxruntime-node';
import type { DecoderInputs } from './decoder-inputs.ts';
import { names } from './graph/instrument.ts';

/** A continuation of given prompt tokens. */
export interface Job {
  readonly prompt: readonly number[];
  readonly continuation: readonly number[];
}

/** A row of the batch, and which log-probabilities are read from it. */
interface Row {
  readonly tokens: readonly number[];
  /** (position whose next token is scored, that token, where the result goes) */
  readonly reads: { position: number; token: number; job: number; at: number }[];
}

/** Tokens in a batch, padding included: enough to use each weight often, few enough that activations stay in the caches and a stop is quick. */
export const batchTokens = 512;
const batchRows = 64;

/**
 * @returns natural log-probabilities of each job's continuation tokens, in the order of the jobs
 * @throws DOMException `AbortError` between two batches once the signal is set
 */
export async function scoreJobs(
  session: InferenceSession,
  inputs: DecoderInputs,
  jobs: readonly Job[],
  signal?: AbortSignal,
): Promise<Float64Array[]> {
  const results = jobs.map((job) => new Float64Array(job.continuation.length).fill(NaN));
  const rows = rowsOf(jobs).toSorted((left, right) => left.tokens.length - right.tokens.length);
  for (let start = 0; start < rows.length;) {
    signal?.throwIfAborted();
    let end = start + 1;
    while (end < rows.length && end - start < batchRows && (end - start + 1) * rows[end]!.tokens.length <= batchTokens) end++;
    await scoreBatch(session, inputs, rows.slice(start, end), results);
    start = end;
  }
  return results;
}

/** Jobs that need the same forward pass share a row: all one-token answers to a prompt cost one pass together. */
function rowsOf(jobs: readonly Job[]): Row[] {
  const rows = new Map<string, Row>();
  jobs.forEach((job, index) => {
    if (job.continuation.length === 0 || job.prompt.length === 0) return;
    const tokens = [...job.prompt, ...job.continuation.slice(0, -1)];
    const key = tokens.join();
    const row = rows.get(key) ?? { tokens, reads: [] };
    rows.set(key, row);
    job.continuation.forEach((token, at) => row.reads.push({ position: job.prompt.length - 1 + at, token, job: index, at }));
  });
  return [...rows.values()];
}

async function scoreBatch(
  session: InferenceSession,
  inputs: DecoderInputs,
  rows: readonly Row[],
  results: readonly Float64Array[],
): Promise<void> {
  const slots = new Map<string, number>();
  const positions: bigint[] = [];
  const targets: bigint[] = [];
  const reads = rows.flatMap((row, index) => row.reads.map((read) => ({ ...read, row: index })));
  for (const { row, position, token } of reads) {
    const key = `${row}:${position}`;
    let slot = slots.get(key);
    if (slot === undefined) {
      slot = slots.size;
      slots.set(key, slot);
      positions.push(BigInt(row), BigInt(position));
    }
    targets.push(BigInt(slot), BigInt(token));
  }
  const feeds = {
    ...inputs.rows(rows.map((row) => row.tokens)),
    ...inputs.emptyCache(rows.length),
    [names.positions]: new Tensor('int64', BigInt64Array.from(positions), [slots.size, 2]),
    [names.targets]: new Tensor('int64', BigInt64Array.from(targets), [reads.length, 2]),
  };
  const output = await session.run(wanted(session, feeds));
  const logprobs = output[names.logprobs]!.data as Float32Array;
  reads.forEach(({ job, at }, index) => (results[job]![at] = logprobs[index]!));
}

/** Only what the pruned graph still asks for. */
export function wanted(session: InferenceSession, feeds: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  return Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]!]));
}

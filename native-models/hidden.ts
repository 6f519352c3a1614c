/** The residual stream at chosen positions, for rows of tokens batched by length. */
import { Tensor, type InferenceSession } from 'onnxruntime-node';
import type { DecoderInputs } from './decoder-inputs.ts';
import { names } from './graph/instrument.ts';
import { batchTokens, wanted } from './score.ts';

export interface HiddenJob {
  readonly tokens: readonly number[];
  /** Positions from 0; each must be smaller than the number of tokens. */
  readonly positions: readonly number[];
}

/** States of one job: float32 [points, positions, width], row-major. */
export interface HiddenStates {
  readonly data: Float32Array;
  readonly shape: readonly [points: number, positions: number, width: number];
}

/** @throws DOMException `AbortError` between two batches once the signal is set */
export async function hiddenStates(
  session: InferenceSession,
  inputs: DecoderInputs,
  jobs: readonly HiddenJob[],
  signal?: AbortSignal,
): Promise<HiddenStates[]> {
  const results: HiddenStates[] = new Array<HiddenStates>(jobs.length);
  const order = jobs.map((_, index) => index).sort((left, right) => jobs[left]!.tokens.length - jobs[right]!.tokens.length);
  for (let start = 0; start < order.length;) {
    signal?.throwIfAborted();
    let end = start + 1;
    while (end < order.length && (end - start + 1) * jobs[order[end]!]!.tokens.length <= batchTokens) end++;
    const batch = order.slice(start, end);
    const positions = batch.flatMap((job, row) => jobs[job]!.positions.flatMap((position) => [BigInt(row), BigInt(position)]));
    const total = positions.length / 2;
    const feeds = {
      ...inputs.rows(batch.map((job) => jobs[job]!.tokens)),
      ...inputs.emptyCache(batch.length),
      [names.positions]: new Tensor('int64', BigInt64Array.from(positions), [total, 2]),
    };
    const output = (await session.run(wanted(session, feeds)))[names.hidden]!;
    const [rows, width] = output.dims as [number, number];
    const points = rows / total;
    const all = output.data as Float32Array;
    let at = 0;
    for (const job of batch) {
      const count = jobs[job]!.positions.length;
      const data = new Float32Array(points * count * width);
      for (let point = 0; point < points; point++)
        data.set(all.subarray((point * total + at) * width, (point * total + at + count) * width), point * count * width);
      results[job] = { data, shape: [points, count, width] };
      at += count;
    }
    start = end;
  }
  return results;
}

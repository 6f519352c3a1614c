/** The logit lens at chosen positions of one text. */
import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { names } from '../graph/names.ts';
import type { CompiledEdits } from './edits.ts';
import type { DecoderInputs } from './inputs.ts';
import type { Alternative } from './sampling.ts';
import { wanted } from './step.ts';

export interface LensCell {
  /** The most probable next tokens, falling. */
  readonly top: readonly Alternative[];
  /** Natural log-probability of the token that does follow; null behind the last one. */
  readonly next: number | null;
}

/**
 * @param tokens the text; short enough for one forward pass
 * @param positions absolute
 * @param slots positions that the head may take at once, all points of the stream counted
 * @returns cells by point of the stream (before the first block, then behind each), then by position
 */
export async function logitLens(
  session: InferenceSession,
  inputs: DecoderInputs,
  tokens: readonly number[],
  positions: readonly number[],
  points: number,
  slots: number,
  edits: CompiledEdits | null,
  signal?: AbortSignal,
): Promise<LensCell[][]> {
  const cells: LensCell[][] = Array.from({ length: points }, () => []);
  const atOnce = Math.max(1, Math.floor(slots / points));
  for (let start = 0; start < positions.length; start += atOnce) {
    signal?.throwIfAborted();
    const part = positions.slice(start, start + atOnce);
    const targets = cells.flatMap((_, point) => part.map((position, at) => [0, point * part.length + at, tokens[position + 1] ?? 0]));
    const outputs = await session.run(
      wanted(session, {
        ...inputs.rows([tokens]),
        ...edits?.feeds(tokens.length, 0),
        [names.positions]: new Tensor(
          'int64',
          BigInt64Array.from(
            part.flatMap((position) => [0, position]),
            BigInt,
          ),
          [1, part.length, 2],
        ),
        [names.targets]: new Tensor('int64', BigInt64Array.from(targets.flat(), BigInt), [targets.length, 3]),
      }),
      [names.lensLogprobs, names.lensTokens, names.logprobs],
    );
    const logprobs = outputs[names.lensLogprobs]!.data as Float32Array;
    const best = outputs[names.lensTokens]!.data as BigInt64Array;
    const next = outputs[names.logprobs]!.data as Float32Array;
    const top = outputs[names.lensLogprobs]!.dims.at(-1)!;
    cells.forEach((row, point) =>
      part.forEach((position, at) => {
        const cell = point * part.length + at;
        row.push({
          top: Array.from({ length: top }, (_, rank) => ({
            token: Number(best[cell * top + rank]),
            logprob: logprobs[cell * top + rank]!,
          })),
          next: position + 1 < tokens.length ? next[cell]! : null,
        });
      }),
    );
  }
  return cells;
}

/** Generation one token at a time: greedy, or sampled with a seed, so that the same seed gives the same text. */
import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { seededRandom } from '../probes/numerics/random.ts';
import type { DecoderInputs, Feeds } from './decoder-inputs.ts';
import { names } from './graph/instrument.ts';
import { wanted } from './score.ts';

export interface Sampling {
  /** 0 is greedy: the most probable token, the lowest id among equals. */
  readonly temperature: number;
  /** Keep this many of the most probable tokens; 0 keeps all. */
  readonly topK: number;
  /** Keep the smallest set of most probable tokens that holds this much probability (nucleus sampling, Holtzman et al. 2020). */
  readonly topP: number;
  readonly seed: number;
}

export interface GenerateJob {
  readonly prompt: readonly number[];
  readonly maxTokens: number;
  /** Tokens that end the text; they are not part of it. */
  readonly stopTokens: ReadonlySet<number>;
  readonly sampling: Sampling;
}

export const greedy: Sampling = { temperature: 0, topK: 0, topP: 1, seed: 0 };

/**
 * Yields tokens as they come.
 * @throws DOMException `AbortError` between two tokens once the signal is set
 */
export async function* generateTokens(
  session: InferenceSession,
  inputs: DecoderInputs,
  job: GenerateJob,
  signal?: AbortSignal,
): AsyncGenerator<number> {
  const random = seededRandom(job.sampling.seed);
  let cache: Feeds = inputs.emptyCache(1);
  let pending: number[] = [...job.prompt];
  let past = 0;
  for (let count = 0; count < job.maxTokens; count++) {
    signal?.throwIfAborted();
    const feeds = {
      ...inputs.rows([pending], past),
      ...cache,
      [names.positions]: new Tensor('int64', BigInt64Array.from([0n, BigInt(pending.length - 1)]), [1, 2]),
    };
    const outputs = await session.run(wanted(session, feeds));
    const token = pickToken(outputs[names.logits]!.data as Float32Array, job.sampling, random);
    if (token === null || job.stopTokens.has(token)) return;
    yield token;
    if (inputs.hasCache) {
      cache = inputs.nextCache(outputs);
      past += pending.length;
      pending = [token];
    } else pending.push(token);
  }
}

/** @returns null if no logit is a number */
export function pickToken(logits: Float32Array, sampling: Sampling, random: () => number): number | null {
  const best = argmax(logits);
  if (best === null || sampling.temperature === 0) return best;
  const ids = Array.from(logits.keys()).filter((id) => !Number.isNaN(logits[id]));
  ids.sort((left, right) => logits[right]! - logits[left]! || left - right);
  const kept = sampling.topK > 0 ? ids.slice(0, sampling.topK) : ids;
  const weights = kept.map((id) => Math.exp((logits[id]! - logits[best]!) / sampling.temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let nucleus = 0;
  let mass = 0;
  while (nucleus < kept.length && (nucleus === 0 || mass < sampling.topP * total)) mass += weights[nucleus++]!;
  let left = random() * mass;
  for (let index = 0; index < nucleus; index++) {
    left -= weights[index]!;
    if (left < 0) return kept[index]!;
  }
  return kept[nucleus - 1]!;
}

function argmax(logits: Float32Array): number | null {
  let best: number | null = null;
  for (let id = 0; id < logits.length; id++) if (!Number.isNaN(logits[id]) && (best === null || logits[id]! > logits[best]!)) best = id;
  return best;
}

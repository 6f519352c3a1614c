/** How the next token is chosen from the logits. */

export interface Sampling {
  /** 0 is greedy: the most probable token, the lowest id among equals. */
  readonly temperature: number;
  /** Keep this many of the most probable tokens; 0 keeps all. */
  readonly topK: number;
  /** Keep the smallest set of most probable tokens that holds this much probability (nucleus sampling, Holtzman et al. 2020). */
  readonly topP: number;
  /** Divides positive and multiplies negative logits of tokens that the text already has (Keskar et al. 2019, CTRL); 1 is none. */
  readonly repetitionPenalty: number;
  readonly seed: number;
}

export const greedy: Sampling = { temperature: 0, topK: 0, topP: 1, repetitionPenalty: 1, seed: 0 };

/** A token that could have come, with its natural log-probability by the model's own (unmodified) distribution. */
export interface Alternative {
  readonly token: number;
  readonly logprob: number;
}

/**
 * @param seen tokens of prompt and text so far, for the repetition penalty
 * @returns null if no logit is a number
 */
export function pickToken(logits: Float32Array, sampling: Sampling, random: () => number, seen: ReadonlySet<number>): number | null {
  const scores = sampling.repetitionPenalty === 1 ? logits : penalised(logits, sampling.repetitionPenalty, seen);
  const best = argmax(scores);
  if (best === null || sampling.temperature === 0) return best;
  const kept = mostProbable(scores, scores[best]!, sampling);
  const weights = kept.map((id) => Math.exp((scores[id]! - scores[best]!) / sampling.temperature));
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

function penalised(logits: Float32Array, penalty: number, seen: ReadonlySet<number>): Float32Array {
  const scores = logits.slice();
  for (const token of seen)
    if (token < scores.length) scores[token] = scores[token]! > 0 ? scores[token]! / penalty : scores[token]! * penalty;
  return scores;
}

/** exp(-40) of the best is below what a double's sum over any vocabulary can tell from nothing. */
const negligible = 40;

/** Ids by falling score, the lower id first among equals; no more than top-k asks for, none of negligible weight. */
function mostProbable(scores: Float32Array, best: number, { temperature, topK }: Sampling): number[] {
  const floor = best - negligible * temperature;
  const ids: number[] = [];
  for (let id = 0; id < scores.length; id++) if (scores[id]! >= floor) ids.push(id);
  ids.sort((left, right) => scores[right]! - scores[left]! || left - right);
  return topK > 0 ? ids.slice(0, topK) : ids;
}

function argmax(logits: Float32Array): number | null {
  let best: number | null = null;
  for (let id = 0; id < logits.length; id++) if (!Number.isNaN(logits[id]) && (best === null || logits[id]! > logits[best]!)) best = id;
  return best;
}

/** log Σ exp over the numbers among the logits; -∞ where there are none. */
export function logSumExp(logits: Float32Array): number {
  let most = -Infinity;
  for (const logit of logits) if (logit > most) most = logit;
  if (most === -Infinity) return most;
  let sum = 0;
  for (const logit of logits) if (!Number.isNaN(logit)) sum += Math.exp(logit - most);
  return most + Math.log(sum);
}

/** The `count` most probable tokens, falling, the lower id first among equals. */
export function alternativesOf(logits: Float32Array, count: number): Alternative[] {
  if (count === 0) return [];
  const total = logSumExp(logits);
  const best: number[] = [];
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id]!;
    if (Number.isNaN(logit) || (best.length === count && logit <= logits[best[count - 1]!]!)) continue;
    let at = best.length;
    while (at > 0 && logits[best[at - 1]!]! < logit) at--;
    best.splice(at, 0, id);
    best.length = Math.min(best.length, count);
  }
  return best.map((token) => ({ token, logprob: logits[token]! - total }));
}

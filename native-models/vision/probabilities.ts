/** From a model's scores to probabilities, places and the most probable classes. */

/** Softmax in double precision, without overflow. */
export function softmax(logits: ArrayLike<number>): Float64Array {
  let largest = -Infinity;
  for (let index = 0; index < logits.length; index++) largest = Math.max(largest, logits[index]!);
  const result = new Float64Array(logits.length);
  let sum = 0;
  for (let index = 0; index < logits.length; index++) {
    result[index] = Math.exp(logits[index]! - largest);
    sum += result[index]!;
  }
  for (let index = 0; index < result.length; index++) result[index]! /= sum;
  return result;
}

/** Indices of the largest values, the largest first, the lower index among equals (as NumPy's argmax). */
export function largest(values: ArrayLike<number>, count: number): number[] {
  return Array.from(values, (_, index) => index)
    .sort((left, right) => values[right]! - values[left]! || left - right)
    .slice(0, count);
}

/** The place of one value among all, from 1; equals count by index, so that place 1 is the argmax. */
export function rankOf(values: ArrayLike<number>, index: number): number {
  let rank = 1;
  for (let other = 0; other < values.length; other++)
    if (values[other]! > values[index]! || (values[other] === values[index] && other < index)) rank++;
  return rank;
}

/** Which end of a direction is "true": found from labels and charged for it, or left to a convention that says so. */
import { largestSign } from '../numerics/principal.ts';
import type { FitOptions, ReaderInput, Reading } from './reader.ts';
import { fittedReader, flipped } from './reading.ts';

/**
 * With labels the sign follows the majority of the training items, as RepE does it (andyzoujm/representation-engineering:repe/rep_readers.py,
 * `get_signs`) and as geometry-of-truth and the authors of CCS do in effect; a score of exactly zero speaks for neither.
 */
export function resolveSign(reading: Reading, train: ReaderInput, preference: NonNullable<FitOptions['sign']>): Reading {
  const byConvention = largestSign(reading.direction) < 0 ? flipped(reading) : reading;
  const { labels } = train;
  if (labels === null || preference === 'convention') return { ...byConvention, sign: 'convention' };
  let votes = 0;
  fittedReader(byConvention)
    .scoreInput(train)
    .forEach((score, item) => (votes += Math.sign(score) * (labels[item] === 1 ? 1 : -1)));
  if (votes === 0) return { ...byConvention, sign: 'unresolved' };
  return { ...(votes > 0 ? byConvention : flipped(byConvention)), sign: 'labels' };
}

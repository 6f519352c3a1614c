/** How well a fitted reader reads labelled items, with intervals over questions, and with what its sign was charged. */
import { LabError } from '../lab-error.ts';
import { auroc, recallAtFalsePositives, type Detection } from '../numerics/auroc.ts';
import { calibration, type Calibration } from '../numerics/calibration.ts';
import { estimateMean, type Estimate } from '../numerics/estimate.ts';
import type { FittedReader, ReaderInput } from './reader.ts';

export interface Evaluation {
  /** Share of items on the right side of the boundary; an item on it counts half. */
  readonly accuracy: Estimate;
  readonly auroc: Detection;
  /** Of true items, at 1 % of false ones. */
  readonly recall: Detection;
  /** null where the method has no probabilities for such items. */
  readonly calibration: Calibration | null;
  /**
   * What accuracy and AUROC were allowed to know: labels of the training data, or the better of both signs on these very items,
   * max(accuracy, 1 − accuracy), which is never below one half and above it for chance alone.
   */
  readonly sign: 'training labels' | 'best of both';
  /** Whether the better sign was the opposite of the reader's. */
  readonly flipped: boolean;
}

export function evaluate(fitted: FittedReader, items: ReaderInput, seed: number): Evaluation {
  const { labels, groups } = items;
  if (labels === null)
    throw new LabError('reader-input', 'the items to evaluate on have no labels', 'Accuracy needs labels; scores alone do not.');
  const raw = fitted.scoreInput(items);
  const bestOfBoth = fitted.signResolved !== 'labels';
  const flipped = bestOfBoth && shareRight(raw, labels) < 0.5;
  const scores = flipped ? raw.map((score) => -score) : raw;
  const scored = Array.from(scores, (score, item) => ({ score, positive: labels[item] === 1, cluster: groups[item]! }));
  const probabilities = fitted.probabilities(items);
  return {
    accuracy: estimateMean(
      Array.from(scores, (score, item) => ({ value: isRight(score, labels[item]!), cluster: groups[item]!, chance: 0.5 })),
      seed,
    ),
    auroc: auroc(scored, seed),
    recall: recallAtFalsePositives(scored, seed),
    calibration: probabilities === null ? null : calibration(flipped ? probabilities.map((p) => 1 - p) : probabilities, labels),
    sign: bestOfBoth ? 'best of both' : 'training labels',
    flipped,
  };
}

/** 1 on the right side of zero, 0 on the wrong one, one half on it. */
export function isRight(score: number, label: number): number {
  return score === 0 ? 0.5 : Number(score > 0 === (label === 1));
}

/** Share of items on the right side of zero. */
export function shareRight(scores: Float64Array, labels: Uint8Array): number {
  return scores.reduce((sum, score, item) => sum + isRight(score, labels[item]!), 0) / scores.length;
}

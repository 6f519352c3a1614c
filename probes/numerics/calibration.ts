/** How far stated probabilities are from what happens. */

export interface CalibrationBin {
  readonly count: number;
  /** Mean stated probability, and share that came true; null in an empty bin. */
  readonly stated: number | null;
  readonly found: number | null;
}

export interface Calibration {
  /** Mean over items of |stated − found| of their bin; null without items. */
  readonly error: number | null;
  readonly bins: readonly CalibrationBin[];
}

/**
 * Expected calibration error with bins of equal width over the probability of "true" (not of the chosen class).
 * Source: M. P. Naeini and others, AAAI 2015; 15 bins as in C. Guo and others, ICML 2017 (arXiv 1706.04599).
 * @param probabilities in [0, 1]; @param labels 1 where it was true
 */
export function calibration(probabilities: Float64Array, labels: Uint8Array, binCount = 15): Calibration {
  const counts = new Float64Array(binCount);
  const stated = new Float64Array(binCount);
  const found = new Float64Array(binCount);
  probabilities.forEach((probability, item) => {
    const bin = Math.min(binCount - 1, Math.floor(probability * binCount));
    counts[bin]! += 1;
    stated[bin]! += probability;
    found[bin]! += labels[item]!;
  });
  let distance = 0;
  const bins = Array.from(counts, (count, bin) => {
    distance += Math.abs(stated[bin]! - found[bin]!);
    return count === 0 ? { count, stated: null, found: null } : { count, stated: stated[bin]! / count, found: found[bin]! / count };
  });
  return { error: probabilities.length === 0 ? null : distance / probabilities.length, bins };
}

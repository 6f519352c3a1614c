/** Normal random numbers and random directions from seeded uniform ones. */

/**
 * Standard normal numbers, by the polar method.
 * Source: G. Marsaglia and T. A. Bray, SIAM Review 6 (1964), 260-264.
 */
export function normalNumbers(random: () => number): () => number {
  let spare: number | null = null;
  return () => {
    if (spare !== null) {
      const kept = spare;
      spare = null;
      return kept;
    }
    for (;;) {
      const u = 2 * random() - 1;
      const v = 2 * random() - 1;
      const square = u * u + v * v;
      if (square === 0 || square >= 1) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      spare = v * scale;
      return u * scale;
    }
  };
}

/** A direction drawn evenly from the unit sphere. */
export function randomDirection(width: number, random: () => number): Float64Array {
  const normal = normalNumbers(random);
  const direction = Float64Array.from({ length: width }, normal);
  const norm = Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0));
  return direction.map((value) => value / norm);
}

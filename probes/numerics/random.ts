/** Seeded random numbers: the same seed gives the same numbers on every machine. */

/**
 * Uniform numbers in [0, 1) with 32 bits.
 * sfc32 of PractRand (Chris Doty-Humphrey), seeded through splitmix32 so that near seeds give unlike streams.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
  let a = next();
  let b = next();
  let c = next();
  let counter = 1;
  const draw = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let warm = 0; warm < 12; warm++) draw();
  return draw;
}

/** A whole number from 0 to below `bound`. */
export function below(random: () => number, bound: number): number {
  return Math.floor(random() * bound);
}

/** A new array in random order (Fisher and Yates, in Durstenfeld's form). */
export function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const result = [...values];
  for (let index = result.length - 1; index > 0; index--) {
    const other = below(random, index + 1);
    [result[index], result[other]] = [result[other]!, result[index]!];
  }
  return result;
}

/** A 32-bit hash of a text (FNV-1a), for choices that must depend on an item and not on its place. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

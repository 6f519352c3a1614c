/** Timings that can be compared: the ways take turns in one process, so that what else the machine does falls on all of them alike. */

export interface Timing {
  readonly name: string;
  /** Milliseconds. */
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly runs: number;
}

/** @param ways by name; each resolves with undefined when its work is done, or with the milliseconds that it took where another process measures */
export async function alternate(
  ways: Readonly<Record<string, () => Promise<number | undefined>>>,
  rounds: number,
): Promise<Record<string, Timing>> {
  const times = new Map<string, number[]>();
  const names = Object.keys(ways);
  // The first round allocates and compiles, and does not count.
  for (let round = -1; round < rounds; round++) {
    // Each goes first as often as the others.
    const shift = (round + names.length) % names.length;
    for (const name of [...names.slice(shift), ...names.slice(0, shift)]) {
      const begun = performance.now();
      const told = await ways[name]!();
      const took = told ?? performance.now() - begun;
      if (round >= 0) times.set(name, [...(times.get(name) ?? []), took]);
    }
  }
  return Object.fromEntries(names.map((name) => [name, timing(name, times.get(name)!)]));
}

function timing(name: string, taken: readonly number[]): Timing {
  const sorted = taken.toSorted((left, right) => left - right);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return { name, median: at(0.5), low: sorted[0]!, high: sorted.at(-1)!, runs: sorted.length };
}

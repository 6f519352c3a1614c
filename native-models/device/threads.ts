/** How many threads an engine computes with. */
import { availableParallelism } from 'node:os';

/**
 * All cores but one, which the window and the database live on, shared by the engines that work at the same time.
 *
 * Threads wait without spinning (`session.ts`), so that an engine with nothing to do costs the others nothing: engines that work in
 * turn may have all cores each. Two at once that have all cores each take 8 to 12 % more processor time for the same work than with
 * half each (measured on two cores: 16 × 64, 1 × 128 and 1 × 1 tokens), whereas one that was given half and works alone takes
 * twice as long.
 * @param working engines that are expected to work at the same time
 */
export function threadsFor(working: number, cores: number = availableParallelism()): number {
  const free = cores > 2 ? cores - 1 : cores;
  return Math.max(1, Math.floor(free / Math.max(1, working)));
}

/** How much is computed at once. Starts where a processor works best, and is halved whenever memory runs out. */
import { LabError } from '../../probes/lab-error.ts';
import { isOutOfMemory } from '../device/memory.ts';

export class Budget {
  /** Tokens in a batch, padding included: enough to use each weight often, few enough that activations stay in the caches and a stop is quick. */
  tokens = 512;
  rows = 64;
  /** Longest row that is run at once; longer ones go through in pieces, which bounds what attention and the head take. */
  piece = 512;
  /** Positions × vocabulary that the head may make at once: 64 MB of float32. */
  headValues = 16 * 1024 * 1024;
  /** Bytes of keys and values that are copied for the rows of a batch. */
  pastBytes = 256 * 1024 * 1024;
  /** Times that memory ran out. */
  halvings = 0;

  /** Positions that the head may be applied to at once, for this vocabulary. */
  slots(vocabulary: number): number {
    return Math.max(1, Math.floor(this.headValues / vocabulary));
  }

  /**
   * To be called with what a batch threw: halves the budget if memory ran out and there is something to halve.
   * @throws what was thrown otherwise; LabError `engine-out-of-memory` when the smallest batch does not fit
   */
  shrink(thrown: unknown): void {
    if (!isOutOfMemory(thrown)) throw thrown;
    if (this.tokens <= 16) {
      throw new LabError(
        'engine-out-of-memory',
        `even a batch of ${this.tokens} tokens does not fit into memory`,
        'Close other programs or use a smaller model, then resume: every finished item is stored.',
        { cause: thrown },
      );
    }
    this.halvings += 1;
    this.tokens = Math.floor(this.tokens / 2);
    this.piece = Math.max(16, Math.floor(this.piece / 2));
    this.headValues = Math.floor(this.headValues / 2);
    this.pastBytes = Math.floor(this.pastBytes / 2);
  }
}

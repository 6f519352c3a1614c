/** Thumbnails that the page has asked for: each is fetched once, and the oldest are let go, so that memory is bounded. */
import { reportOf } from '../../probes/lab-error.ts';
import type { LabClient } from '../../electron/rpc/contract.ts';

/** The address of a picture's bytes, or why there are none. */
export type Shown = { readonly url: string } | { readonly reason: string };

/** Some 10 kB each. */
const mostKept = 400;

export class Pictures {
  readonly #client: LabClient;
  readonly #kept = new Map<string, Shown>();

  constructor(client: LabClient) {
    this.#client = client;
  }

  /** What is there already, for showing it at once. */
  known(runId: string, index: number, size: number): Shown | undefined {
    return this.#kept.get(keyOf(runId, index, size));
  }

  async load(runId: string, index: number, size: number, signal: AbortSignal): Promise<Shown> {
    const key = keyOf(runId, index, size);
    const before = this.#kept.get(key);
    if (before !== undefined) return before;
    try {
      const answer = await this.#client.call('images.thumbnail', { runId, index, size }, signal);
      if ('error' in answer) return this.#keep(key, { reason: answer.error.message });
      const bytes = new Uint8Array(answer.bytes);
      return this.#keep(key, { url: URL.createObjectURL(new Blob([bytes], { type: answer.type })) });
    } catch (thrown) {
      // Not kept: a lost connection comes back.
      return { reason: reportOf(thrown).message };
    }
  }

  #keep(key: string, shown: Shown): Shown {
    const before = this.#kept.get(key);
    if (before !== undefined) {
      if ('url' in shown) URL.revokeObjectURL(shown.url);
      return before;
    }
    this.#kept.set(key, shown);
    const [oldest] = this.#kept;
    if (this.#kept.size > mostKept && oldest !== undefined) {
      this.#kept.delete(oldest[0]);
      // An image that is on the page keeps what it has decoded.
      if ('url' in oldest[1]) URL.revokeObjectURL(oldest[1].url);
    }
    return shown;
  }
}

const keyOf = (runId: string, index: number, size: number): string => `${runId} ${index} ${size}`;

/** The engine processes of a lab: one for each open model, kept for a while after use, the longest unused closed first. */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { embeddedModel } from '../../native-models/catalog.ts';
import { openEngine, type EngineClient } from '../../native-models/engine/client.ts';
import type { ModelRef } from '../rpc/contract.ts';

const mostOpen = 3;
/** Milliseconds after which an unused engine gives its memory back. */
const idleTime = 120_000;

interface Held {
  readonly engine: Promise<EngineClient>;
  /** Ends the process while it is still opening its model. */
  readonly giveUp: AbortController;
  /** Null while it is being opened. */
  client: EngineClient | null;
  users: number;
  lastUsed: number;
  timer: NodeJS.Timeout | undefined;
}

export class Engines {
  readonly #held = new Map<string, Held>();
  /** All cores; where there are several, all but one, which the window and the database live on. */
  readonly #threads = availableParallelism() > 2 ? availableParallelism() - 1 : availableParallelism();

  /** Runs something with a model's engine, starting it if need be; an engine that died is started anew. */
  async use<T>(source: string, signal: AbortSignal | undefined, work: (engine: EngineClient) => Promise<T>): Promise<T> {
    const held = this.#hold(source);
    held.users += 1;
    clearTimeout(held.timer);
    try {
      const engine = await abortable(held.engine, signal);
      return await work(engine);
    } finally {
      held.users -= 1;
      held.lastUsed = Date.now();
      // Not waited for: who gives up while a model is being opened must not wait for it.
      void this.#settle(source, held, signal?.aborted === true);
    }
  }

  /** Keeps an engine that is well for a while, and ends one that died or that was given up before it was open. */
  async #settle(source: string, held: Held, givenUp: boolean): Promise<void> {
    if (givenUp && held.client === null && held.users === 0) return this.#drop(source, held);
    const alive = await held.engine.then(
      (engine) => engine.alive,
      () => false,
    );
    if (alive) this.#rest(source, held);
    else this.#drop(source, held);
  }

  async close(): Promise<void> {
    const all = [...this.#held.entries()];
    this.#held.clear();
    await Promise.all(all.map(([, held]) => closeQuietly(held)));
  }

  #hold(source: string): Held {
    const found = this.#held.get(source);
    if (found !== undefined && found.client?.alive !== false) return found;
    if (found !== undefined) this.#drop(source, found);
    // Room first: two large models at once may be more than the memory holds.
    const idle = [...this.#held.entries()]
      .filter(([, held]) => held.users === 0)
      .sort(([, left], [, right]) => left.lastUsed - right.lastUsed);
    for (const [key, held] of idle.slice(0, Math.max(0, this.#held.size - mostOpen + 1))) this.#drop(key, held);
    const giveUp = new AbortController();
    const held: Held = {
      engine: openEngine(source, { threads: this.#threads, signal: giveUp.signal }),
      giveUp,
      client: null,
      users: 0,
      lastUsed: Date.now(),
      timer: undefined,
    };
    void held.engine.then(
      (client) => (held.client = client),
      () => undefined,
    );
    this.#held.set(source, held);
    return held;
  }

  #rest(source: string, held: Held): void {
    if (held.users > 0 || this.#held.get(source) !== held) return;
    held.timer = setTimeout(() => this.#drop(source, held), idleTime).unref();
  }

  #drop(source: string, held: Held): void {
    if (this.#held.get(source) === held) this.#held.delete(source);
    clearTimeout(held.timer);
    void closeQuietly(held);
  }
}

async function closeQuietly(held: Held): Promise<void> {
  clearTimeout(held.timer);
  held.giveUp.abort();
  try {
    await (await held.engine).close();
  } catch {
    // It never opened: there is nothing to close.
  }
}

/** Waits for a promise, or for the signal; the promise goes on by itself. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** What a user calls a model: an embedded name, or a folder. */
export function modelRef(source: string): ModelRef {
  const embedded = embeddedModel(source);
  if (embedded !== undefined) return { name: embedded.name, source: embedded.name, embedded: true };
  const folder = path.resolve(source);
  return { name: path.basename(folder), source: folder, embedded: false };
}

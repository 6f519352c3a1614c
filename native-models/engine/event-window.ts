/**
 * Back-pressure for what a call streams out of the engine: activations are made faster than they are stored, and what nobody
 * has taken yet would pile up in the channel without bound.
 */

/** So many events of one call may be on their way before the engine waits for the lab to take one. */
const window = 4;

export interface EventWindow {
  /** Sends at once; resolves when fewer than four events are on their way, or when the call was cancelled. */
  readonly emit: (value: unknown) => Promise<void>;
  /** The lab has taken one event. */
  readonly acknowledge: () => void;
}

export function createEventWindow(send: (value: unknown) => void, signal: AbortSignal): EventWindow {
  let out = 0;
  let waiting: (() => void)[] = [];
  const release = (): void => {
    for (const go of waiting) go();
    waiting = [];
  };
  signal.addEventListener('abort', release, { once: true });
  return {
    emit(value) {
      send(value);
      out++;
      if (out < window || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => waiting.push(resolve));
    },
    acknowledge() {
      out--;
      if (out < window) release();
    },
  };
}

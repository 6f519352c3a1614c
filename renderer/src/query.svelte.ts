/** One answer of the lab as reactive state: loads, cancels what it no longer needs, and keeps the old value while a new one comes. */
import { reportOf, type ErrorReport } from '../../probes/lab-error.ts';

export class Query<T> {
  value = $state.raw<T | undefined>(undefined);
  error = $state.raw<ErrorReport | null>(null);
  loading = $state(true);
  readonly #load: (signal: AbortSignal) => Promise<T>;
  #current: AbortController | null = null;

  /** @param load reads its reactive inputs before it first awaits; a change of one loads again */
  constructor(load: (signal: AbortSignal) => Promise<T>) {
    this.#load = load;
  }

  reload = (): void => {
    this.#current?.abort();
    const controller = new AbortController();
    this.#current = controller;
    this.loading = true;
    this.#load(controller.signal).then(
      (value) => {
        if (controller.signal.aborted) return;
        this.value = value;
        this.error = null;
        this.loading = false;
      },
      (thrown: unknown) => {
        if (controller.signal.aborted) return;
        this.error = reportOf(thrown);
        this.loading = false;
      },
    );
  };

  stop(): void {
    this.#current?.abort();
  }
}

/** A query that belongs to the component which makes it. */
export function query<T>(load: (signal: AbortSignal) => Promise<T>): Query<T> {
  const made = new Query(load);
  $effect(() => {
    made.reload();
    return () => made.stop();
  });
  return made;
}

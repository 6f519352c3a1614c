/** Runs wait their turn: one at a time, in the order that they were asked for. */
import type { RunRecord } from '../../db/records.ts';
import { carryOut, type RunnerParts } from './runner.ts';

interface Entry {
  readonly run: RunRecord;
  readonly controller: AbortController;
  readonly finished: Promise<void>;
}

export class Queue {
  readonly #parts: RunnerParts;
  readonly #entries: Entry[] = [];
  #last: Promise<void> = Promise.resolve();

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** @returns what resolves when the run has ended, however it ended */
  add(run: RunRecord): Promise<void> {
    const controller = new AbortController();
    // One that was cancelled while it waited has left the list: it is done with already, and may even be queued again.
    const finished = this.#last
      .then(() => (this.#entries.includes(entry) ? carryOut(run, this.#parts, controller.signal) : undefined))
      .finally(() => this.#remove(entry));
    const entry: Entry = { run, controller, finished };
    this.#entries.push(entry);
    this.#last = finished;
    return finished;
  }

  has(runId: string): boolean {
    return this.#entries.some((entry) => entry.run.id === runId);
  }

  /** Run ids in order, the active one first. */
  ids(): string[] {
    return this.#entries.map((entry) => entry.run.id);
  }

  /** Stops a run within a second, or takes it out of the queue; resolves when it has stopped. */
  async cancel(runId: string): Promise<boolean> {
    const entry = this.#entries.find((candidate) => candidate.run.id === runId);
    if (entry === undefined) return false;
    const waits = this.#entries[0] !== entry;
    entry.controller.abort();
    if (waits) {
      this.#remove(entry);
      this.#parts.store.runs.change(runId, { status: 'cancelled', owner: null, finishedAt: new Date().toISOString() });
      this.#parts.changed(runId, null);
    } else await entry.finished;
    return true;
  }

  async close(): Promise<void> {
    // From the end, so that none starts because the one before it has stopped.
    for (const id of this.ids().reverse()) await this.cancel(id);
  }

  #remove(entry: Entry): void {
    const at = this.#entries.indexOf(entry);
    if (at >= 0) this.#entries.splice(at, 1);
  }
}

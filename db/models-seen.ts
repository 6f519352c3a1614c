import type { ErrorReport } from '../probes/lab-error.ts';
import { decodeJson, encodeJson } from './json.ts';
import { guard, type Connection } from './open.ts';

/** A folder that a model was opened from, so that it can be chosen again. */
export interface ModelSeen {
  readonly source: string;
  readonly name: string;
  readonly error: ErrorReport | null;
}

/** What is kept of a model besides, embedded ones included; opaque here. */
type Kept = 'choice' | 'speed' | 'known';

export class ModelsSeen {
  readonly #connection: Connection;
  readonly #file: string;

  constructor(connection: Connection, file: string) {
    this.#connection = connection;
    this.#file = file;
  }

  /** Most recent first. */
  list(): ModelSeen[] {
    return guard(this.#file, () =>
      this.#connection
        .prepare<[], { source: string; name: string; error: string | null }>(
          'SELECT source, name, error FROM model_seen ORDER BY opened_at DESC',
        )
        .all()
        .map(({ source, name, error }) => ({ source, name, error: error === null ? null : decodeJson<ErrorReport>(error) })),
    );
  }

  remember(source: string, name: string, error: ErrorReport | null): void {
    guard(this.#file, () =>
      this.#connection
        .prepare(
          'INSERT INTO model_seen (source, name, opened_at, error) VALUES (?, ?, ?, ?) ON CONFLICT (source) DO UPDATE SET opened_at = excluded.opened_at, error = excluded.error',
        )
        .run(source, name, new Date().toISOString(), error === null ? null : encodeJson(error)),
    );
  }

  forget(source: string): void {
    guard(this.#file, () => this.#connection.prepare('DELETE FROM model_seen WHERE source = ?').run(source));
  }

  /** How the user last chose to open a model; null where never. */
  choice(source: string): unknown {
    return this.#kept(source, 'choice');
  }

  keepChoice(source: string, choice: object): void {
    this.#keep(source, 'choice', choice);
  }

  /** The speeds that were last measured; null where never. */
  speed(source: string): unknown {
    return this.#kept(source, 'speed');
  }

  keepSpeed(source: string, speed: object): void {
    this.#keep(source, 'speed', speed);
  }

  /** Hashes and the check of itself, from when it was last opened; null where never. */
  known(source: string): unknown {
    return this.#kept(source, 'known');
  }

  keepKnown(source: string, known: object): void {
    this.#keep(source, 'known', known);
  }

  #kept(source: string, what: Kept): unknown {
    const row = guard(this.#file, () =>
      this.#connection
        .prepare<[string, Kept], { value: string }>('SELECT value FROM model_kept WHERE source = ? AND what = ?')
        .get(source, what),
    );
    return row === undefined ? null : decodeJson<unknown>(row.value);
  }

  #keep(source: string, what: Kept, value: object): void {
    guard(this.#file, () =>
      this.#connection
        .prepare(
          'INSERT INTO model_kept (source, what, value) VALUES (?, ?, ?) ON CONFLICT (source, what) DO UPDATE SET value = excluded.value',
        )
        .run(source, what, encodeJson(value)),
    );
  }
}

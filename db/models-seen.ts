import type { ErrorReport } from '../probes/lab-error.ts';
import { decodeJson, encodeJson } from './json.ts';
import { guard, type Connection } from './open.ts';

/** Folders that models were opened from, so that they can be chosen again. */
export interface ModelSeen {
  readonly source: string;
  readonly name: string;
  readonly error: ErrorReport | null;
}

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
}

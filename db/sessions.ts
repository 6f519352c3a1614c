import { LabError } from '../probes/lab-error.ts';
import { newId } from './id.ts';
import { guard, type Connection } from './open.ts';
import type { SessionRecord } from './records.ts';

const columns = 'id, title, notes, created_at AS createdAt';

/** Sessions: titles and notes around groups of runs. */
export class Sessions {
  readonly #connection: Connection;
  readonly #file: string;

  constructor(connection: Connection, file: string) {
    this.#connection = connection;
    this.#file = file;
  }

  add(title: string): SessionRecord {
    const record = { id: newId(), title, notes: '', createdAt: new Date().toISOString() };
    guard(this.#file, () =>
      this.#connection.prepare('INSERT INTO session (id, title, notes, created_at) VALUES (@id, @title, @notes, @createdAt)').run(record),
    );
    return record;
  }

  /** Newest first, without deleted ones. */
  list(): SessionRecord[] {
    return guard(this.#file, () =>
      this.#connection
        .prepare<[], SessionRecord>(`SELECT ${columns} FROM session WHERE deleted_at IS NULL ORDER BY created_at DESC, id`)
        .all(),
    );
  }

  /** @throws LabError `not-found` */
  get(id: string): SessionRecord {
    const found = guard(this.#file, () =>
      this.#connection.prepare<[string], SessionRecord>(`SELECT ${columns} FROM session WHERE id = ? AND deleted_at IS NULL`).get(id),
    );
    if (found === undefined) throw notFound(id);
    return found;
  }

  /** @throws LabError `not-found` */
  update(id: string, { title, notes }: { title?: string | undefined; notes?: string | undefined }): SessionRecord {
    guard(this.#file, () =>
      this.#connection
        .prepare('UPDATE session SET title = coalesce(?, title), notes = coalesce(?, notes) WHERE id = ? AND deleted_at IS NULL')
        .run(title ?? null, notes ?? null, id),
    );
    return this.get(id);
  }

  /** @throws LabError `not-found` */
  setDeleted(id: string, deleted: boolean): void {
    const { changes } = guard(this.#file, () =>
      this.#connection.prepare('UPDATE session SET deleted_at = ? WHERE id = ?').run(deleted ? new Date().toISOString() : null, id),
    );
    if (changes === 0) throw notFound(id);
  }
}

function notFound(id: string): LabError {
  return new LabError('not-found', `there is no session "${id}"`, '`candor sessions list` shows those that there are.');
}

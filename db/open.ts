/** Opens the lab's database file, or says exactly why it cannot be used. A file that is not the lab's own is never written to. */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { LabError } from '../probes/lab-error.ts';
import { migrations } from './migrations.ts';

export type Connection = Database.Database;

/** "CAND": tells the lab's files from other programs'. */
const applicationId = 0x43414e44;
const sqliteHeader = 'SQLite format 3\0';
/** Milliseconds to wait for another process' transaction. */
const busyTimeout = 5000;

/**
 * @param file path of the database, made if it does not exist (its folder must exist); `:memory:` for a database of no file
 * @throws LabError `node-too-old`, `database-foreign`, `database-corrupt`, `database-newer`, `database-locked`, `disk-full`, `file-unwritable`
 */
export function openDatabase(file: string): Connection {
  if (Number(process.versions.node.split('.')[0]) < 24) {
    // better-sqlite3 13 ends an older Node without a word, so it must not come that far.
    throw new LabError(
      'node-too-old',
      `Node ${process.versions.node} cannot load SQLite`,
      'Start the lab through npm (npm start, npm run candor): it brings the Node that it needs.',
    );
  }
  if (file !== ':memory:') checkFile(file);
  return guard(file, () => {
    const connection = new Database(file, { timeout: busyTimeout });
    try {
      claim(connection, file);
      connection.pragma('journal_mode = WAL');
      connection.pragma('synchronous = NORMAL');
      connection.pragma('foreign_keys = ON');
      return connection;
    } catch (thrown) {
      connection.close();
      throw thrown;
    }
  });
}

function checkFile(file: string): void {
  if (existsSync(file)) {
    if (statSync(file).isDirectory()) throw new LabError('database-foreign', `${file} is a folder`, 'Give the path of a database file.');
    if (statSync(file).size === 0) return;
    const head = readHead(file);
    if (head.toString('latin1') !== sqliteHeader)
      throw new LabError('database-corrupt', `${file} is no SQLite database`, 'Choose another file. This one was not touched.');
    return;
  }
  const folder = path.dirname(path.resolve(file));
  if (!existsSync(folder))
    throw new LabError('file-unwritable', `the folder ${folder} does not exist`, 'Make it first, or check the path.');
}

function readHead(file: string): Buffer {
  const head = Buffer.alloc(sqliteHeader.length);
  try {
    const descriptor = openSync(file, 'r');
    readSync(descriptor, head, 0, head.length, 0);
    closeSync(descriptor);
    return head;
  } catch (thrown) {
    throw new LabError('file-unwritable', `${file} cannot be read: ${(thrown as Error).message}`, 'Check that you may read and write it.', {
      cause: thrown,
    });
  }
}

/** Checks whose file it is and brings it up to date, in one transaction that a second process waits for. */
function claim(connection: Connection, file: string): void {
  connection
    .transaction(() => {
      const id = connection.pragma('application_id', { simple: true }) as number;
      const version = connection.pragma('user_version', { simple: true }) as number;
      const tables = connection.prepare<[], { count: number }>("SELECT count(*) AS count FROM sqlite_schema WHERE type = 'table'").get()!
        .count;
      if (id !== applicationId && (id !== 0 || tables > 0))
        throw new LabError('database-foreign', `${file} belongs to another program`, 'Choose another file. This one was not touched.');
      if (version > migrations.length)
        throw new LabError(
          'database-newer',
          `${file} has version ${version}; this lab knows ${migrations.length}`,
          'Update the lab, or choose another file. This one was not touched.',
        );
      for (let step = version; step < migrations.length; step++) connection.exec(migrations[step]!);
      if (version < migrations.length) {
        connection.pragma(`application_id = ${applicationId}`);
        connection.pragma(`user_version = ${migrations.length}`);
      }
    })
    .immediate();
}

/** Runs something on the database and turns SQLite's codes into the lab's. */
export function guard<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw translate(file, thrown);
  }
}

function translate(file: string, thrown: unknown): unknown {
  if (thrown instanceof LabError || !(thrown instanceof Error)) return thrown;
  const code = 'code' in thrown ? String(thrown.code) : '';
  const with_ = (lab: ConstructorParameters<typeof LabError>[0], advice: string): LabError =>
    new LabError(lab, `${file}: ${thrown.message}`, advice, { cause: thrown });
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return with_('database-locked', 'Close the other program that uses the file, or try again when it has finished.');
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB')
    return with_('database-corrupt', 'Restore the file from a backup, or choose another. `sqlite3 FILE .recover` saves what can be saved.');
  if (code === 'SQLITE_FULL') return with_('disk-full', 'Free some space, then resume: every finished item is stored.');
  if (
    code.startsWith('SQLITE_CANTOPEN') ||
    code.startsWith('SQLITE_READONLY') ||
    code.startsWith('SQLITE_PERM') ||
    code.startsWith('SQLITE_IOERR')
  )
    return with_('file-unwritable', 'Choose a place that you may write to, or check the disk.');
  return thrown;
}

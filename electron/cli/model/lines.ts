/** JSON Lines in and out: read as they are needed, written under their name only when they are whole. */
import { closeSync, createReadStream, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { LabError } from '../../../probes/lab-error.ts';

/** Long enough for any text that a model can read, short enough to hold. */
const longestLine = 16 * 1024 * 1024;

/**
 * Yields groups of lines, each checked; blank lines are passed over.
 * @throws LabError `dataset-not-found`; `dataset-rows` naming the first line that is not as it should be
 */
export async function* readLines<T>(file: string, shape: z.ZodType<T>, groupSize: number): AsyncGenerator<T[]> {
  const absolute = path.resolve(file);
  if (!existsSync(absolute)) throw new LabError('dataset-not-found', `${absolute} does not exist`, 'Check the path.');
  const lines = createInterface({ input: createReadStream(absolute, 'utf8'), crlfDelay: Infinity });
  let group: T[] = [];
  let number = 0;
  try {
    for await (const line of lines) {
      number++;
      const text = number === 1 ? line.replace(/^\uFEFF/, '') : line;
      if (text.trim() === '') continue;
      group.push(parse(text, shape, `${absolute}, line ${number}`));
      if (group.length === groupSize) {
        yield group;
        group = [];
      }
    }
  } catch (thrown) {
    if (thrown instanceof LabError) throw thrown;
    throw new LabError('dataset-not-found', `${absolute} cannot be read: ${(thrown as Error).message}`, 'Give a text file.', {
      cause: thrown,
    });
  } finally {
    lines.close();
  }
  if (group.length > 0) yield group;
}

function parse<T>(text: string, shape: z.ZodType<T>, where: string): T {
  const refuse = (why: string): never => {
    throw new LabError('dataset-rows', `${where}: ${why}`, 'Each line is one JSON object; see candor --help for its keys.');
  };
  if (text.length > longestLine) refuse(`it is longer than ${longestLine} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    return refuse(`no valid JSON (${(thrown as Error).message})`);
  }
  const read = shape.safeParse(value);
  if (read.success) return read.data;
  const issue = read.error.issues[0]!;
  return refuse(`${issue.path.join('.') || 'the line'}: ${issue.message}`);
}

/** @throws LabError `file-exists`, `file-unwritable`, before anything is computed */
export function checkTarget(file: string): string {
  const target = path.resolve(file);
  if (existsSync(target)) throw new LabError('file-exists', `${target} exists`, 'Choose another name; nothing was run.');
  if (!existsSync(path.dirname(target)))
    throw new LabError('file-unwritable', `the folder of ${target} does not exist`, 'Make it first; nothing was run.');
  return target;
}

/** A file that gets its name when it is whole; until then it lies beside it under another. */
export class LineWriter {
  readonly #target: string;
  readonly #temporary: string;
  #descriptor: number | null;

  constructor(target: string) {
    this.#target = target;
    this.#temporary = `${target}.${process.pid}.partial`;
    try {
      this.#descriptor = openSync(this.#temporary, 'wx');
    } catch (thrown) {
      throw unwritable(target, thrown);
    }
  }

  write(value: unknown): void {
    try {
      writeSync(this.#descriptor!, `${JSON.stringify(value)}\n`);
    } catch (thrown) {
      throw unwritable(this.#target, thrown);
    }
  }

  finish(): void {
    try {
      fsyncSync(this.#descriptor!);
      try {
        linkSync(this.#temporary, this.#target);
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') throw thrown;
        renameSync(this.#temporary, this.#target);
      }
    } catch (thrown) {
      throw unwritable(this.#target, thrown);
    } finally {
      this.discard();
    }
  }

  /** Removes what was written, unless it has its name already. */
  discard(): void {
    if (this.#descriptor === null) return;
    closeSync(this.#descriptor);
    this.#descriptor = null;
    rmSync(this.#temporary, { force: true });
  }
}

function unwritable(target: string, thrown: unknown): LabError {
  const { code, message } = thrown as NodeJS.ErrnoException;
  if (code === 'ENOSPC')
    return new LabError('disk-full', `no space is left for ${target}`, 'Make room and start again.', { cause: thrown });
  if (code === 'EEXIST') return new LabError('file-exists', `${target} exists`, 'Choose another name.', { cause: thrown });
  return new LabError('file-unwritable', `${target} cannot be written: ${message}`, 'Choose another place.', { cause: thrown });
}

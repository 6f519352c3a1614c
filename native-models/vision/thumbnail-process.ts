/**
 * Thumbnails from a process of their own: pictures come from anywhere, and what decodes them is native code. One picture at a time, so
 * that a crash is that picture's error and nobody else's; the next one gets a new process.
 */
import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { LabError, type ErrorReport } from '../../probes/lab-error.ts';

export interface ThumbnailQuestion {
  readonly file: string;
  /** Edge of the square that it is fitted into, in pixels. */
  readonly size: number;
}
export type ThumbnailAnswer = { readonly bytes: Uint8Array } | { readonly error: ErrorReport };

export interface ThumbnailOptions {
  /** The program of the process. */
  readonly worker?: string;
  /** Milliseconds without a picture to decode after which the process ends. */
  readonly idle?: number;
  /** Milliseconds that one picture may take. */
  readonly patience?: number;
}

interface Job {
  readonly question: ThumbnailQuestion;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: LabError) => void;
}

export class Thumbnails {
  readonly #worker: string;
  readonly #idle: number;
  readonly #patience: number;
  readonly #waiting: Job[] = [];
  #current: Job | null = null;
  #child: ChildProcess | null = null;
  /** Ends the process: after it has been idle, or when a picture takes too long. */
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor({ worker = path.join(import.meta.dirname, 'thumbnail-worker.ts'), idle = 30_000, patience = 30_000 }: ThumbnailOptions = {}) {
    this.#worker = worker;
    this.#idle = idle;
    this.#patience = patience;
  }

  /** The process, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * As `thumbnail`; a picture whose turn has not come when the signal fires is left out.
   * @throws LabError `image-unreadable`, also where the picture ends or stops the process; `usage`; `cancelled`
   */
  make(file: string, size: number, signal?: AbortSignal): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#closed || signal?.aborted === true) return reject(cancelled());
      const job: Job = { question: { file, size }, resolve, reject };
      this.#waiting.push(job);
      signal?.addEventListener(
        'abort',
        () => {
          const place = this.#waiting.indexOf(job);
          if (place >= 0) this.#waiting.splice(place, 1);
          reject(cancelled());
        },
        { once: true },
      );
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(cancelled());
    this.#current?.reject(cancelled());
    const child = this.#child;
    if (child === null) return;
    const gone = new Promise<void>((resolve) => void child.once('close', () => resolve()));
    this.#end(child);
    await gone;
  }

  #next(): void {
    if (this.#current !== null) return;
    const job = this.#waiting.shift();
    if (job === undefined) return this.#rest();
    this.#current = job;
    const child = (this.#child ??= this.#start());
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#lose(child, `it took longer than ${this.#patience / 1000} seconds`);
      this.#end(child);
    }, this.#patience);
    child.send(job.question, (error) => {
      if (error !== null) this.#lose(child, `its process could not be asked (${error.message})`);
    });
  }

  /** Keeps the process for a while; the lab may end meanwhile. */
  #rest(): void {
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child !== null) this.#timer = setTimeout(() => this.#end(child), this.#idle).unref();
  }

  #start(): ChildProcess {
    const child = fork(this.#worker, { serialization: 'advanced', execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    child.on('message', (message) => {
      if (child !== this.#child) return;
      const job = this.#current;
      this.#current = null;
      const answer = message as ThumbnailAnswer;
      if ('bytes' in answer) job?.resolve(answer.bytes);
      else job?.reject(LabError.from(answer.error));
      this.#next();
    });
    child.once('error', ({ message }) => this.#lose(child, `its process could not be started (${message})`));
    child.once('exit', (code, signal) => this.#lose(child, `it ended the process that decodes pictures (${signal ?? `exit ${code}`})`));
    return child;
  }

  /** The process is gone, or no longer waited for: what it worked on has failed, the others go on. */
  #lose(child: ChildProcess, why: string): void {
    if (child !== this.#child) return;
    this.#child = null;
    clearTimeout(this.#timer);
    const job = this.#current;
    this.#current = null;
    job?.reject(new LabError('image-unreadable', `${job.question.file}: ${why}`, 'Replace the file, or take it out of the data.'));
    if (!this.#closed) this.#next();
  }

  #end(child: ChildProcess): void {
    clearTimeout(this.#timer);
    if (child === this.#child) this.#child = null;
    child.kill('SIGKILL');
  }
}

function cancelled(): LabError {
  return new LabError('cancelled', 'the picture is no longer wanted', 'Nothing to do.');
}

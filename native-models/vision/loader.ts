/** Prepares images in threads of their own, so that the next are decoded while the model works on these. */
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { LabError, type ErrorReport } from '../../probes/lab-error.ts';
import type { Preprocessing } from './preprocessing.ts';

/** Pixels of one image, or why there are none. */
export type Loaded = { readonly pixels: Float32Array; readonly error: null } | { readonly pixels: null; readonly error: LabError };

export interface LoadQuestion {
  readonly id: number;
  readonly file: string;
}
export type LoadAnswer =
  { readonly id: number; readonly pixels: Float32Array<ArrayBuffer> } | { readonly id: number; readonly error: ErrorReport };

interface Waiting {
  readonly resolve: (loaded: Loaded) => void;
  readonly reject: (error: Error) => void;
}

/** One thread prepares some sixty photos a second; more than four would outrun most models on a processor. */
const mostThreads = 4;

export class ImageLoader {
  readonly #workers: Worker[];
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  /** Why no more images can be prepared. */
  #ended: LabError | null = null;

  constructor(preprocessing: Preprocessing) {
    const threads = Math.max(1, Math.min(mostThreads, Math.floor(os.availableParallelism() / 2)));
    this.#workers = Array.from({ length: threads }, () => this.#start(preprocessing));
  }

  /** How many images are worth asking for ahead of the model. */
  get lookahead(): number {
    return 2 * this.#workers.length;
  }

  /** Resolves with an error for an image that cannot be read; rejects only if the thread itself ends. */
  load(file: string): Promise<Loaded> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const id = this.#next++;
    const promise = new Promise<Loaded>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      const question: LoadQuestion = { id, file };
      this.#workers[id % this.#workers.length]!.postMessage(question);
    });
    // Whoever asked ahead may have given up by then.
    promise.catch(() => undefined);
    return promise;
  }

  async close(): Promise<void> {
    this.#end(new LabError('cancelled', 'the model was closed', 'Open it again.'));
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(preprocessing: Preprocessing): Worker {
    const worker = new Worker(path.join(import.meta.dirname, 'loader-worker.ts'), { workerData: preprocessing });
    worker.on('message', (answer: LoadAnswer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      waiting?.resolve('pixels' in answer ? { pixels: answer.pixels, error: null } : { pixels: null, error: LabError.from(answer.error) });
    });
    const broken = (why: string): void =>
      this.#end(new LabError('failed', `a thread that prepares images ended: ${why}`, 'Open the model again.'));
    worker.on('error', (error) => broken(String(error)));
    worker.on('exit', (code) => broken(`exit ${code}`));
    return worker;
  }

  #end(error: LabError): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

/** An engine process and the calls to it: one answer for each call, events before it, and a clear error when the process dies. */
import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { LabError } from '../../probes/lab-error.ts';
import { deathOf, hung } from './death.ts';
import type { EngineCall, EngineCalls, FromEngine, ToEngine } from './protocol.ts';
import { EngineWatch } from './watch.ts';

const workerFile = path.join(import.meta.dirname, 'worker.ts');
/** A cancelled call that has not ended by then is given up; the engine finishes its batch and goes on with the next call. */
const patience = 800;
/** One that has not even ended by then hangs in native code: only ending the process helps. */
const hangs = 120_000;
/** What an engine wrote to its error stream is kept to this many characters, for the error message. */
const lastWords = 4000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onEvent: EventTaker | undefined;
  /** Events are taken one after the other; the answer waits for the last of them. */
  taken: Promise<void>;
  /** Events that came and were not taken yet. */
  untaken: number;
}

/** What a call streams, one part after the other; the engine waits where taking them takes long. */
type EventTaker<Event = never> = (event: Event) => void | Promise<void>;

export interface CallOptions<Event = never> {
  readonly signal?: AbortSignal | undefined;
  /** An error in here gives the call up and becomes its error. */
  readonly onEvent?: EventTaker<Event> | undefined;
}

export interface ProcessOptions {
  /** The program of the process. */
  readonly worker?: string;
  /** Milliseconds that it may stand still while it owes an answer; see `watch.ts`. */
  readonly standstill?: number;
}

export class EngineProcess {
  readonly #child: ChildProcess;
  readonly #watch: EngineWatch | null;
  readonly #waiting = new Map<number, Waiting>();
  /** Calls that the engine has not answered yet, given up or not. */
  readonly #unanswered = new Set<number>();
  #next = 1;
  #death: LabError | null = null;
  #words = '';
  readonly #gone: Promise<void>;

  constructor({ worker = workerFile, standstill }: ProcessOptions = {}) {
    this.#child = fork(worker, {
      serialization: 'advanced',
      execPath: process.execPath,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#watch = this.#startWatch(standstill);
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#words = (this.#words + text).slice(-lastWords)));
    this.#child.on('message', (message) => this.#receive(message as FromEngine));
    this.#gone = new Promise((resolve) => {
      this.#child.once('error', ({ message }) => {
        this.#end(
          new LabError('engine-crashed', `the engine could not be started: ${message}`, 'Check that the installation is complete.'),
        );
        resolve();
      });
      // Not at `exit`: its last words may still be on their way.
      this.#child.once('close', (code, signal) => {
        const seen = this.#watch?.sighting();
        if (seen !== undefined) this.#end(deathOf({ code, signal, words: this.#words }, seen));
        resolve();
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#death === null;
  }

  /** Ends the process. Its memory is back with the system when this resolves. */
  async close(): Promise<void> {
    // Whoever still waits was cancelled, not struck by a lack of memory.
    this.#kill(cancelled());
    await this.#gone;
  }

  /**
   * Asks the engine for anything; calls are answered one after the other.
   * @throws LabError of the engine; `cancelled` within a second of the signal; what became of the process if it ends
   */
  call<Call extends EngineCall>(
    body: Call,
    options: CallOptions<EngineCalls[Call['call']]['event']> = {},
  ): Promise<EngineCalls[Call['call']]['value']> {
    return this.#ask(body, options) as Promise<EngineCalls[Call['call']]['value']>;
  }

  #ask(body: EngineCall, { signal, onEvent }: CallOptions): Promise<unknown> {
    if (this.#death !== null) return Promise.reject(this.#death);
    if (signal?.aborted === true) return Promise.reject(cancelled());
    const id = this.#next++;
    return new Promise<unknown>((resolve, reject) => {
      const abort = (): void => {
        this.#send({ type: 'cancel', id });
        setTimeout(() => this.#waiting.get(id)?.reject(cancelled()), patience).unref();
        setTimeout(() => this.#unanswered.has(id) && this.#kill(hung(null)), hangs).unref();
      };
      const settle = (): void => {
        this.#waiting.delete(id);
        signal?.removeEventListener('abort', abort);
      };
      this.#waiting.set(id, {
        onEvent,
        taken: Promise.resolve(),
        untaken: 0,
        resolve: (value) => (settle(), resolve(value)),
        reject: (error) => (settle(), reject(error)),
      });
      signal?.addEventListener('abort', abort, { once: true });
      this.#unanswered.add(id);
      this.#send({ type: 'call', id, body });
    });
  }

  #startWatch(standstill: number | undefined): EngineWatch | null {
    const pid = this.#child.pid;
    if (pid === undefined) return null;
    const owes = (): boolean => this.#unanswered.size > 0 && ![...this.#waiting.values()].some(({ untaken }) => untaken > 0);
    const onHang = (seconds: number): void => this.#kill(hung(seconds));
    return new EngineWatch({ pid, owes, onHang, ...(standstill === undefined ? {} : { standstill }) });
  }

  #send(message: ToEngine): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  #receive(message: FromEngine): void {
    const { id } = message;
    this.#watch?.moved();
    const waiting = this.#waiting.get(id);
    if (message.type === 'event') return this.#take(id, waiting, message.value);
    this.#unanswered.delete(id);
    // What it complained about in a call that it survived is not what it may die of later.
    this.#words = '';
    if (message.type === 'done') waiting?.taken.then(() => waiting.resolve(message.value), waiting.reject);
    else waiting?.reject(LabError.from(message.error));
  }

  #take(id: number, waiting: Waiting | undefined, value: unknown): void {
    const acknowledge = (): void => this.#send({ type: 'ack', id });
    if (waiting === undefined) return acknowledge();
    waiting.untaken += 1;
    const take = async (): Promise<void> => {
      // Who gave the call up wants no more of it.
      if (this.#waiting.has(id)) await waiting.onEvent?.(value as never);
      waiting.untaken -= 1;
      acknowledge();
    };
    waiting.taken = waiting.taken.then(take);
    waiting.taken.catch((thrown: unknown) => {
      this.#send({ type: 'cancel', id });
      waiting.reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
    });
  }

  #kill(death: LabError): void {
    this.#death ??= death;
    this.#child.kill('SIGKILL');
  }

  #end(death: LabError): void {
    this.#death ??= death;
    this.#watch?.stop();
    for (const waiting of [...this.#waiting.values()]) waiting.reject(this.#death);
  }
}

function cancelled(): LabError {
  return new LabError('cancelled', 'stopped', 'Resume it whenever you like.');
}

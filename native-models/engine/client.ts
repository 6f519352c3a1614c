/** The lab's end of an engine process: the same methods as the model itself, and a clear error when the process dies. */
import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { LabError } from '../../probes/lab-error.ts';
import type { GenerateReply, GenerateRequest, ModelReply, ModelRequest } from '../../probes/request.ts';
import type { ModelDescription } from '../description.ts';
import {
  plainOptions,
  type ActivationsBatch,
  type ActivationsReply,
  type ActivationsRequest,
  type GeneratedStep,
  type GenerateOptions,
  type LensReply,
  type LensRequest,
  type Model,
  type OpenOptions,
} from '../model.ts';
import type { EngineCall, EngineCalls, FromEngine, ToEngine } from './protocol.ts';

const workerFile = path.join(import.meta.dirname, 'worker.ts');
/** A cancelled call that has not ended by then is given up; the engine finishes its batch and goes on with the next call. */
const patience = 800;
/** One that has not even ended by then hangs in native code: only ending the process helps. */
const hangs = 120_000;
/** What an engine wrote to its error stream is kept to this many characters, for the error message. */
const lastWords = 2000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onEvent: EventTaker | undefined;
  /** Events are taken one after the other; the answer waits for the last of them. */
  taken: Promise<void>;
}

/** What a call streams, one part after the other; the engine waits where taking them takes long. */
type EventTaker<Event = never> = (event: Event) => void | Promise<void>;

export interface CallOptions<Event = never> {
  readonly signal?: AbortSignal | undefined;
  /** An error in here gives the call up and becomes its error. */
  readonly onEvent?: EventTaker<Event> | undefined;
}

/** As `OpenOptions`, each with a default. */
export interface EngineOptions extends Partial<OpenOptions> {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts an engine and opens a model in it.
 * @throws LabError as `openModel` does; `engine-crashed` or `engine-out-of-memory` if the process ends
 */
export async function openEngine(source: string, options: EngineOptions): Promise<EngineClient> {
  const engine = new EngineClient();
  // Opening hashes and loads gigabytes in native code: only ending the process stops it at once.
  const giveUp = (): void => void engine.close();
  options.signal?.addEventListener('abort', giveUp, { once: true });
  try {
    await engine.open(source, options);
    return engine;
  } catch (thrown) {
    await engine.close();
    throw thrown;
  } finally {
    options.signal?.removeEventListener('abort', giveUp);
  }
}

export class EngineClient implements Model {
  #description: ModelDescription | null = null;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  /** Calls that the engine has not answered yet, given up or not. */
  readonly #unanswered = new Set<number>();
  #next = 1;
  #death: LabError | null = null;
  #words = '';
  readonly #gone: Promise<void>;

  constructor() {
    this.#child = fork(workerFile, {
      serialization: 'advanced',
      execPath: process.execPath,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#words = (this.#words + text).slice(-lastWords)));
    this.#child.on('message', (message) => this.#receive(message as FromEngine));
    this.#gone = new Promise((resolve) => {
      this.#child.once('error', (error) =>
        this.#end(
          new LabError('engine-crashed', `the engine could not be started: ${error.message}`, 'Check that the installation is complete.'),
          resolve,
        ),
      );
      this.#child.once('exit', (code, signal) => this.#end(deathOf(code, signal, this.#words), resolve));
    });
  }

  get description(): ModelDescription {
    if (this.#description === null) throw new LabError('failed', 'no model is open in this engine', 'Open one first.');
    return this.#description;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#death === null;
  }

  async open(source: string, { signal: _signal, ...options }: EngineOptions): Promise<void> {
    this.#description = await this.call({ call: 'open', source, options: { ...plainOptions, ...options } });
  }

  answer(requests: readonly ModelRequest[], signal?: AbortSignal): Promise<ModelReply[]> {
    return this.call({ call: 'answer', requests }, { signal });
  }

  generate(
    request: GenerateRequest,
    options: GenerateOptions,
    onStep: (step: GeneratedStep) => void | Promise<void>,
    signal?: AbortSignal,
  ): Promise<GenerateReply> {
    return this.call({ call: 'generate', request, options }, { signal, onEvent: onStep });
  }

  activations(
    request: ActivationsRequest,
    onBatch: (batch: ActivationsBatch) => void | Promise<void>,
    signal?: AbortSignal,
  ): Promise<ActivationsReply> {
    return this.call({ call: 'activations', request }, { signal, onEvent: onBatch });
  }

  logitLens(request: LensRequest, signal?: AbortSignal): Promise<LensReply> {
    return this.call({ call: 'logitLens', request }, { signal });
  }

  /** Ends the process. Its memory is back with the system when this resolves. */
  async close(): Promise<void> {
    // Whoever still waits was cancelled, not struck by a lack of memory.
    this.#death ??= cancelled();
    this.#child.kill('SIGKILL');
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
        setTimeout(() => this.#endHanging(id), hangs).unref();
      };
      const settle = (): void => {
        this.#waiting.delete(id);
        signal?.removeEventListener('abort', abort);
      };
      this.#waiting.set(id, {
        onEvent,
        taken: Promise.resolve(),
        resolve: (value) => (settle(), resolve(value)),
        reject: (error) => (settle(), reject(error)),
      });
      signal?.addEventListener('abort', abort, { once: true });
      this.#unanswered.add(id);
      this.#send({ type: 'call', id, body });
    });
  }

  #send(message: ToEngine): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  #endHanging(id: number): void {
    if (!this.#unanswered.has(id)) return;
    this.#death ??= new LabError(
      'engine-crashed',
      'the engine was ended because it hung in a call that had been cancelled',
      'Open the model again.',
    );
    this.#child.kill('SIGKILL');
  }

  #receive(message: FromEngine): void {
    const { id } = message;
    if (message.type !== 'event') this.#unanswered.delete(id);
    const waiting = this.#waiting.get(id);
    if (message.type === 'event') this.#take(id, waiting, message.value);
    else if (message.type === 'done') waiting?.taken.then(() => waiting.resolve(message.value), waiting.reject);
    else waiting?.reject(LabError.from(message.error));
  }

  #take(id: number, waiting: Waiting | undefined, value: unknown): void {
    const acknowledge = (): void => this.#send({ type: 'ack', id });
    if (waiting === undefined) return acknowledge();
    const take = (): void | Promise<void> => (this.#waiting.has(id) ? waiting.onEvent?.(value as never) : undefined);
    waiting.taken = waiting.taken.then(take).then(acknowledge);
    waiting.taken.catch((thrown: unknown) => {
      this.#send({ type: 'cancel', id });
      waiting.reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
    });
  }

  #end(death: LabError, done: () => void): void {
    this.#death ??= death;
    for (const waiting of [...this.#waiting.values()]) waiting.reject(this.#death);
    done();
  }
}

function cancelled(): LabError {
  return new LabError('cancelled', 'stopped', 'Resume it whenever you like.');
}

/** SIGKILL that the lab did not send is, on Linux and macOS, the system's answer to a lack of memory. */
function deathOf(code: number | null, signal: NodeJS.Signals | null, words: string): LabError {
  const said = words.trim() === '' ? '' : ` Its last words: ${words.trim().split('\n').slice(-3).join(' / ')}`;
  if (signal === 'SIGKILL')
    return new LabError(
      'engine-out-of-memory',
      `the engine process was killed (SIGKILL), most likely because memory ran out.${said}`,
      'Close other programs or use a smaller model, then resume: every finished item is stored.',
    );
  if (/bad_alloc|out of memory|heap limit|Failed to allocate memory/i.test(words))
    return new LabError(
      'engine-out-of-memory',
      `the engine process ran out of memory (${signal ?? `exit ${code}`}).${said}`,
      'Close other programs or use a smaller model, then resume: every finished item is stored.',
    );
  return new LabError(
    'engine-crashed',
    `the engine process ended (${signal ?? `exit ${code}`}).${said}`,
    'Resume the run: every finished item is stored. If it crashes at the same place again, the model file is suspect.',
  );
}

/** The window's end of a wire: typed calls, cancellation, events, and a connection that is made again when it is lost. */
import { LabError, type ErrorReport } from '../../probes/lab-error.ts';
import type { CallName, ClientMessage, EventName, Events, Input, LabClient, Output, Part, ServerMessage } from './contract.ts';
import { isClosing, type Port } from './port.ts';

export interface ClientOptions {
  /** Milliseconds to wait before each attempt to connect again; the last one is repeated. Empty: never. */
  readonly backOff?: readonly number[];
}

export interface ClosableClient extends LabClient {
  /** Ends the connection for good; calls that are waiting fail. */
  close(): void;
}

interface Waiting {
  take(part: unknown): void;
  settle(reply: ServerMessage & { readonly type: 'reply' }): void;
  fail(error: ErrorReport): void;
}

const defaultBackOff = [250, 500, 1000, 2000, 5000] as const;

const lost: ErrorReport = {
  code: 'failed',
  message: 'the connection to the lab was lost',
  advice: 'The window connects again by itself as soon as the lab answers. Every finished item is stored.',
};

/**
 * A client over whatever `dial` connects to. It connects at once; a call made meanwhile waits for that attempt.
 * When the wire is lost, calls under way fail (they may or may not have been carried out, so they are never repeated),
 * and calls made between two attempts fail at once: nothing waits for a lab that may not come back.
 */
export function createClient(dial: () => Promise<Port>, options: ClientOptions = {}): ClosableClient {
  return new Connection(dial, options.backOff ?? defaultBackOff);
}

class Connection implements ClosableClient {
  private readonly dial: () => Promise<Port>;
  private readonly backOff: readonly number[];
  private port: Port | null = null;
  /** The attempt under way; null when connected or between attempts. */
  private attempt: Promise<Port> | null = null;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private closed = false;
  /** null until the first attempt has ended, so that its failure is told as well. */
  private connected: boolean | null = null;
  private nextId = 1;
  private reason: ErrorReport = lost;
  private readonly waiting = new Map<number, Waiting>();
  private readonly listeners = new Map<EventName, Set<(value: unknown) => void>>();
  private readonly watchers = new Set<(connected: boolean) => void>();

  constructor(dial: () => Promise<Port>, backOff: readonly number[]) {
    this.dial = dial;
    this.backOff = backOff;
    this.connect();
  }

  async call<N extends CallName>(
    name: N,
    input: Input<N>,
    signal?: AbortSignal,
    onPart: (part: Part<N>) => void = () => undefined,
  ): Promise<Output<N>> {
    stopIfAborted(name, signal);
    const port = this.port ?? (await this.attempt?.catch(() => null)) ?? null;
    if (port === null || this.port !== port) throw LabError.from(this.reason);
    stopIfAborted(name, signal);
    return this.ask(port, name, input, signal, onPart);
  }

  on<E extends EventName>(name: E, listener: (value: Events[E]) => void): () => void {
    const listeners = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, listeners);
    // A set of its own entry, so that one function may listen twice.
    const entry = (value: unknown): void => listener(value as Events[E]);
    listeners.add(entry);
    return () => void listeners.delete(entry);
  }

  onConnection(listener: (connected: boolean) => void): () => void {
    const entry = (connected: boolean): void => listener(connected);
    this.watchers.add(entry);
    return () => void this.watchers.delete(entry);
  }

  close(): void {
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.port?.close();
    this.reason = { code: 'failed', message: 'the window closed its connection to the lab', advice: 'Open the window again.' };
    this.fail();
  }

  private ask<N extends CallName>(
    port: Port,
    name: N,
    input: Input<N>,
    signal: AbortSignal | undefined,
    onPart: (part: Part<N>) => void,
  ): Promise<Output<N>> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.waiting.delete(id);
        signal?.removeEventListener('abort', abort);
      };
      const abort = (): void => {
        done();
        port.post({ type: 'cancel', id } satisfies ClientMessage);
        reject(cancelled(name));
      };
      signal?.addEventListener('abort', abort);
      this.waiting.set(id, {
        take: (part) => onPart(part as Part<N>),
        settle: (reply) => {
          done();
          if (reply.ok) resolve(reply.value as Output<N>);
          else reject(LabError.from(reply.error));
        },
        fail: (error) => {
          done();
          reject(LabError.from(error));
        },
      });
      try {
        port.post({ type: 'call', id, call: name, input } satisfies ClientMessage);
      } catch (error) {
        // The input holds what no wire can carry, such as a function or a proxy.
        done();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  private connect(): void {
    this.attempt = this.dial();
    this.attempt.then(
      (port) => this.adopt(port),
      () => {
        this.attempt = null;
        this.reason = { ...lost, message: 'the lab cannot be reached' };
        this.tell(false);
        this.retry();
      },
    );
  }

  private adopt(port: Port): void {
    this.attempt = null;
    if (this.closed) {
      port.close();
      return;
    }
    this.port = port;
    this.failures = 0;
    this.reason = lost;
    port.listen((message) => this.receive(message));
    port.onClose(() => {
      if (this.port !== port) return;
      this.port = null;
      this.fail();
      this.retry();
    });
    if (this.port === port) this.tell(true);
  }

  private retry(): void {
    if (this.closed || this.backOff.length === 0) return;
    const delay = this.backOff[Math.min(this.failures, this.backOff.length - 1)];
    this.failures += 1;
    this.timer = setTimeout(() => this.connect(), delay);
  }

  private fail(): void {
    for (const call of [...this.waiting.values()]) call.fail(this.reason);
    this.tell(false);
  }

  private tell(connected: boolean): void {
    if (this.connected === connected) return;
    this.connected = connected;
    for (const watcher of [...this.watchers]) watcher(connected);
  }

  /** The other side is the lab itself, which checked what it sends by its types; the shape alone is looked at here. */
  private receive(received: unknown): void {
    if (isClosing(received)) {
      this.reason = received.error;
      return;
    }
    const message = received as ServerMessage;
    if (message.type === 'reply') this.waiting.get(message.id)?.settle(message);
    else if (message.type === 'part') this.waiting.get(message.id)?.take(message.value);
    else {
      for (const listener of [...(this.listeners.get(message.name as EventName) ?? [])]) listener(message.value);
    }
  }
}

function stopIfAborted(name: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw cancelled(name);
}

function cancelled(name: string): LabError {
  return new LabError('cancelled', `${name} was cancelled`, 'Nothing to do.');
}

/** One end of a wire between the window and the lab: all that client and server know of MessagePort, WebSocket or child process. */
import type { ErrorReport } from '../../probes/lab-error.ts';

export interface Port {
  /** Sends a message; silently nothing once the wire is closed, since the other side can no longer be told. */
  post(message: unknown): void;
  /** Sets the one receiver of messages. */
  listen(receive: (message: unknown) => void): void;
  /** Calls back once, when either side or the wire itself has closed; at once if that has already happened. */
  onClose(closed: () => void): void;
  close(): void;
}

/**
 * Sent last by a side that knows why the wire is about to close, so that the other can name the reason.
 * It belongs to the wire, not to the contract: no caller ever sees it but as the error of the calls it ended.
 */
export interface ClosingMessage {
  readonly type: 'closing';
  readonly error: ErrorReport;
}

export function isClosing(message: unknown): message is ClosingMessage {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'closing' && 'error' in message;
}

/** Two ports joined in memory. Messages are cloned and arrive in a later turn, as on every real wire. */
export function portPair(): [Port, Port] {
  const left = new Side();
  const right = new Side();
  left.other = right;
  right.other = left;
  return [left, right];
}

class Side implements Port {
  other: Side | null = null;
  private receive: ((message: unknown) => void) | null = null;
  private waiting: unknown[] = [];
  private readonly ending = new Ending();

  post(message: unknown): void {
    if (this.ending.over) return;
    const copy: unknown = structuredClone(message);
    queueMicrotask(() => this.other?.deliver(copy));
  }

  listen(receive: (message: unknown) => void): void {
    this.receive = receive;
    for (const message of this.waiting.splice(0)) receive(message);
  }

  onClose(closed: () => void): void {
    this.ending.whenOver(closed);
  }

  close(): void {
    this.ending.end();
    // Messages already under way arrive before the end does.
    queueMicrotask(() => this.other?.ending.end());
  }

  private deliver(message: unknown): void {
    if (this.ending.over) return;
    if (this.receive === null) this.waiting.push(message);
    else this.receive(message);
  }
}

/** A moment that happens once, and that latecomers are told of as well. */
export class Ending {
  over = false;
  private readonly listeners: (() => void)[] = [];

  whenOver(listener: () => void): void {
    if (this.over) listener();
    else this.listeners.push(listener);
  }

  end(): void {
    if (this.over) return;
    this.over = true;
    for (const listener of this.listeners.splice(0)) listener();
  }
}

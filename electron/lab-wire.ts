/**
 * What main and the lab's process say to each other: several windows share the one channel between them, so each message
 * names its window. Messages of the contract travel inside unread; main never looks into them.
 */
import { Ending, type Port } from './rpc/port.ts';

export type ToLab =
  | { readonly type: 'open'; readonly window: number }
  | { readonly type: 'message'; readonly window: number; readonly message: unknown }
  | { readonly type: 'close'; readonly window: number }
  | { readonly type: 'quit' };

export interface FromLab {
  readonly type: 'message';
  readonly window: number;
  readonly message: unknown;
}

/** One window's part of the channel, as the lab's process sees it. */
export class WindowPort implements Port {
  private readonly channel: Port;
  private readonly window: number;
  private readonly ending = new Ending();
  private receive: ((message: unknown) => void) | null = null;

  constructor(channel: Port, window: number) {
    this.channel = channel;
    this.window = window;
  }

  post(message: unknown): void {
    if (!this.ending.over) this.channel.post({ type: 'message', window: this.window, message } satisfies FromLab);
  }

  listen(receive: (message: unknown) => void): void {
    this.receive = receive;
  }

  deliver(message: unknown): void {
    if (!this.ending.over) this.receive?.(message);
  }

  onClose(closed: () => void): void {
    this.ending.whenOver(closed);
  }

  close(): void {
    this.ending.end();
  }
}

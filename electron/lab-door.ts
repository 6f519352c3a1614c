/** The lab's process seen from inside: opens the lab when the first window asks, serves every window, closes it on request. */
import { LabError, reportOf } from '../probes/lab-error.ts';
import { WindowPort, type ToLab } from './lab-wire.ts';
import type { CallName, EventName, Handlers } from './rpc/contract.ts';
import { inputs } from './rpc/inputs.ts';
import type { Port } from './rpc/port.ts';
import { serve, type Served } from './rpc/serve.ts';

export interface ClosableLab extends Served {
  close(): Promise<void>;
}

/**
 * Serves main until it says `quit` or is gone.
 * @param open opens the lab; when it fails (the database is locked, say) every call is answered with that error, and the
 * next call tries again, so that the window can show what is wrong and the user can mend it
 * @param ended called when the lab is closed and the process may end
 */
export function labDoor(channel: Port, open: () => Promise<ClosableLab>, ended: () => void): void {
  const windows = new Map<number, WindowPort>();
  const lab = new Opening(open);
  let ending = false;

  function end(): void {
    if (ending) return;
    ending = true;
    for (const window of windows.values()) window.close();
    void lab
      .close()
      .catch(() => undefined)
      .then(ended);
  }

  channel.onClose(end);
  channel.listen((received) => {
    // Main is the same program as this one; what windows sent inside is checked by `serve`.
    const message = received as ToLab;
    if (message.type === 'quit') end();
    else if (message.type === 'open') {
      const port = new WindowPort(channel, message.window);
      windows.set(message.window, port);
      serve(port, lab);
    } else if (message.type === 'close') {
      windows.get(message.window)?.close();
      windows.delete(message.window);
    } else windows.get(message.window)?.deliver(message.message);
  });
}

/** A lab that is opened by the first call, and again by the next call when that failed. */
class Opening implements Served {
  readonly handlers: Handlers;
  private readonly open: () => Promise<ClosableLab>;
  private readonly listeners = new Set<(name: EventName, value: unknown) => void>();
  private lab: Promise<ClosableLab> | null = null;
  private closed = false;

  constructor(open: () => Promise<ClosableLab>) {
    this.open = open;
    const entries = (Object.keys(inputs) as CallName[]).map((name) => [name, this.handler(name)] as const);
    this.handlers = Object.fromEntries(entries) as unknown as Handlers;
  }

  subscribe(listener: (name: EventName, value: unknown) => void): () => void {
    const entry = (name: EventName, value: unknown): void => listener(name, value);
    this.listeners.add(entry);
    return () => void this.listeners.delete(entry);
  }

  async close(): Promise<void> {
    this.closed = true;
    await (await this.lab)?.close();
  }

  private handler<N extends CallName>(name: N): Handlers[N] {
    const run = async (input: Parameters<Handlers[N]>[0], signal: AbortSignal): Promise<unknown> => {
      const lab = await this.opened();
      // The compiler cannot see that handler and input belong to the same name.
      return (lab.handlers[name] as (input: unknown, signal: AbortSignal) => unknown)(input, signal);
    };
    return run as unknown as Handlers[N];
  }

  private opened(): Promise<ClosableLab> {
    if (this.closed) throw new LabError('failed', 'the lab is closing', 'Start it again.');
    this.lab ??= this.tryOpen();
    return this.lab;
  }

  private async tryOpen(): Promise<ClosableLab> {
    try {
      const lab = await this.open();
      lab.subscribe((name, value) => {
        for (const listener of [...this.listeners]) listener(name, value);
      });
      return lab;
    } catch (error) {
      this.lab = null;
      throw LabError.from(reportOf(error));
    }
  }
}

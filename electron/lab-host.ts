/** The lab's process seen from main: starts it, passes messages between windows and lab, starts it again after a crash, ends it. */
import type { ChildProcess } from 'node:child_process';
import type { ErrorReport } from '../probes/lab-error.ts';
import type { FromLab, ToLab } from './lab-wire.ts';
import type { ClosingMessage, Port } from './rpc/port.ts';
import { overProcess } from './rpc/wires.ts';

export interface LabHostOptions {
  /** Starts the lab's process with an ipc channel. */
  readonly start: () => ChildProcess;
  /** Milliseconds before each start after a crash; the last one is repeated. */
  readonly backOff?: readonly number[];
  /** After this long without a crash the back-off begins anew. */
  readonly steadyAfter?: number;
  /** How long the lab may take to close before it is killed. */
  readonly patience?: number;
}

export interface LabHost {
  /** Joins a window's port to the lab. When the lab ends, the window is told why and its port closed; it connects again by itself. */
  attach(window: Port): void;
  /** Asks the lab to close, waits, and kills it if it takes too long. */
  close(): Promise<void>;
}

/** Starts the lab's process at once. */
export function startLabHost(options: LabHostOptions): LabHost {
  return new Host(options);
}

class Host implements LabHost {
  private readonly start: () => ChildProcess;
  private readonly backOff: readonly number[];
  private readonly steadyAfter: number;
  private readonly patience: number;
  private readonly windows = new Map<number, Port>();
  private nextWindow = 1;
  private lab: { readonly process: ChildProcess; readonly channel: Port } | null = null;
  private crashes = 0;
  private lastStart = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private closing: Promise<void> | null = null;
  private ended: (() => void) | null = null;

  constructor(options: LabHostOptions) {
    this.start = options.start;
    this.backOff = options.backOff ?? [250, 1000, 4000, 15_000];
    this.steadyAfter = options.steadyAfter ?? 60_000;
    this.patience = options.patience ?? 5000;
    this.launch();
  }

  attach(port: Port): void {
    if (this.lab === null) {
      tell(port, this.closing === null ? crashed('has not started yet') : stopped);
      return;
    }
    const { channel } = this.lab;
    const window = this.nextWindow++;
    this.windows.set(window, port);
    channel.post({ type: 'open', window } satisfies ToLab);
    port.listen((message) => channel.post({ type: 'message', window, message } satisfies ToLab));
    port.onClose(() => {
      if (this.windows.delete(window)) channel.post({ type: 'close', window } satisfies ToLab);
    });
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private launch(): void {
    this.timer = null;
    this.lastStart = Date.now();
    const process = this.start();
    const channel = overProcess(process);
    this.lab = { process, channel };
    channel.listen((received) => {
      const message = received as FromLab;
      this.windows.get(message.window)?.post(message.message);
    });
    // A process that cannot be started at all says 'error' and never 'exit'; one that ended says 'exit'.
    let over = false;
    const end = (how: string): void => {
      if (over) return;
      over = true;
      this.lost(how);
    };
    process.once('error', (error) => end(`could not be started (${error.message})`));
    process.once('exit', (code, signal) => end(signal === null ? `ended with status ${code ?? 'unknown'}` : `was ended by ${signal}`));
  }

  private lost(how: string): void {
    this.lab = null;
    const reason = this.closing === null ? crashed(how) : stopped;
    const windows = [...this.windows.values()];
    this.windows.clear();
    for (const window of windows) tell(window, reason);
    this.ended?.();
    if (this.closing !== null) return;
    if (Date.now() - this.lastStart >= this.steadyAfter) this.crashes = 0;
    const delay = this.backOff[Math.min(this.crashes, this.backOff.length - 1)] ?? 1000;
    this.crashes += 1;
    this.timer = setTimeout(() => this.launch(), delay);
  }

  private async end(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    const { lab } = this;
    if (lab === null) return;
    const gone = new Promise<void>((resolve) => {
      this.ended = resolve;
    });
    lab.channel.post({ type: 'quit' } satisfies ToLab);
    const impatience = setTimeout(() => lab.process.kill('SIGKILL'), this.patience);
    await gone;
    clearTimeout(impatience);
  }
}

const stopped: ErrorReport = {
  code: 'failed',
  message: 'the lab was stopped',
  advice: 'Start it again. A run that was under way can be resumed.',
};

function crashed(how: string): ErrorReport {
  return {
    code: 'engine-crashed',
    message: `the lab's process ${how}`,
    advice: 'It is started again by itself. Every finished item is stored; resume the run to go on.',
  };
}

function tell(window: Port, error: ErrorReport): void {
  window.post({ type: 'closing', error } satisfies ClosingMessage);
  window.close();
}

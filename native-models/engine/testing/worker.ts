/**
 * An engine process without a model, for tests of what becomes of one: the `source` of an `open` call says what it does.
 * - `events N`: streams the numbers below N, waiting as an engine does; answers with the most that were on their way at once.
 * - `stand still`, `compute`: never answer, without and with using the processor.
 * - `hoard`: takes memory until there is none.
 * - `complain TEXT` answers and writes the text to its error stream before, `die TEXT` writes it and crashes.
 * - anything else is answered with itself.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { createEventWindow, type EventWindow } from '../event-window.ts';
import type { ToEngine } from '../protocol.ts';

const windows = new Map<number, EventWindow>();
const kept: Uint8Array[] = [];

process.on('disconnect', () => process.exit(0));

process.on('message', (message: ToEngine) => {
  if (message.type === 'ack') windows.get(message.id)?.acknowledge();
  if (message.type !== 'call' || message.body.call !== 'open') return;
  const [what = '', ...rest] = message.body.source.split(' ');
  void perform(message.id, what, rest.join(' ')).then((value) => process.send!({ type: 'done', id: message.id, value }));
});

async function perform(id: number, what: string, text: string): Promise<unknown> {
  switch (what) {
    case 'events':
      return stream(id, Number(text));
    case 'stand':
      return new Promise(() => undefined);
    case 'compute':
      for (;;) Math.random();
    case 'hoard':
      for (;;) {
        kept.push(new Uint8Array(10e6).fill(1));
        await pause(100);
      }
    case 'complain':
      process.stderr.write(`${text}\n`);
      return text;
    case 'die':
      process.stderr.write(`${text}\n`, () => process.kill(process.pid, 'SIGABRT'));
      return new Promise(() => undefined);
    default:
      return what;
  }
}

async function stream(id: number, count: number): Promise<number> {
  let [sent, taken, most] = [0, 0, 0];
  const window = createEventWindow((value) => process.send!({ type: 'event', id, value }), new AbortController().signal);
  windows.set(id, { emit: window.emit, acknowledge: () => (taken++, window.acknowledge()) });
  while (sent < count) {
    const room = window.emit(sent++);
    most = Math.max(most, sent - taken);
    await room;
  }
  return most;
}

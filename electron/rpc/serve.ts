/** The lab's end of a wire: checks what comes in, calls the handler, answers; passes events on. */
import { z } from 'zod';
import { LabError, reportOf } from '../../probes/lab-error.ts';
import type { CallName, EventName, Handlers, Output, Part, ServerMessage, StreamingHandler } from './contract.ts';
import { inputs, isCallName } from './inputs.ts';
import type { Port } from './port.ts';

/** What `electron/lab/lab.ts` opens, as far as a wire needs it. */
export interface Served {
  readonly handlers: Handlers;
  subscribe(listener: (name: EventName, value: unknown) => void): () => void;
}

const message = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('call'), id: z.int(), call: z.string().max(200), input: z.unknown() }),
  z.strictObject({ type: z.literal('cancel'), id: z.int() }),
]);

/**
 * Answers one client until its wire closes; its calls are then cancelled.
 * A message that is neither a call nor a cancellation is ignored: there is no id to answer to.
 */
export function serve(port: Port, lab: Served): void {
  const running = new Map<number, AbortController>();
  const unsubscribe = lab.subscribe((name, value) => send(port, { type: 'event', name, value }));

  port.onClose(() => {
    unsubscribe();
    for (const controller of running.values()) controller.abort();
    running.clear();
  });

  port.listen((received) => {
    const read = message.safeParse(received);
    if (!read.success) return;
    if (read.data.type === 'cancel') running.get(read.data.id)?.abort();
    else void answer(read.data.id, read.data.call, read.data.input);
  });

  async function answer(id: number, call: string, input: unknown): Promise<void> {
    const controller = new AbortController();
    running.set(id, controller);
    const emit: Emit = (value) => {
      if (!controller.signal.aborted) send(port, { type: 'part', id, value });
    };
    try {
      send(port, { type: 'reply', id, ok: true, value: await perform(lab.handlers, call, input, controller.signal, emit) });
    } catch (error) {
      send(port, { type: 'reply', id, ok: false, error: reportOf(error) });
    } finally {
      running.delete(id);
    }
  }
}

type Emit = (part: Part<CallName>) => void;

function perform(handlers: Handlers, call: string, input: unknown, signal: AbortSignal, emit: Emit): Promise<Output<CallName>> {
  if (!isCallName(call))
    throw new LabError('usage', `the lab has no call "${call}"`, 'Window and lab are of different versions: start the lab again.');
  return run(handlers, call, input, signal, emit);
}

async function run<N extends CallName>(
  handlers: Handlers,
  call: N,
  input: unknown,
  signal: AbortSignal,
  emit: (part: Part<N>) => void,
): Promise<Output<N>> {
  const read = inputs[call].safeParse(input);
  if (!read.success) throw new LabError('usage', `${call}: ${problems(read.error)}`, 'Check what was entered, and try again.');
  const result = await (handlers[call] as StreamingHandler<N>)(read.data, signal, emit);
  if (signal.aborted) throw new LabError('cancelled', `${call} was cancelled`, 'Nothing to do.');
  return result;
}

function problems(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map((issue) => (issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`))
    .join('; ');
}

/** A value that cannot be cloned is a defect of the handler; it becomes the error of that call and not the end of the wire. */
function send(port: Port, outgoing: ServerMessage): void {
  try {
    port.post(outgoing);
  } catch (error) {
    if (outgoing.type === 'reply') port.post({ type: 'reply', id: outgoing.id, ok: false, error: reportOf(error) } satisfies ServerMessage);
  }
}

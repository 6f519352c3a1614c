/** The engine process: one model, one call after the other. It ends when the lab's channel closes, so it never outlives the lab. */
import { LabError, reportOf } from '../../probes/lab-error.ts';
import { openLanguageModel, type LanguageModel } from '../language-model.ts';
import type { EngineCall, FromEngine, ToEngine } from './protocol.ts';

let model: LanguageModel | null = null;
let last: Promise<unknown> = Promise.resolve();
const running = new Map<number, AbortController>();

process.on('disconnect', () => process.exit(0));
// The terminal sends its interrupt to the whole group: the lab decides what becomes of the engine.
process.on('SIGINT', () => undefined);

process.on('message', (message: ToEngine) => {
  if (message.type === 'cancel') {
    running.get(message.id)?.abort();
    return;
  }
  const controller = new AbortController();
  running.set(message.id, controller);
  last = last.then(() => answer(message.id, message.body, controller.signal)).finally(() => running.delete(message.id));
});

async function answer(id: number, body: EngineCall, signal: AbortSignal): Promise<void> {
  try {
    signal.throwIfAborted();
    send({ type: 'done', id, value: await perform(id, body, signal) });
  } catch (thrown) {
    const error = signal.aborted ? new LabError('cancelled', 'stopped', 'Resume it whenever you like.') : thrown;
    send({ type: 'failed', id, error: reportOf(error) });
  }
}

async function perform(id: number, body: EngineCall, signal: AbortSignal): Promise<unknown> {
  if (body.call === 'open') {
    model = await openLanguageModel(body.source, body.threads);
    return model.description;
  }
  if (model === null) throw new LabError('failed', 'the engine was asked before it had a model', 'Open the model first.');
  switch (body.call) {
    case 'answer':
      return model.answer(body.requests, signal);
    case 'generate':
      return model.generate(body.request, body.sampling, (text) => send({ type: 'text', id, text }), signal);
    case 'hiddenStates':
      return model.hiddenStates(body.requests, signal);
  }
}

function send(message: FromEngine): void {
  // The lab may be gone already; the channel's end is handled above.
  if (process.connected) process.send?.(message, () => undefined);
}

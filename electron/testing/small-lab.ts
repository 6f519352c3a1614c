/** A small real lab for tests of the wires and the shell: a few handlers that answer, fail, wait and emit; no database, no model. */
import { EventEmitter, once } from 'node:events';
import { LabError } from '../../probes/lab-error.ts';
import type { CallName, EventName, Handlers, LabInfo, ModelCard, SessionSummary } from '../rpc/contract.ts';
import { inputs } from '../rpc/inputs.ts';

export const info: LabInfo = { version: '0', database: ':memory:', versions: {}, shell: 'browser', homeFolder: '/' };

/** What JSON would lose: each must arrive as it left. */
export const oddValues = {
  nan: NaN,
  least: -Infinity,
  minusZero: -0,
  missing: undefined,
  nested: [{ logprobs: [-0.25, NaN, null] }, []],
  hidden: new Float32Array([1.5, -2, NaN]),
  text: 'ü\u2028</script>\0',
};

/** A lab whose other calls are refused. */
export function labWith(some: Partial<Handlers>) {
  const emitter = new EventEmitter();
  const refused = Object.fromEntries(
    Object.keys(inputs).map((name) => [
      name,
      () => {
        throw new LabError('not-found', `${name} is not in this test's lab`, 'None.');
      },
    ]),
  ) as unknown as Handlers;
  return {
    handlers: { ...refused, ...some },
    emit: (name: EventName, value: unknown) => void emitter.emit('event', name, value),
    subscribe(listener: (name: EventName, value: unknown) => void) {
      emitter.on('event', listener);
      return () => void emitter.off('event', listener);
    },
    listeners: () => emitter.listenerCount('event'),
    close: () => Promise.resolve(),
  };
}

export type SmallLab = ReturnType<typeof labWith>;

/** Answers `lab.info`, misbehaves on demand in `models.inspect`, waits in `models.forget`, emits in `sessions.update`, and streams in `playground.generate`. */
export function smallLab(): SmallLab {
  const lab = labWith({
    'lab.info': () => info,
    'models.inspect': ({ source }) => {
      if (source === 'odd') return oddValues as unknown as ModelCard;
      if (source === 'function') return { run: () => 1 } as unknown as ModelCard;
      if (source === 'crash') process.exit(7);
      if (source === 'unforeseen') throw new TypeError('no such field');
      throw new LabError('model-not-found', `no model in ${source}`, 'Choose a folder that holds config.json.');
    },
    // Waits until it is cancelled, and says so in an event.
    'models.forget': async ({ source }, signal) => {
      lab.emit('sessions.changed', { waiting: source });
      if (!signal.aborted) await once(signal, 'abort');
      lab.emit('sessions.changed', { stopped: source });
      return {};
    },
    // Three words, and a fourth once it was cancelled, which nobody may see.
    'playground.generate': async ({ maxTokens }, signal, emit) => {
      const say = (piece: string): void => emit({ text: piece, token: 1, piece, logprob: -Infinity, alternatives: [] });
      for (const piece of ['one', 'two', 'three']) say(piece);
      if (maxTokens > 3 && !signal.aborted) {
        await once(signal, 'abort');
        say('four');
      }
      return {
        kind: 'generate',
        key: '',
        rendered: '',
        promptTokens: [],
        text: 'one two three',
        tokens: [1, 1, 1],
        pieces: [],
        refused: null,
      };
    },
    'sessions.update': ({ id, title }): SessionSummary => {
      lab.emit('sessions.changed', {});
      return { id, title: title ?? '', notes: '', createdAt: '', runs: [] };
    },
  });
  return lab;
}

export const callNames = Object.keys(inputs) as CallName[];

/** How many tokens a second a model takes on each device of this machine. */
import type { EngineClient } from '../../native-models/engine/client.ts';
import { quantile } from '../../probes/numerics/intervals.ts';
import { LabError, reportOf, type ErrorReport } from '../../probes/lab-error.ts';
import type { ModelReply, Prompt } from '../../probes/request.ts';
import type { Device, DeviceSpeed, Parts, Speed, SpeedReport, SpeedTask } from '../rpc/contract.ts';
import type { Engines } from './engines.ts';

/** Runs of each task on each device, in turn with the other devices, so that a busy moment strikes all alike. */
const runs = 5;
/** A run takes about this long, so that starting it does not count. */
const runSeconds = 0.5;
const mostTexts = 512;
const mostGenerated = 64;

type Emit = (part: Parts['models.speed']) => void;

/** One device of a model under measurement. */
interface Bench {
  readonly device: Device;
  readonly engine: EngineClient;
  readonly results: Map<SpeedTask, { rates: number[]; tokens: number }>;
  /** What ended the measurement on this device. */
  error: ErrorReport | null;
}

/**
 * @param source as in a `ModelRef`
 * @throws LabError `usage` for models that take no text; what keeps a single device from being measured is told in the report
 */
export async function measureSpeed(engines: Engines, source: string, signal: AbortSignal, emit: Emit): Promise<SpeedReport> {
  // Loads ONNX Runtime, which the lab otherwise leaves to its engines.
  const { candidates, missing } = await import('../../native-models/device/devices.ts');
  const failed: DeviceSpeed[] = [];
  const benches: Bench[] = [];

  /** Opens one device after the other, and measures while all are open. */
  const withDevices = async (waiting: readonly Device[]): Promise<void> => {
    const [device, ...rest] = waiting;
    if (device === undefined) return measureAll(benches, signal, emit);
    const absent = missing(device);
    const failure =
      absent === null
        ? await openOn(device, rest)
        : new LabError('device-unavailable', absent, 'Nothing to do, if the others are fast enough.');
    if (failure === null) return;
    failed.push({ device, error: reportOf(failure), speeds: [] });
    await withDevices(rest);
  };

  /** @returns why the model does not open on a device; null once everything was measured */
  const openOn = async (device: Device, rest: readonly Device[]): Promise<unknown> => {
    emit({ device, task: 'opening', done: 0, total: 0 });
    const opened = { yet: false };
    const work = (engine: EngineClient): Promise<void> => {
      opened.yet = true;
      benches.push({ device, engine, results: new Map(), error: null });
      return withDevices(rest);
    };
    try {
      await engines.use(source, signal, work, { device });
      return null;
    } catch (thrown) {
      signal.throwIfAborted();
      if (opened.yet) throw thrown;
      return thrown;
    }
  };

  // The processor first: all others are compared with it.
  await withDevices(['cpu', ...candidates('auto').filter((device) => device !== 'cpu')]);
  const measured = benches.map(({ device, results, error }): DeviceSpeed => ({
    device,
    error,
    speeds: [...results].map(([task, { rates, tokens }]) => summary(task, rates, tokens)),
  }));
  return { at: new Date().toISOString(), devices: [...measured, ...failed] };
}

async function measureAll(benches: readonly Bench[], signal: AbortSignal, emit: Emit): Promise<void> {
  const [first] = benches;
  if (first === undefined) return;
  const { description } = first.engine;
  if (description.task === 'image-classifier' || description.noTokenizer !== null)
    throw new LabError('usage', 'this model takes no text, so it has no speed in tokens', 'Measure a model of text.');
  const tasks: readonly SpeedTask[] = description.task === 'decoder' ? ['score', 'activations', 'generate'] : ['activations'];
  const total = benches.length * tasks.length * runs;
  let done = 0;
  for (const task of tasks) {
    const sizes = new Map<Bench, number>();
    for (const bench of benches) {
      emit({ device: bench.device, task, done, total });
      await orFail(bench, signal, async () => void sizes.set(bench, await rightSize(bench.engine, task, signal)));
    }
    for (let run = 0; run < runs; run++)
      for (const bench of benches) {
        await orFail(bench, signal, async () => {
          const { tokens, seconds } = await timed(bench.engine, task, sizes.get(bench)!, signal);
          const result = bench.results.get(task) ?? { rates: [], tokens };
          result.rates.push(tokens / seconds);
          bench.results.set(task, result);
        });
        emit({ device: bench.device, task, done: ++done, total });
      }
  }
}

/** A device that fails is left out from then on; the others go on. */
async function orFail(bench: Bench, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  if (bench.error !== null) return;
  try {
    await work();
  } catch (thrown) {
    signal.throwIfAborted();
    bench.error = reportOf(thrown);
  }
}

/** How much of a task takes about as long as a run should; the first call opens the graph and is not measured. */
async function rightSize(engine: EngineClient, task: SpeedTask, signal: AbortSignal): Promise<number> {
  const probe = 4;
  await timed(engine, task, 1, signal);
  const { seconds } = await timed(engine, task, probe, signal);
  const most = task === 'generate' ? mostGenerated : mostTexts;
  return Math.max(1, Math.min(most, Math.round((probe * runSeconds) / Math.max(seconds, 0.001))));
}

/** @param size texts, or tokens to generate */
async function timed(
  engine: EngineClient,
  task: SpeedTask,
  size: number,
  signal: AbortSignal,
): Promise<{ tokens: number; seconds: number }> {
  const began = performance.now();
  const tokens = await tasks[task](engine, size, signal);
  const seconds = (performance.now() - began) / 1000;
  if (tokens === 0)
    throw new LabError('failed', `the model took none of the texts for ${task}`, 'Look at its positions and its tokenizer.');
  return { tokens, seconds };
}

/** Each does so much of a task, and says how many tokens went through the model. */
const tasks: Readonly<Record<SpeedTask, (engine: EngineClient, size: number, signal: AbortSignal) => Promise<number>>> = {
  score: async (engine, size, signal) => {
    const requests = sampleTexts(size).map((prompt, index) => ({
      kind: 'score' as const,
      key: String(index),
      prompt,
      continuations: ['the night was cold.'],
    }));
    return (await engine.answer(requests, signal)).reduce((sum, reply) => sum + tokensOf(reply), 0);
  },
  activations: async (engine, size, signal) => {
    const { hooks, residual } = engine.description;
    const middle = residual[residual.length >> 1] ?? hooks[hooks.length >> 1];
    if (middle === undefined) throw new LabError('usage', 'the model has no hook to read', 'Nothing to do.');
    const texts = sampleTexts(size).map((prompt) => ({ prompt, positions: 'all' as const }));
    let sum = 0;
    await engine.activations(
      { texts, hooks: [middle.name] },
      (batch) => {
        for (const tokens of batch.tokens) sum += tokens.length;
      },
      signal,
    );
    return sum;
  },
  generate: async (engine, size, signal) => {
    const sampling = { temperature: 1, topK: 0, topP: 1, repetitionPenalty: 1, seed: 1 };
    const [prompt] = sampleTexts(1);
    const request = { kind: 'generate' as const, key: 'speed', prompt: prompt!, maxTokens: size };
    const reply = await engine.generate(request, { sampling, stop: [], alternatives: 0 }, () => undefined, signal);
    return tokensOf(reply);
  },
};

/** Tokens that were computed; a text that ends by itself took one step more than it has tokens. */
function tokensOf(reply: ModelReply): number {
  if (reply.kind === 'generate') return reply.tokens.length + (reply.ended === 'stop-token' ? 1 : 0);
  if (reply.kind !== 'score') return 0;
  return reply.continuations.reduce((sum, { tokens }) => sum + reply.promptTokens.length + tokens.length, 0);
}

/** Plain texts of some forty words that begin differently, so that nothing of one can be used for another. */
function sampleTexts(count: number): Prompt[] {
  return Array.from({ length: count }, (_, index) => ({
    text: `${index + 1} ships lay in the harbour when the storm came. The oldest of the captains stood on the wall and counted the lights on the water, as he had done every evening since the year in which the lighthouse was built, and`,
  }));
}

function summary(task: SpeedTask, rates: readonly number[], tokens: number): Speed {
  const sorted = rates.toSorted((left, right) => left - right);
  return { task, median: quantile(sorted, 0.5), least: sorted[0]!, most: sorted.at(-1)!, n: sorted.length, tokens };
}

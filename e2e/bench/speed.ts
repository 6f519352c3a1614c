/** Activations and multiple-choice scoring: the lab's way, the plain way in the same runtime, and PyTorch. */
import { Tensor } from 'onnxruntime-node';
import { readHooks } from '../../native-models/decoder/activations.ts';
import { Budget } from '../../native-models/decoder/budget.ts';
import { DecoderInputs } from '../../native-models/decoder/inputs.ts';
import { Scorer } from '../../native-models/decoder/score.ts';
import { Sessions } from '../../native-models/decoder/sessions.ts';
import { Decoder, wanted } from '../../native-models/decoder/step.ts';
import { createSession } from '../../native-models/device/session.ts';
import { tapGraph } from '../../native-models/graph/tap-graph.ts';
import { readModel } from '../../native-models/open.ts';
import { residualPoints } from '../../native-models/opened.ts';
import { alternate, type Timing } from './alternate.ts';
import { tokenRows } from './model.ts';
import type { BenchResult } from './result.ts';
import type { Torch } from './torch.ts';

export interface SpeedOptions {
  readonly folder: string;
  readonly vocabulary: number;
  readonly threads: number;
  readonly rounds: number;
  readonly torch: Torch | null;
}

const rows = 8;
const length = 128;

/** All hidden states of all positions against the bare forward pass of the same graph. */
export async function benchActivations({ folder, vocabulary, threads, rounds, torch }: SpeedOptions): Promise<BenchResult[]> {
  const opened = readModel(folder);
  const inputs = new DecoderInputs(opened.model);
  const options = { threads, weightFolder: opened.weightFolder };
  const hooks = residualPoints(opened.hooks);
  const last = hooks.slice(-1);
  const plain = await createSession(opened.model, opened.graphFile, options);
  const headless = await createSession(tapGraph(opened, last, 'rows'), opened.graphFile, options);
  const taps = await createSession(tapGraph(opened, hooks, 'all'), opened.graphFile, options);
  const texts = tokenRows(rows, length, vocabulary, 1);
  const budget = new Budget();
  budget.tokens = rows * length;
  const jobs = texts.map((tokens) => ({ tokens, positions: null, edits: null }));
  const lastOnly = texts.map((tokens) => ({ tokens, positions: [length - 1], edits: null }));
  const feeds = inputs.rows(texts);
  const times = await alternate(
    {
      'bare forward pass, logits': async () => {
        await plain.run(wanted(plain, feeds), [opened.output]);
        return undefined;
      },
      'bare forward pass, no head': async () => {
        for await (const batch of readHooks(headless, inputs, last, 'rows', lastOnly, budget)) void batch;
        return undefined;
      },
      'activations of all blocks': async () => {
        for await (const batch of readHooks(taps, inputs, hooks, 'all', jobs, budget)) void batch;
        return undefined;
      },
      ...(torch === null ? {} : { PyTorch: async () => (await torch.ask({ what: 'hidden', rows: texts })).ms }),
    },
    rounds,
  );
  for (const session of [plain, headless, taps]) await session.release();
  const ours = times['activations of all blocks']!;
  const against = (name: string): number => times[name]!.median / ours.median;
  const pick = (...names: string[]): Timing[] => ['activations of all blocks', ...names].map((name) => times[name]!);
  const shape = `${rows} texts of ${length} tokens, all ${hooks.length} points of the stream, all positions`;
  return [
    {
      name: 'activations / bare forward pass',
      about: `${shape}, against the graph as it is, logits fetched`,
      ratio: against('bare forward pass, logits'),
      target: 0.95,
      unit: 'times',
      timings: pick('bare forward pass, logits'),
    },
    {
      name: 'activations / headless forward pass',
      about: `${shape}, against the same graph without its head, the last state of each text fetched`,
      ratio: against('bare forward pass, no head'),
      target: 0.95,
      unit: 'times',
      timings: pick('bare forward pass, no head'),
    },
    {
      name: 'activations / PyTorch',
      about: `${shape}, against transformers with output_hidden_states, without its head`,
      ratio: torch === null ? null : against('PyTorch'),
      target: torch === null ? null : 1.5,
      unit: 'times',
      timings: torch === null ? [] : pick('PyTorch'),
    },
  ];
}

const prefixTokens = 200;
const choices = 8;
const choiceTokens = 15;

/** Eight answers to a prompt of 200 tokens against lm-evaluation-harness' way: each behind the whole prompt, with all logits. */
export async function benchChoices({ folder, vocabulary, threads, rounds, torch }: SpeedOptions): Promise<BenchResult[]> {
  const opened = readModel(folder);
  const inputs = new DecoderInputs(opened.model);
  const options = { threads, weightFolder: opened.weightFolder };
  const sessions = new Sessions((model) => createSession(model, opened.graphFile, options), 2);
  const decoder = new Decoder(opened, inputs, sessions, new Budget(), false);
  const plain = await createSession(opened.model, opened.graphFile, options);
  const continuations = tokenRows(choices, choiceTokens, vocabulary, 2);
  let ours: number[][] = [];
  let naive: number[][] = [];
  // A prompt of its own in each round, the same for all ways: what was computed in the last one must not help.
  const prompts = (): (() => number[]) => {
    let round = 0;
    return () => tokenRows(1, prefixTokens, vocabulary, 100 + round++)[0]!;
  };
  const [forOurs, forPlain, forTorch] = [prompts(), prompts(), prompts()];
  const scorer = new Scorer(decoder, vocabulary, true);
  const times = await alternate(
    {
      'shared prefix, in-graph log-probabilities': async () => {
        const prompt = forOurs();
        ours = (await scorer.score(continuations.map((continuation) => ({ prompt, continuation, edits: null })))).map(({ logprobs }) => [
          ...logprobs,
        ]);
        return undefined;
      },
      'every continuation recomputed, full logits': async () => {
        naive = await recompute(plain, inputs, opened.output, forPlain(), continuations, vocabulary);
        return undefined;
      },
      ...(torch === null
        ? {}
        : {
            PyTorch: async () => {
              const reply = await torch.ask({ what: 'choices', prefix: forTorch(), continuations });
              return reply.ms;
            },
          }),
    },
    rounds,
  );
  await sessions.close();
  await plain.release();
  const own = times['shared prefix, in-graph log-probabilities']!;
  const other = times['every continuation recomputed, full logits']!;
  return [
    {
      name: 'multiple choice / recomputing',
      about: `${choices} answers of ${choiceTokens} tokens to a prompt of ${prefixTokens}, against a batch of whole rows with full logits, normalised in JavaScript`,
      ratio: other.median / own.median,
      target: 4,
      unit: 'times',
      timings: [own, other],
    },
    {
      name: 'multiple choice / PyTorch',
      about: 'the same, against a batch of whole rows with full logits in PyTorch',
      ratio: torch === null ? null : times['PyTorch']!.median / own.median,
      target: torch === null ? null : 4,
      unit: 'times',
      timings: torch === null ? [] : [own, times['PyTorch']!],
    },
    {
      name: 'multiple choice, difference',
      about: 'largest difference of a log-probability from recomputing it',
      ratio: difference(ours, naive),
      target: 1e-4,
      unit: 'nats',
      timings: [],
    },
  ];
}

async function recompute(
  session: Awaited<ReturnType<typeof createSession>>,
  inputs: DecoderInputs,
  output: string,
  prefix: readonly number[],
  continuations: readonly (readonly number[])[],
  vocabulary: number,
): Promise<number[][]> {
  const texts = continuations.map((continuation) => [...prefix, ...continuation]);
  const tensor: Tensor = (await session.run(wanted(session, inputs.rows(texts)), [output]))[output]!;
  const logits = tensor.data as Float32Array;
  const width = texts[0]!.length;
  return continuations.map((continuation, row) =>
    continuation.map((token, at) => {
      const from = (row * width + prefix.length - 1 + at) * vocabulary;
      let most = -Infinity;
      for (let id = 0; id < vocabulary; id++) if (logits[from + id]! > most) most = logits[from + id]!;
      let sum = 0;
      for (let id = 0; id < vocabulary; id++) sum += Math.exp(logits[from + id]! - most);
      return logits[from + token]! - most - Math.log(sum);
    }),
  );
}

function difference(left: readonly (readonly number[])[], right: readonly (readonly number[])[]): number {
  return Math.max(...left.flatMap((row, at) => row.map((value, index) => Math.abs(value - right[at]![index]!))));
}

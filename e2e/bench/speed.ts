/** Activations and multiple-choice scoring: the lab's way, the plain way in the same runtime, and PyTorch. */
import type { InferenceSession, Tensor } from 'onnxruntime-node';
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
import { alternate } from './alternate.ts';
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

interface Texts {
  readonly name: string;
  readonly about: string;
  readonly texts: readonly (readonly number[])[];
  /** Texts that the rival takes at once. */
  readonly batch: number;
}

/** What researchers run: full batches, texts of all lengths in the order in which they lie in a file, and one short text at a time. */
function workloads(vocabulary: number): Texts[] {
  const lengths = [12, 180, 35, 60, 22, 95, 14, 140, 28, 48, 75, 18, 200, 31, 25, 110, 16, 55, 40, 21, 150, 33, 64, 19];
  return [
    { name: 'equal lengths', about: '8 texts of 128 tokens', texts: tokenRows(8, 128, vocabulary, 1), batch: 8 },
    {
      name: 'mixed lengths',
      about: '24 texts of 12 to 200 tokens; PyTorch takes them 8 at a time as they come, padded',
      texts: lengths.map((length, index) => tokenRows(1, length, vocabulary, 10 + index)[0]!),
      batch: 8,
    },
    { name: 'one by one', about: '8 texts of 24 tokens, one after the other', texts: tokenRows(8, 24, vocabulary, 5), batch: 1 },
  ];
}

/** All hidden states of all positions against the bare forward pass of the same graph, and against PyTorch. */
export async function benchActivations({ folder, vocabulary, threads, rounds, torch }: SpeedOptions): Promise<BenchResult[]> {
  const opened = readModel(folder);
  const inputs = new DecoderInputs(opened.model);
  const options = { threads, weightFolder: opened.weightFolder };
  const hooks = residualPoints(opened.hooks);
  const plain = await createSession(opened.model, opened.graphFile, options);
  const taps = await createSession(tapGraph(opened, hooks, 'all'), opened.graphFile, options);
  const headless = await createSession(tapGraph(opened, hooks.slice(-1), 'rows'), opened.graphFile, options);
  const budget = new Budget();
  const read = async (session: InferenceSession, wantedHooks: typeof hooks, mode: 'all' | 'rows', texts: Texts): Promise<undefined> => {
    const jobs = texts.texts.map((tokens) => ({ tokens, positions: mode === 'all' ? null : [tokens.length - 1], edits: null }));
    // One text at a time, where the rival gets them so.
    const groups = texts.batch === 1 ? jobs.map((job) => [job]) : [jobs];
    for (const group of groups) for await (const batch of readHooks(session, inputs, wantedHooks, mode, group, budget)) void batch;
    return undefined;
  };
  const [equal, ...others] = workloads(vocabulary) as [Texts, ...Texts[]];
  budget.tokens = 8 * 128;
  const feeds = inputs.rows(equal.texts);
  const times = await alternate(
    {
      'bare forward pass, logits': async () => {
        await plain.run(wanted(plain, feeds), [opened.output]);
        return undefined;
      },
      'bare forward pass, no head': () => read(headless, hooks.slice(-1), 'rows', equal),
      'activations of all blocks': () => read(taps, hooks, 'all', equal),
    },
    rounds,
  );
  const ours = times['activations of all blocks']!;
  const shape = `${equal.about}, all ${hooks.length} points of the stream, all positions`;
  const results: BenchResult[] = [
    {
      name: 'activations / bare forward pass',
      about: `${shape}, against the graph as it is, logits fetched`,
      ratio: times['bare forward pass, logits']!.median / ours.median,
      target: 0.95,
      unit: 'times',
      timings: [ours, times['bare forward pass, logits']!],
    },
    {
      name: 'activations / headless forward pass',
      about: `${shape}, against the same graph without its head, the last state of each text fetched`,
      ratio: times['bare forward pass, no head']!.median / ours.median,
      target: 0.95,
      unit: 'times',
      timings: [ours, times['bare forward pass, no head']!],
    },
  ];
  await plain.release();
  await headless.release();
  budget.tokens = new Budget().tokens;
  for (const texts of torch === null ? [] : [equal, ...others]) {
    const both = await alternate(
      {
        'activations of all blocks': () => read(taps, hooks, 'all', texts),
        PyTorch: async () => (await torch!.ask({ what: 'hidden', rows: texts.texts, batch: texts.batch })).ms,
      },
      rounds,
    );
    results.push({
      name: `activations / PyTorch, ${texts.name}`,
      about: `${texts.about}; against transformers with output_hidden_states, without its head`,
      ratio: both['PyTorch']!.median / both['activations of all blocks']!.median,
      target: 1.5,
      unit: 'times',
      timings: [both['activations of all blocks']!, both['PyTorch']!],
    });
  }
  await taps.release();
  return results;
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

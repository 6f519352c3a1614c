/**
 * A decoder on disk, opened for probing: token log-probabilities, generation, and the hidden states of every block.
 * It runs in an engine process (`engine/worker.ts`); the lab talks to it through `engine/client.ts`, which has the same methods.
 */
import type { InferenceSession } from 'onnxruntime-node';
import { LabError } from '../probes/lab-error.ts';
import type {
  GenerateReply,
  GenerateRequest,
  ModelReply,
  ModelRequest,
  ModelTraits,
  Prompt,
  ScoredContinuation,
  ScoreReply,
  ScoreRequest,
} from '../probes/request.ts';
import { embeddedModel } from './catalog.ts';
import { DecoderInputs } from './decoder-inputs.ts';
import { hashFiles, openDirectory, type FileHash, type ModelDirectory } from './directory.ts';
import { generateTokens, greedy, type Sampling } from './generate.ts';
import { hiddenGraph, scoringGraph, stepGraph } from './graph/instrument.ts';
import { findResidualStream, type ResidualPoint } from './graph/residual.ts';
import { hiddenStates, type HiddenStates } from './hidden.ts';
import { dataType, type OnnxModel } from './onnx/graph.ts';
import { permuteWeights } from './permute.ts';
import { scoreJobs, type Job } from './score.ts';
import { createSession } from './session.ts';
import { Tokenizer } from './tokenizer.ts';

export interface ModelDescription extends ModelTraits {
  /** `model_type` of config.json. */
  readonly architecture: string;
  readonly dtype: string;
  readonly layers: number;
  readonly width: number;
  readonly heads: number | null;
  readonly vocabulary: number;
  readonly parameters: number;
  readonly positions: number | null;
  readonly residual: readonly ResidualPoint[];
  readonly files: readonly FileHash[];
}

export interface HiddenRequest {
  readonly prompt: Prompt;
  /** Positions from 0, negative ones from the end; -1 is the last prompt token. */
  readonly positions: readonly number[];
}

export interface HiddenReply extends HiddenStates {
  readonly tokens: readonly number[];
}

/** What the lab may ask of a language model, whichever process it is in. */
export interface LanguageModel {
  readonly description: ModelDescription;
  /** Answers score and generate requests, in the order given. */
  answer(requests: readonly ModelRequest[], signal?: AbortSignal): Promise<ModelReply[]>;
  /** Streams text as it is generated; resolves with the whole. */
  generate(request: GenerateRequest, sampling: Sampling, onText: (text: string) => void, signal?: AbortSignal): Promise<GenerateReply>;
  /** float32 [points, positions, width] for each request; point 0 is the embedding, point i the state after block i - 1. */
  hiddenStates(requests: readonly HiddenRequest[], signal?: AbortSignal): Promise<HiddenReply[]>;
  close(): Promise<void>;
}

/**
 * @param source name of an embedded model, or the folder of an export
 * @throws LabError with one of the codes `model-…` or `tokenizer-missing`
 */
export async function openLanguageModel(source: string, threads: number): Promise<LanguageModel> {
  const embedded = embeddedModel(source);
  const directory = openDirectory(embedded?.folder ?? source);
  const model =
    embedded?.permuted == null
      ? directory.model
      : permuteWeights(directory.model, directory.graphFile, directory.weightFolder, embedded.permuted);
  const inputs = new DecoderInputs(model);
  const [tokenizer, files] = await Promise.all([
    Tokenizer.open(directory.folder, directory.chatTemplate),
    hashFiles(directory.folder, directory.files),
  ]);
  const description = describe(directory, model, inputs, tokenizer, files);
  return new OnnxLanguageModel(directory, model, inputs, tokenizer, description, threads);
}

class OnnxLanguageModel implements LanguageModel {
  readonly description: ModelDescription;
  readonly #directory: ModelDirectory;
  readonly #model: OnnxModel;
  readonly #inputs: DecoderInputs;
  readonly #tokenizer: Tokenizer;
  readonly #threads: number;
  readonly #stopTokens: ReadonlySet<number>;
  /** Opened when first needed: each holds its own part of the graph. */
  readonly #sessions = new Map<'score' | 'hidden' | 'step', Promise<InferenceSession>>();

  constructor(
    directory: ModelDirectory,
    model: OnnxModel,
    inputs: DecoderInputs,
    tokenizer: Tokenizer,
    description: ModelDescription,
    threads: number,
  ) {
    this.#directory = directory;
    this.#model = model;
    this.#inputs = inputs;
    this.#tokenizer = tokenizer;
    this.#threads = threads;
    this.description = description;
    this.#stopTokens = new Set(
      [directory.config['eos_token_id'] ?? [], directory.generation['eos_token_id'] ?? []].flat().filter((id) => typeof id === 'number'),
    );
  }

  async answer(requests: readonly ModelRequest[], signal?: AbortSignal): Promise<ModelReply[]> {
    const scores = await this.#score(
      requests.filter((request) => request.kind === 'score'),
      signal,
    );
    const replies: ModelReply[] = [];
    for (const request of requests)
      replies.push(request.kind === 'score' ? scores.shift()! : await this.generate(request, greedy, () => undefined, signal));
    return replies;
  }

  async #score(requests: readonly ScoreRequest[], signal?: AbortSignal): Promise<ScoreReply[]> {
    if (requests.length === 0) return [];
    const planned = requests.map((request) => {
      const encoded = this.#tokenizer.encodePrompt(request.prompt);
      const jobs = request.continuations.map((text) => this.#tokenizer.encodeContinuation(request.prompt, encoded, text));
      const silent = jobs.findIndex((job) => job.continuation.length === 0);
      const refused =
        silent >= 0
          ? `the answer ${JSON.stringify(request.continuations[silent])} has no tokens of its own`
          : this.#refusal(jobs.map((job) => [...job.prompt, ...job.continuation]));
      return { request, encoded, jobs, refused };
    });
    const jobs: Job[] = planned.flatMap((plan) => (plan.refused === null ? plan.jobs : []));
    const logprobs = await scoreJobs(await this.#session('score'), this.#inputs, jobs, signal);
    let at = 0;
    return planned.map(({ request, encoded, jobs, refused }) => {
      const continuations: ScoredContinuation[] =
        refused === null
          ? jobs.map((job, index) => ({
              text: request.continuations[index]!,
              tokens: job.continuation,
              pieces: this.#pieces(job.continuation),
              logprobs: [...logprobs[at++]!],
            }))
          : [];
      return {
        kind: 'score',
        key: request.key,
        rendered: encoded.rendered,
        promptTokens: jobs[0]?.prompt ?? encoded.tokens,
        continuations,
        refused,
      };
    });
  }

  async generate(
    request: GenerateRequest,
    sampling: Sampling,
    onText: (text: string) => void,
    signal?: AbortSignal,
  ): Promise<GenerateReply> {
    const encoded = this.#tokenizer.encodePrompt(request.prompt);
    const common = { kind: 'generate', key: request.key, rendered: encoded.rendered, promptTokens: encoded.tokens } as const;
    const refused = this.#refusal([encoded.tokens]);
    if (refused !== null) return { ...common, text: '', tokens: [], pieces: [], refused };
    const room = (this.description.positions ?? Infinity) - encoded.tokens.length;
    const job = { prompt: encoded.tokens, maxTokens: Math.min(request.maxTokens, room), stopTokens: this.#stopTokens, sampling };
    const tokens: number[] = [];
    for await (const token of generateTokens(await this.#session('step'), this.#inputs, job, signal)) {
      tokens.push(token);
      onText(this.#tokenizer.decode(tokens));
    }
    return { ...common, text: this.#tokenizer.decode(tokens), tokens, pieces: this.#pieces(tokens), refused: null };
  }

  async hiddenStates(requests: readonly HiddenRequest[], signal?: AbortSignal): Promise<HiddenReply[]> {
    const jobs = requests.map(({ prompt, positions }) => {
      const { tokens } = this.#tokenizer.encodePrompt(prompt);
      const refused = this.#refusal([tokens]);
      if (refused !== null) throw new LabError('prompt-too-long', refused, 'Shorten the text.');
      const absolute = positions.map((position) => (position < 0 ? tokens.length + position : position));
      if (absolute.some((position) => !(position >= 0 && position < tokens.length)))
        throw new LabError(
          'usage',
          `a position lies outside the ${tokens.length} tokens of the text`,
          'Count positions from 0, or from -1 backwards.',
        );
      return { tokens, positions: absolute };
    });
    const states = await hiddenStates(await this.#session('hidden'), this.#inputs, jobs, signal);
    return states.map((state, index) => ({ ...state, tokens: jobs[index]!.tokens }));
  }

  #pieces(tokens: readonly number[]): string[] {
    return tokens.map((token) => this.#tokenizer.piece(token));
  }

  async close(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    for (const session of await Promise.allSettled(sessions)) if (session.status === 'fulfilled') await session.value.release();
  }

  /** @returns why the model cannot take these tokens, or null */
  #refusal(rows: readonly (readonly number[])[]): string | null {
    const { positions, vocabulary } = this.description;
    for (const row of rows) {
      if (row.length === 0) return 'the text has no tokens';
      if (positions !== null && row.length > positions) return `${row.length} tokens; the model has ${positions} positions`;
      const beyond = row.find((token) => token >= vocabulary);
      if (beyond !== undefined) return `the tokenizer gives token ${beyond}; the model knows ${vocabulary}`;
    }
    return null;
  }

  #session(purpose: 'score' | 'hidden' | 'step'): Promise<InferenceSession> {
    let session = this.#sessions.get(purpose);
    if (session === undefined) {
      const { logits } = this.#inputs;
      const graph =
        purpose === 'score'
          ? scoringGraph(this.#model, logits)
          : purpose === 'hidden'
            ? hiddenGraph(this.#model, logits).model
            : stepGraph(this.#model, logits);
      session = createSession(graph, this.#directory.graphFile, { threads: this.#threads, weightFolder: this.#directory.weightFolder });
      session.catch(() => this.#sessions.delete(purpose));
      this.#sessions.set(purpose, session);
    }
    return session;
  }
}

function describe(
  { config }: ModelDirectory,
  model: OnnxModel,
  inputs: DecoderInputs,
  tokenizer: Tokenizer,
  files: readonly FileHash[],
): ModelDescription {
  const { points } = findResidualStream(model.graph, inputs.logits);
  const number = (...keys: string[]): number | null => {
    const value = keys.map((key) => config[key]).find((candidate) => typeof candidate === 'number');
    return typeof value === 'number' ? value : null;
  };
  const weights = model.graph.initializers.filter((tensor) =>
    [dataType.float, dataType.float16, dataType.bfloat16].includes(tensor.type as never),
  );
  const size = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);
  const largest = weights.toSorted((left, right) => size(right.shape) - size(left.shape))[0];
  const types: Record<number, string> = { [dataType.float]: 'float32', [dataType.float16]: 'float16', [dataType.bfloat16]: 'bfloat16' };
  const logitsShape = model.graph.outputs.find((output) => output.name === inputs.logits)?.shape?.at(-1);
  const vocabulary = typeof logitsShape === 'number' ? logitsShape : number('vocab_size');
  const width = number('hidden_size', 'n_embd', 'd_model');
  if (vocabulary === null || width === null) {
    throw new LabError(
      'model-unsupported',
      'config.json gives neither vocab_size nor hidden_size',
      'Copy the config.json of the original model into the folder.',
    );
  }
  return {
    architecture: typeof config['model_type'] === 'string' ? config['model_type'] : 'unknown',
    dtype: types[largest?.type ?? 0] ?? 'quantised',
    layers: points.length - 1,
    width,
    heads: number('num_attention_heads', 'n_head'),
    vocabulary,
    parameters: weights
      .filter((tensor) => tensor.shape.length > 1 || size(tensor.shape) >= width)
      .reduce((sum, tensor) => sum + size(tensor.shape), 0),
    positions: number('max_position_embeddings', 'n_positions'),
    hasChatTemplate: tokenizer.hasChatTemplate,
    residual: points,
    files,
  };
}

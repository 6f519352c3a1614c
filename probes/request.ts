/** What a probe asks of a language model, and what it gets back. Plain data: it crosses processes and is stored as it is. */

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** Plain text as it stands, or messages for the model's chat template (see `renderPlain` for models without one). */
export type Prompt = { readonly text: string } | { readonly messages: readonly ChatMessage[] };

/** Log-probabilities of several continuations of one prompt. */
export interface ScoreRequest {
  readonly kind: 'score';
  /** Names the request within its item, such as `neutral-1` or `binary:ab`. */
  readonly key: string;
  readonly prompt: Prompt;
  /** Answers. One space is put before each unless the prompt ends in white space (lm-evaluation-harness' target_delimiter). */
  readonly continuations: readonly string[];
}

/** A greedy answer in the model's own words. */
export interface GenerateRequest {
  readonly kind: 'generate';
  readonly key: string;
  readonly prompt: Prompt;
  readonly maxTokens: number;
}

export type ModelRequest = ScoreRequest | GenerateRequest;

export interface ScoredContinuation {
  readonly text: string;
  readonly tokens: readonly number[];
  /** Each token as text, so that an item can be read without its model at hand. */
  readonly pieces: readonly string[];
  /** Natural logarithm of each token's probability given all before it; non-finite where the model gave no number. */
  readonly logprobs: readonly number[];
}

export interface ScoreReply {
  readonly kind: 'score';
  readonly key: string;
  /** The prompt as the model saw it, special tokens included. */
  readonly rendered: string;
  readonly promptTokens: readonly number[];
  readonly continuations: readonly ScoredContinuation[];
  /** Why the model could not be asked (too long, a token it does not know); then there are no continuations. */
  readonly refused: string | null;
}

export interface GenerateReply {
  readonly kind: 'generate';
  readonly key: string;
  readonly rendered: string;
  readonly promptTokens: readonly number[];
  readonly text: string;
  readonly tokens: readonly number[];
  readonly pieces: readonly string[];
  readonly refused: string | null;
}

export type ModelReply = ScoreReply | GenerateReply;

/** What a probe may know of the model that it plans for. */
export interface ModelTraits {
  readonly hasChatTemplate: boolean;
}

/** Sum of a continuation's token log-probabilities, in nats; NaN stays NaN, and no tokens at all have no probability to speak of. */
export function sumLogprob(continuation: Pick<ScoredContinuation, 'logprobs'>): number {
  if (continuation.logprobs.length === 0) return NaN;
  let sum = 0;
  for (const value of continuation.logprobs) sum += value;
  return sum;
}

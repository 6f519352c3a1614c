/**
 * What a reader of hidden states is: fitted on states (or on contrast pairs of states), it reads off each further one how true it is.
 * Every reader of the lab is linear in the end: a direction, where along it the boundary lies, and what is known about its sign.
 */
import type { Normalisation } from './normalise.ts';

/** States of single texts. */
export interface States {
  readonly kind: 'states';
  /** count × width, row-major */
  readonly rows: Float32Array;
  readonly count: number;
  readonly width: number;
  /** 1 where the text has what is looked for (is true, say), 0 where not; null where nobody knows. */
  readonly labels: Uint8Array | null;
  /** Question of each row: rows of one question are not independent, and are never split. */
  readonly groups: readonly string[];
}

/** Contrast pairs: two states of the same item, of which one at most is the true one. */
export interface Pairs {
  readonly kind: 'pairs';
  /** x⁺ and x⁻, each count × width, row-major */
  readonly positive: Float32Array;
  readonly negative: Float32Array;
  readonly count: number;
  readonly width: number;
  /** 1 where x⁺ is the true member, 0 where x⁻ is. */
  readonly labels: Uint8Array | null;
  readonly groups: readonly string[];
}

export type ReaderInput = States | Pairs;

export type ReaderId = 'ccs' | 'crc_tpc' | 'crc_bss' | 'pca' | 'kmeans' | 'mass_mean' | 'mass_mean_cov' | 'logistic' | 'lda';

/**
 * What tells true from false along the direction:
 * - `labels`: labels of the training data; it must be charged with having seen them;
 * - `convention`: the entry of largest size is positive, which says nothing about truth;
 * - `unresolved`: labels were there, and as many spoke for either sign.
 * Without `labels` accuracy can only be stated as the better of both signs, and says so.
 */
export type SignSource = 'labels' | 'convention' | 'unresolved';

/** How a score becomes the probability of "true", where the method defines one. */
export type Probability =
  /** σ(scale · score), of inputs of the kind that the reader was trained on. */
  | { readonly kind: 'logistic'; readonly scale: number }
  /** CCS on pairs: ½ (p⁺ + 1 − p⁻), where p = σ(scale · projection of that side + bias). */
  | { readonly kind: 'ccs'; readonly scale: number; readonly bias: number };

/** Projection of one side of pairs: weights · x − offset. The weights are the direction unless the sides were scaled apart. */
export interface SideProjection {
  readonly weights: Float64Array;
  readonly offset: number;
}

/** All that a fitted reader is, as plain data: it can be stored, and posted between threads. */
export interface Reading {
  readonly reader: ReaderId;
  readonly trainedOn: ReaderInput['kind'];
  /** Unit vector in the space of the states as the model has them, pointing to "true". */
  readonly direction: Float64Array;
  /** Score of a single state: direction · x + bias; in units of the states, zero on the boundary. */
  readonly bias: number;
  /** Score of a pair: projection of x⁺ less projection of x⁻, plus bias. */
  readonly pair: { readonly positive: SideProjection; readonly negative: SideProjection; readonly bias: number };
  readonly probability: Probability | null;
  readonly sign: SignSource;
  /** What an unsupervised search minimised, at its end; lower is better, and says nothing about truth. */
  readonly loss: number | null;
  /** What else the fit found out: numbers and words to show, by name. */
  readonly diagnostics: Readonly<Record<string, number | string | readonly number[]>>;
}

export interface FittedReader {
  readonly reading: Reading;
  readonly direction: Float64Array;
  readonly bias: number;
  readonly signResolved: SignSource;
  readonly loss: number | null;
  readonly diagnostics: Reading['diagnostics'];
  /** Scores of single states (count × width); larger is more true. */
  score(rows: Float32Array, count: number): Float64Array;
  /** Scores of pairs; positive where x⁺ is read as the true one. */
  scorePairs(positive: Float32Array, negative: Float32Array, count: number): Float64Array;
  /** Scores of either kind of input. */
  scoreInput(input: ReaderInput): Float64Array;
  /** P(label is 1) of each row; null where the method defines none for this kind of input. */
  probabilities(input: ReaderInput): Float64Array | null;
}

export interface FitOptions {
  /** Take the sign from the labels of the training data where there are any (the default), or never. */
  readonly sign?: 'labels' | 'convention';
  /** How pairs are normalised before they are compared; each reader has its own default. */
  readonly normalisation?: Normalisation;
  /** Called now and then with the share that is done; may throw to end the fit. */
  readonly progress?: (share: number) => void;
}

export interface Reader<Options extends FitOptions = FitOptions> {
  readonly id: ReaderId;
  /** Whether fitting uses labels for more than the sign. */
  readonly labelled: boolean;
  readonly kinds: readonly ReaderInput['kind'][];
  /** The same data, seed and options give the same reader, bit for bit. */
  fit(train: ReaderInput, seed: number, options?: Options): FittedReader;
}

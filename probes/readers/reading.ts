/** From what a method found to a reading in the space of the raw states, and from a reading back to a reader. */
import { LabError } from '../lab-error.ts';
import { addScaled, dot, meanRow, norm, rowsTimes, scaled } from '../numerics/dense.ts';
import type { Side, Sides } from './normalise.ts';
import type { FittedReader, Pairs, ReaderId, ReaderInput, Reading, SideProjection } from './reader.ts';

/** What does not depend on the kind of data that a method was fitted on. */
export interface Found {
  readonly reader: ReaderId;
  readonly loss: number | null;
  readonly diagnostics: Reading['diagnostics'];
}

/**
 * A linear function of normalised differences: weights · (x̃⁺ − x̃⁻) + bias.
 * A single state is held against the middle between the means of both sides.
 * @param logistic whether σ of that function is the method's probability
 */
export function readingOfDifferences(
  found: Found,
  pairs: Pairs,
  sides: Sides,
  weights: Float64Array,
  bias: number,
  logistic: boolean,
): Reading {
  const { direction, length, pair } = rawSides(found.reader, sides, weights);
  return {
    ...found,
    trainedOn: 'pairs',
    direction,
    bias: middleBias(direction, pairs),
    pair: { ...pair, bias: bias / length },
    probability: logistic ? { kind: 'logistic', scale: length } : null,
    sign: 'convention',
  };
}

/** CCS: σ(weights · x̃ + bias) of each side. */
export function readingOfSides(found: Found, pairs: Pairs, sides: Sides, weights: Float64Array, bias: number): Reading {
  const { direction, length, pair } = rawSides(found.reader, sides, weights);
  return {
    ...found,
    trainedOn: 'pairs',
    direction,
    bias: middleBias(direction, pairs) + bias / length,
    pair: { ...pair, bias: 0 },
    probability: { kind: 'ccs', scale: length, bias },
    sign: 'convention',
  };
}

/** A linear function of single states: weights · x + bias. Of a pair the difference of both is read. */
export function readingOfStates(found: Found, weights: Float64Array, bias: number, logistic: boolean): Reading {
  const length = lengthOf(found.reader, weights);
  const direction = scaled(weights, 1 / length);
  const side = { weights: direction, offset: 0 };
  return {
    ...found,
    trainedOn: 'states',
    direction,
    bias: bias / length,
    pair: { positive: side, negative: side, bias: 0 },
    probability: logistic ? { kind: 'logistic', scale: length } : null,
    sign: 'convention',
  };
}

/** Weights on normalised features as weights on the raw ones, divided by the length of their mean over both sides. */
function rawSides(
  reader: ReaderId,
  sides: Sides,
  weights: Float64Array,
): { direction: Float64Array; length: number; pair: Omit<Reading['pair'], 'bias'> } {
  const raw = ({ factor }: Side): Float64Array => weights.map((weight, column) => weight * factor[column]!);
  const both = scaled(raw(sides.positive), 0.5);
  addScaled(both, 0.5, raw(sides.negative));
  const length = lengthOf(reader, both);
  const project = (side: Side): SideProjection => {
    const projected = scaled(raw(side), 1 / length);
    return { weights: projected, offset: dot(projected, side.mean) };
  };
  return { direction: scaled(both, 1 / length), length, pair: { positive: project(sides.positive), negative: project(sides.negative) } };
}

function lengthOf(reader: ReaderId, weights: Float64Array): number {
  const length = norm(weights);
  if (length > 0 && Number.isFinite(length)) return length;
  throw new LabError(
    'reader-input',
    `${reader} found no direction: ${length === 0 ? 'the states do not differ' : 'its weights are no numbers'}`,
    'Look at the states: all of them equal, or far beyond the range of single precision, leave nothing to read.',
  );
}

function middleBias(direction: Float64Array, { positive, negative, count, width }: Pairs): number {
  return -(dot(direction, meanRow(positive, count, width)) + dot(direction, meanRow(negative, count, width))) / 2;
}

/** The same reading with "true" and "false" exchanged. */
export function flipped(reading: Reading): Reading {
  const { pair, probability } = reading;
  const flip = ({ weights, offset }: SideProjection): SideProjection => ({ weights: scaled(weights, -1), offset: -offset });
  return {
    ...reading,
    direction: scaled(reading.direction, -1),
    bias: -reading.bias,
    pair: { positive: flip(pair.positive), negative: flip(pair.negative), bias: -pair.bias },
    probability: probability?.kind === 'ccs' ? { ...probability, bias: -probability.bias } : probability,
  };
}

/**
 * The same reading, each side of pairs centred by the mean of these pairs instead of the training's.
 * That is how CCS was published: the test set is centred by its own mean, so that a verdict depends on the other test items (transductive).
 * The scaling of features, which the authors also take from the test set where it is on, stays as trained.
 */
export function recentred(reading: Reading, { positive, negative, count, width }: Pairs): Reading {
  const centre = ({ weights }: SideProjection, rows: Float32Array): SideProjection => ({
    weights,
    offset: dot(weights, meanRow(rows, count, width)),
  });
  const { pair } = reading;
  return { ...reading, pair: { ...pair, positive: centre(pair.positive, positive), negative: centre(pair.negative, negative) } };
}

/** A reader that scores as the reading says. */
export function fittedReader(reading: Reading): FittedReader {
  const { direction, bias, pair } = reading;
  const width = direction.length;
  const score = (rows: Float32Array, count: number): Float64Array => rowsTimes(rows, count, width, direction).map((value) => value + bias);
  const scorePairs = (positive: Float32Array, negative: Float32Array, count: number): Float64Array => {
    const minus = project(pair.negative, negative, count, width);
    return project(pair.positive, positive, count, width).map((value, index) => value - minus[index]! + pair.bias);
  };
  const scoreInput = (input: ReaderInput): Float64Array => {
    if (input.width !== width)
      throw new LabError(
        'reader-input',
        `the states have width ${input.width}, the reader ${reading.reader} was fitted on width ${width}`,
        'A reader only reads states of the model and the kind of hook that it was fitted on.',
      );
    return input.kind === 'pairs' ? scorePairs(input.positive, input.negative, input.count) : score(input.rows, input.count);
  };
  const probabilities = (input: ReaderInput): Float64Array | null => {
    const { probability } = reading;
    if (probability === null || input.kind !== reading.trainedOn) return null;
    if (probability.kind === 'logistic') return scoreInput(input).map((value) => sigmoid(probability.scale * value));
    return input.kind === 'pairs' ? ccsProbabilities(probability, pair, input) : null;
  };
  return {
    reading,
    direction,
    bias,
    signResolved: reading.sign,
    loss: reading.loss,
    diagnostics: reading.diagnostics,
    score,
    scorePairs,
    scoreInput,
    probabilities,
  };
}

function project({ weights, offset }: SideProjection, rows: Float32Array, count: number, width: number): Float64Array {
  return rowsTimes(rows, count, width, weights).map((value) => value - offset);
}

function ccsProbabilities({ scale, bias }: { scale: number; bias: number }, pair: Reading['pair'], input: Pairs): Float64Array {
  const minus = project(pair.negative, input.negative, input.count, input.width);
  return project(pair.positive, input.positive, input.count, input.width).map(
    (value, index) => (sigmoid(scale * value + bias) + 1 - sigmoid(scale * minus[index]! + bias)) / 2,
  );
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** From what a method found to a reading in the space of the raw states, and from a reading back to a reader. */
import { addScaled, dot, meanRow, norm, rowsTimes, scaled } from '../numerics/dense.ts';
import { LabError } from '../lab-error.ts';
import type { Sides } from './normalise.ts';
import type { FittedReader, Pairs, Probability, ReaderId, ReaderInput, Reading } from './reader.ts';

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
export function readingOfDifferences(found: Found, pairs: Pairs, sides: Sides, weights: Float64Array, bias: number, logistic: boolean): Reading {
  const { positive, negative, direction, length } = rawSides(found.reader, sides, weights);
  return {
    ...found,
    trainedOn: 'pairs',
    direction,
    bias: middleBias(direction, pairs),
    pair: { positive, negative, bias: bias / length - dot(positive, sides.positive.mean) + dot(negative, sides.negative.mean) },
    probability: logistic ? { kind: 'logistic', scale: length } : null,
    sign: 'convention',
  };
}

/** CCS: σ(weights · x̃ + bias) of each side. */
export function readingOfSides(found: Found, pairs: Pairs, sides: Sides, weights: Float64Array, bias: number): Reading {
  const { positive, negative, direction, length } = rawSides(found.reader, sides, weights);
  const [positiveOffset, negativeOffset] = [dot(positive, sides.positive.mean), dot(negative, sides.negative.mean)];
  return {
    ...found,
    trainedOn: 'pairs',
    direction,
    bias: middleBias(direction, pairs) + bias / length,
    pair: { positive, negative, bias: negativeOffset - positiveOffset },
    probability: { kind: 'ccs', scale: length, positiveBias: bias - length * positiveOffset, negativeBias: bias - length * negativeOffset },
    sign: 'convention',
  };
}

/** A linear function of single states: weights · x + bias. Of a pair the difference of both is read. */
export function readingOfStates(found: Found, weights: Float64Array, bias: number, logistic: boolean): Reading {
  const length = lengthOf(found.reader, weights);
  const direction = scaled(weights, 1 / length);
  return {
    ...found,
    trainedOn: 'states',
    direction,
    bias: bias / length,
    pair: { positive: direction, negative: direction, bias: 0 },
    probability: logistic ? { kind: 'logistic', scale: length } : null,
    sign: 'convention',
  };
}

function rawSides(
  reader: ReaderId,
  sides: Sides,
  weights: Float64Array,
): { positive: Float64Array; negative: Float64Array; direction: Float64Array; length: number } {
  const positive = weights.map((weight, column) => weight * sides.positive.factor[column]!);
  const negative = weights.map((weight, column) => weight * sides.negative.factor[column]!);
  const both = scaled(positive, 0.5);
  addScaled(both, 0.5, negative);
  const length = lengthOf(reader, both);
  const same = positive.every((value, column) => value === negative[column]);
  const direction = scaled(both, 1 / length);
  return same
    ? { positive: direction, negative: direction, direction, length }
    : { positive: scaled(positive, 1 / length), negative: scaled(negative, 1 / length), direction, length };
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
  const { direction, pair, probability } = reading;
  const negated = scaled(direction, -1);
  const same = pair.positive === direction && pair.negative === direction;
  return {
    ...reading,
    direction: negated,
    bias: -reading.bias,
    pair: {
      positive: same ? negated : scaled(pair.positive, -1),
      negative: same ? negated : scaled(pair.negative, -1),
      bias: -pair.bias,
    },
    probability:
      probability?.kind === 'ccs'
        ? { ...probability, positiveBias: -probability.positiveBias, negativeBias: -probability.negativeBias }
        : probability,
  };
}

/**
 * The same reading, its pairs normalised by the mean of these pairs instead of the training's.
 * That is how CCS was published: the test set is centred by its own mean, so that a verdict depends on the other test items (transductive).
 * It leaves the scaling of features, which the authors take from the test set as well, as trained.
 */
export function recentred(reading: Reading, { positive, negative, count, width }: Pairs): Reading {
  const { pair, probability } = reading;
  const offsets = {
    positive: dot(pair.positive, meanRow(positive, count, width)),
    negative: dot(pair.negative, meanRow(negative, count, width)),
  };
  const bias = offsets.negative - offsets.positive;
  if (probability?.kind !== 'ccs') return { ...reading, pair: { ...pair, bias } };
  // What the two biases have in common is the learned one; its normalisation is taken out and the new one put in.
  const { scale, positiveBias, negativeBias } = probability;
  const learned = (positiveBias + negativeBias + scale * reading.pair.bias * 0) / 2;
  void learned;
  return { ...reading, pair: { ...pair, bias }, probability };
}

/** A reader that scores as the reading says. */
export function fittedReader(reading: Reading): FittedReader {
  const { direction, bias, pair } = reading;
  const score = (rows: Float32Array, count: number): Float64Array => rowsTimes(rows, count, direction.length, direction).map((value) => value + bias);
  const scorePairs = (positive: Float32Array, negative: Float32Array, count: number): Float64Array => {
    const minus = rowsTimes(negative, count, direction.length, pair.negative);
    return rowsTimes(positive, count, direction.length, pair.positive).map((value, index) => value - minus[index]! + pair.bias);
  };
  const scoreInput = (input: ReaderInput): Float64Array => {
    if (input.width !== direction.length)
      throw new LabError(
        'reader-input',
        `the states have width ${input.width}, the reader ${reading.reader} was fitted on width ${direction.length}`,
        'A reader only reads states of the model and the kind of hook that it was fitted on.',
      );
    return input.kind === 'pairs' ? scorePairs(input.positive, input.negative, input.count) : score(input.rows, input.count);
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
    probabilities: (input) => probabilitiesOf(reading, input, scoreInput),
  };
}

function probabilitiesOf(reading: Reading, input: ReaderInput, scoreInput: (input: ReaderInput) => Float64Array): Float64Array | null {
  const { probability, pair, trainedOn } = reading;
  if (probability === null || input.kind !== trainedOn) return null;
  if (probability.kind === 'logistic') return scoreInput(input).map((score) => sigmoid(probability.scale * score));
  return input.kind === 'pairs' ? ccsProbabilities(probability, pair, input) : null;
}

function ccsProbabilities(probability: Extract<Probability, { kind: 'ccs' }>, pair: Reading['pair'], input: Pairs): Float64Array {
  const { scale, positiveBias, negativeBias } = probability;
  const minus = rowsTimes(input.negative, input.count, input.width, pair.negative);
  return rowsTimes(input.positive, input.count, input.width, pair.positive).map(
    (value, index) => (sigmoid(scale * value + positiveBias) + 1 - sigmoid(scale * minus[index]! + negativeBias)) / 2,
  );
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

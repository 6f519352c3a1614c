/** Readers that find one direction in a cloud of rows: the states themselves, or the differences of pairs. */
import { checkInput } from './check-input.ts';
import { differencesOf, sidesOf, type Normalisation } from './normalise.ts';
import type { FitOptions, Reader, ReaderId, Reading } from './reader.ts';
import { fittedReader, readingOfDifferences, readingOfStates } from './reading.ts';
import { resolveSign } from './sign.ts';

/** Rows to fit on: states, or normalised differences. */
export interface Rows {
  readonly rows: Float32Array;
  readonly count: number;
  readonly width: number;
  readonly groups: readonly string[];
}

export interface LabelledRows extends Rows {
  /** 1 or 0, both present */
  readonly labels: Uint8Array;
}

/** A linear function weights · row + bias, positive for "true" (or for one of the two sides, without labels). */
export interface LinearFit {
  readonly weights: Float64Array;
  readonly bias: number;
  /** Whether σ of the function is the method's probability of "true". */
  readonly logistic: boolean;
  readonly loss: number | null;
  readonly diagnostics: Reading['diagnostics'];
}

interface Frame {
  readonly id: ReaderId;
  readonly normalisation: Normalisation;
  readonly kinds: Reader['kinds'];
}

/** A reader that fits on rows alone; labels at most resolve its sign. */
export function unlabelledRowReader<Options extends FitOptions>(
  frame: Frame,
  fit: (rows: Rows, seed: number, options: Partial<Options>) => LinearFit,
): Reader<Options> {
  return rowReader(frame, false, fit);
}

/** A reader that fits on rows with labels. */
export function labelledRowReader<Options extends FitOptions>(
  frame: Frame,
  fit: (rows: LabelledRows, seed: number, options: Partial<Options>) => LinearFit,
): Reader<Options> {
  // checkInput has refused input without labels before `fit` is called.
  return rowReader(frame, true, (rows, seed, options, labels) => fit({ ...rows, labels: labels! }, seed, options));
}

function rowReader<Options extends FitOptions>(
  { id, normalisation, kinds }: Frame,
  labelled: boolean,
  fit: (rows: Rows, seed: number, options: Partial<Options>, labels: Uint8Array | null) => LinearFit,
): Reader<Options> {
  return {
    id,
    labelled,
    kinds,
    fit(train, seed, options) {
      checkInput({ id, labelled, kinds }, train);
      const given: Partial<Options> = options ?? {};
      const { count, width, groups, labels } = train;
      const found = (linear: LinearFit): { reader: ReaderId; loss: number | null; diagnostics: Reading['diagnostics'] } => ({
        reader: id,
        loss: linear.loss,
        diagnostics: linear.diagnostics,
      });
      let reading: Reading;
      if (train.kind === 'pairs') {
        const sides = sidesOf(train, given.normalisation ?? normalisation);
        const linear = fit({ rows: differencesOf(train, sides), count, width, groups }, seed, given, labels);
        reading = readingOfDifferences(found(linear), train, sides, linear.weights, linear.bias, linear.logistic);
      } else {
        const linear = fit({ rows: train.rows, count, width, groups }, seed, given, labels);
        reading = readingOfStates(found(linear), linear.weights, linear.bias, linear.logistic);
      }
      return fittedReader(labelled ? { ...reading, sign: 'labels' } : resolveSign(reading, train, given.sign ?? 'labels'));
    },
  };
}

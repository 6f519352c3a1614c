/** What every reader asks of its input before it looks at it. */
import { LabError } from '../lab-error.ts';
import type { Pairs, Reader, ReaderInput } from './reader.ts';

/** @throws LabError `reader-input` */
export function checkInput(reader: Pick<Reader, 'id' | 'labelled' | 'kinds'>, input: ReaderInput): void {
  const { kind, count, width, labels, groups } = input;
  if (!reader.kinds.includes(kind))
    throw new LabError('reader-input', `${reader.id} was given ${kind}`, `It is defined on ${reader.kinds.join(' and ')} only.`);
  const sizes = kind === 'pairs' ? [input.positive.length, input.negative.length] : [input.rows.length];
  if (
    count < 2 ||
    width < 1 ||
    sizes.some((size) => size !== count * width) ||
    groups.length !== count ||
    (labels !== null && labels.length !== count)
  )
    throw new LabError(
      'reader-input',
      `${reader.id} was given ${count} rows of width ${width} in arrays of ${sizes.join(' and ')} numbers, with ${groups.length} groups and ${labels === null ? 'no' : labels.length} labels`,
      'Give at least two rows, with one group and one label each.',
    );
  for (const rows of kind === 'pairs' ? [input.positive, input.negative] : [input.rows]) {
    const at = firstNotFinite(rows);
    if (at >= 0)
      throw new LabError(
        'reader-input',
        `the state of row ${Math.floor(at / width)} holds ${rows[at]!}`,
        'Leave the item out, or extract in single precision: half precision cannot hold numbers above 65,504.',
      );
  }
  if (!reader.labelled) return;
  const ones = labels === null ? null : labels.reduce((sum, label) => sum + label, 0);
  if (ones === null || ones === 0 || ones === count)
    throw new LabError(
      'reader-input',
      `${reader.id} learns from labels, and was given ${ones === null ? 'none' : `${count} labels that are all ${ones === 0 ? 0 : 1}`}`,
      'Give rows of both kinds, or use a reader that needs no labels.',
    );
}

/** The same for a reader that is defined on pairs alone. */
export function checkPairs(reader: Pick<Reader, 'id' | 'labelled'>, input: ReaderInput): Pairs {
  checkInput({ ...reader, kinds: ['pairs'] }, input);
  return input as Pairs;
}

function firstNotFinite(rows: Float32Array): number {
  // Multiplied by zero, only what is not finite leaves a trace; the place is looked for only then.
  let trace = 0;
  for (let index = 0; index < rows.length; index++) trace += rows[index]! * 0;
  return trace === 0 ? -1 : rows.findIndex((value) => !Number.isFinite(value));
}

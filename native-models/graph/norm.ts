/** Finds the normalisation behind a state, fused or written out as ReduceMean, Sub, Pow, Sqrt, Div …. */
import type { Articulation } from './articulation.ts';
import { passesOn, renames, type Step } from './flow.ts';

const fused = /LayerNormalization$|^RMSNormalization$/;
/** What a written-out LayerNorm or RMSNorm is made of; the mean square, and what is taken of it, mark it as one. */
const parts = new Set([
  'ReduceMean',
  'Sub',
  'Pow',
  'Mul',
  'Add',
  'Sqrt',
  'Div',
  'Reciprocal',
  'Cast',
  'CastLike',
  'Identity',
  'Max',
  'Expand',
]);

export function isFusedNorm(step: Step | undefined): boolean {
  return step !== undefined && fused.test(step.op);
}

/**
 * @param tensor an articulation tensor
 * @returns the output, weights and biases applied, of the normalisation that reads it; null if something else does
 */
export function normBehind({ tensors, order, position, maker }: Articulation, tensor: string): string | null {
  let averaged = false;
  let divided: string | null = null;
  const applied = new Set<string>();
  for (let index = tensors.indexOf(tensor) + 1; index < tensors.length; index++) {
    const name = tensors[index]!;
    const between = order.slice(position.get(tensors[index - 1]!)! + 1, position.get(name)! + 1).map((at) => maker.get(at)!);
    if (divided === null) {
      if (between.length === 1 && isFusedNorm(between[0])) return name;
      if (between.length === 1 && renames(between[0]!)) continue;
      if (!between.every((step) => parts.has(step.op))) return null;
      averaged ||= between.some((step) => step.op === 'ReduceMean');
      const last = between.at(-1)!;
      if (averaged && between.length > 1 && (last.op === 'Div' || last.op === 'Mul')) divided = name;
      continue;
    }
    // At most one weight and one bias belong to the norm.
    const [step] = between;
    const isAffine = (step!.op === 'Mul' || step!.op === 'Add') && step!.inputs.length === 1 && !applied.has(step!.op);
    if (between.length > 1 || !(isAffine || passesOn(step!))) return divided;
    if (isAffine) {
      applied.add(step!.op);
      divided = name;
    }
  }
  return divided;
}

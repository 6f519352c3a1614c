/**
 * Products with weights, as Gemm: it multiplies by a transposed weight where it lies, on every kind of device. MatMul would have
 * every weight transposed while the model loads, which takes longer than all else together; FusedMatMul is not on graphics cards.
 */
import type { GraphBuilder } from '../builder.ts';

/** Widths of input and output. */
export type Sizes = readonly [inputs: number, outputs: number];

/**
 * `x · Wᵀ + b` with W stored [outputs, inputs], as torch.nn.Linear does, over the last axis of any number of axes.
 * @param weight name of the stored weight; @param bias of the stored bias, null for none
 */
export function linear(
  b: GraphBuilder,
  input: string,
  weight: string,
  bias: string | null,
  [inputs, outputs]: Sizes,
  name?: string,
): string {
  return product(b, input, b.weights.get(weight, [outputs, inputs]), bias, { transB: 1 }, [inputs, outputs], name);
}

/** `x · W + b` with W stored [inputs, outputs], as GPT-2's Conv1D does. */
export function linearConv1d(
  b: GraphBuilder,
  input: string,
  weight: string,
  bias: string,
  [inputs, outputs]: Sizes,
  name?: string,
): string {
  return product(b, input, b.weights.get(weight, [inputs, outputs]), bias, {}, [inputs, outputs], name);
}

function product(
  b: GraphBuilder,
  input: string,
  matrix: string,
  bias: string | null,
  attributes: { readonly transB?: number },
  [inputs, outputs]: Sizes,
  name?: string,
): string {
  const rows = b.reshape(input, [-1, inputs]);
  const factors = [rows, matrix, ...(bias === null ? [] : [b.weights.get(bias, [outputs])])];
  const shape = b.node('Concat', [b.node('Shape', [input], { end: -1 }), b.integers([outputs])], { axis: 0 });
  return b.node('Reshape', [b.node('Gemm', factors, attributes), shape], {}, name);
}

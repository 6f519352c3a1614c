/** Matrix products with weights. */
import type { GraphBuilder } from '../builder.ts';

/**
 * `x · Wᵀ + b` with W stored [outputs, inputs], as torch.nn.Linear does.
 * FusedMatMul multiplies by the transpose as it lies; MatMul would want a transposed copy of every weight while loading.
 * @param weight name of the stored weight; @param bias of the stored bias, null for none
 */
export function linear(
  b: GraphBuilder,
  input: string,
  weight: string,
  bias: string | null,
  [inputs, outputs]: readonly [number, number],
  name?: string,
): string {
  const attributes = { transB: 1 };
  const matrix = b.weights.get(weight, [outputs, inputs]);
  if (bias === null) return b.fused('FusedMatMul', [input, matrix], attributes, name);
  return addBias(b, b.fused('FusedMatMul', [input, matrix], attributes), bias, outputs, name);
}

/** `x · W + b` with W stored [inputs, outputs], as GPT-2's Conv1D does. */
export function linearConv1d(
  b: GraphBuilder,
  input: string,
  weight: string,
  bias: string,
  [inputs, outputs]: readonly [number, number],
  name?: string,
): string {
  return addBias(b, b.node('MatMul', [input, b.weights.get(weight, [inputs, outputs])]), bias, outputs, name);
}

function addBias(b: GraphBuilder, input: string, bias: string, outputs: number, name?: string): string {
  return b.node('Add', [input, b.weights.get(bias, [outputs])], {}, name);
}

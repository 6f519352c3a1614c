/** Normalisation over the last axis. */
import type { GraphBuilder } from '../builder.ts';

export interface Norm {
  readonly width: number;
  readonly epsilon: number;
}

/** Layer normalisation; @param weight and @param bias are names of stored tensors */
export function layerNorm(b: GraphBuilder, input: string, weight: string, bias: string, { width, epsilon }: Norm, name?: string): string {
  const inputs = [input, b.weights.get(weight, [width]), b.weights.get(bias, [width])];
  return b.node('LayerNormalization', inputs, { axis: -1, epsilon: { float: epsilon } }, name);
}

/**
 * Root-mean-square normalisation, scaled by the weight.
 * SimplifiedLayerNormalization is ONNX Runtime's own name for RMSNormalization, which has one kernel there.
 */
export function rmsNorm(b: GraphBuilder, input: string, weight: string, { width, epsilon }: Norm, name?: string): string {
  return simplified(b, input, b.weights.get(weight, [width]), epsilon, name);
}

/** As Gemma does it: the stored weight is the scale's distance from 1. ONNX Runtime adds the 1 once, while it loads. */
export function rmsNormFromOne(b: GraphBuilder, input: string, weight: string, { width, epsilon }: Norm, name?: string): string {
  return simplified(b, input, b.node('Add', [b.weights.get(weight, [width]), b.float(1)]), epsilon, name);
}

function simplified(b: GraphBuilder, input: string, scale: string, epsilon: number, name?: string): string {
  return b.node('SimplifiedLayerNormalization', [input, scale], { axis: -1, epsilon: { float: epsilon } }, name);
}

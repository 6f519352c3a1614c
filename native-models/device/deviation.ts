/// <reference lib="es2025.float16" />
/** How far a device's results are from the processor's. */
import type { Tensor } from 'onnxruntime-node';
import { dataType, type OnnxModel } from '../onnx/graph.ts';

export interface Deviation {
  /** The largest difference of any value. */
  readonly absolute: number;
  /** The largest difference over the largest magnitude of the same output: small values between large ones need not agree to the digit. */
  readonly relative: number;
  readonly tolerance: number;
  /** Whether `relative` is at most `tolerance`. */
  readonly within: boolean;
}

type Outputs = Readonly<Record<string, Tensor>>;

/**
 * What `relative` may be. Sums of 32-bit floats in another order differ by 1e-6 to 1e-5 of the largest value; 1e-4 leaves room for
 * deep models, and finds arithmetic of fewer bits (TensorFloat-32 rounds to 5e-4) and wrong operators. In 16 bits every value is
 * rounded to 5e-4 of itself, and quantised operators round activations as each device likes: 2e-2.
 */
export function toleranceOf(model: OnnxModel): number {
  const coarse =
    model.graph.initializers.some(({ type }) => type === dataType.float16 || type === dataType.bfloat16) ||
    model.graph.nodes.some(({ op }) => /NBits|Integer|QLinear|QuantizeLinear|Quantized|^QAttention|^QGemm/.test(op));
  return coarse ? 2e-2 : 1e-4;
}

/** Over all outputs of numbers that both have. Where only one of two values is a number, the deviation is infinite. */
export function deviationOf(device: Outputs, cpu: Outputs, tolerance: number): Deviation {
  let absolute = 0;
  let relative = 0;
  for (const [name, expected] of Object.entries(cpu)) {
    const found = device[name];
    if (found === undefined) continue;
    const [left, right] = [numbersOf(found), numbersOf(expected)];
    if (left === null || right === null) continue;
    const { difference, scale } = compare(left, right);
    absolute = Math.max(absolute, difference);
    relative = Math.max(relative, difference === 0 ? 0 : difference / scale);
  }
  return { absolute, relative, tolerance, within: relative <= tolerance };
}

function compare(left: ArrayLike<number>, right: ArrayLike<number>): { difference: number; scale: number } {
  let difference = left.length === right.length ? 0 : Infinity;
  let scale = 0;
  for (let index = 0; index < right.length; index++) {
    const [a, b] = [left[index]!, right[index]!];
    if (Number.isFinite(b)) scale = Math.max(scale, Math.abs(b));
    // Equal infinities (of masks) agree, and so do two values that are not numbers.
    if (Object.is(a, b) || a === b) continue;
    const gap = Math.abs(a - b);
    difference = Math.max(difference, Number.isNaN(gap) ? Infinity : gap);
  }
  return { difference, scale };
}

/** Values of a tensor of floats; null for those that are exact on every device. */
function numbersOf(tensor: Tensor): ArrayLike<number> | null {
  if (tensor.type === 'float32' || tensor.type === 'float64') return tensor.data as Float32Array | Float64Array;
  if (tensor.type !== 'float16') return null;
  const bits = tensor.data as Uint16Array;
  return new Float16Array(bits.buffer, bits.byteOffset, bits.length);
}

/**
 * The `scrambled` control: a model's own graph with the values inside each weight matrix permuted.
 * Sizes, norms and value distributions stay what they are; whatever the model knew is gone.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { below, seededRandom } from '../probes/numerics/random.ts';
import { dataType, type OnnxModel, type Tensor } from './onnx/graph.ts';

const matrixOperators = new Set(['MatMul', 'Gemm', 'Gather']);

/** @returns a model that carries its permuted weights itself; the file on disk is only read */
export function permuteWeights(model: OnnxModel, graphFile: string, weightFolder: string, seed: number): OnnxModel {
  const matrices = new Set(model.graph.nodes.filter((node) => matrixOperators.has(node.op)).flatMap((node) => node.inputs));
  // Tied or transposed copies of one matrix must not be permuted apart from what feeds them, so look through Transpose.
  for (const node of model.graph.nodes) if (node.op === 'Transpose' && matrices.has(node.outputs[0]!)) matrices.add(node.inputs[0]!);
  const random = seededRandom(seed);
  const initializers = model.graph.initializers.map((tensor) => {
    if (tensor.type !== dataType.float || tensor.shape.length < 2 || !matrices.has(tensor.name)) return tensor;
    const bytes = weightBytes(tensor, graphFile, weightFolder);
    if (bytes === null) return tensor;
    permute(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4), random);
    return { ...tensor, place: { kind: 'values', bytes } as const };
  });
  return { ...model, graph: { ...model.graph, initializers } };
}

function weightBytes(tensor: Tensor, graphFile: string, weightFolder: string): Uint8Array | null {
  const { place } = tensor;
  if (place.kind === 'inline') return aligned(readFileSync(graphFile).subarray(place.offset, place.offset + place.length));
  if (place.kind === 'external') {
    const file = readFileSync(path.resolve(weightFolder, place.location));
    return aligned(file.subarray(place.offset, place.length === null ? file.length : place.offset + place.length));
  }
  return null;
}

function aligned(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

function permute(values: Float32Array, random: () => number): void {
  for (let index = values.length - 1; index > 0; index--) {
    const other = below(random, index + 1);
    const value = values[index]!;
    values[index] = values[other]!;
    values[other] = value;
  }
}

/** Tensors that a user may pick by name where hooks are not enough: `tensor:NAME`. */
import type { Graph } from '../onnx/graph.ts';
import { constantsOf } from './flow.ts';
import { elementTypes, isFloat } from './types.ts';

export interface CandidateTensor {
  readonly name: string;
  /** The operator that makes it. */
  readonly op: string;
}

/** All tensors of floating-point numbers that depend on an input, in the order of computation. */
export function candidateTensors(graph: Graph): CandidateTensor[] {
  const constants = constantsOf(graph);
  const types = elementTypes(graph);
  return graph.nodes.flatMap((node) =>
    node.outputs
      .filter((name) => name !== '' && !constants.has(name) && isFloat(types.get(name) ?? 0))
      .map((name) => ({ name, op: node.op })),
  );
}

/** What the search for hooks knows about a graph before it begins. */
import type { Graph } from '../onnx/graph.ts';
import { constantsOf, stepsOf, type Step } from './flow.ts';
import { ranksOf } from './ranks.ts';
import { floatTensors } from './types.ts';

export interface GraphView {
  readonly graph: Graph;
  readonly steps: readonly Step[];
  readonly constants: ReadonlySet<string>;
  /** Numbers of dimensions, where they are known. */
  readonly ranks: ReadonlyMap<string, number>;
  readonly floats: ReadonlySet<string>;
}

export function viewOf(graph: Graph): GraphView {
  const constants = constantsOf(graph);
  return { graph, steps: stepsOf(graph, constants), constants, ranks: ranksOf(graph), floats: floatTensors(graph) };
}

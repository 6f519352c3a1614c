/** What the search for hooks knows about a graph before it begins. */
import type { Graph } from '../onnx/graph.ts';
import { constantsOf, stepsOf, type Step } from './flow.ts';
import { ranksOf } from './ranks.ts';
import { floatTensors } from './types.ts';

export interface GraphView {
  readonly graph: Graph;
  readonly steps: readonly Step[];
  readonly readers: ReadonlyMap<string, readonly Step[]>;
  readonly constants: ReadonlySet<string>;
  /** Numbers of dimensions, where they are known. */
  readonly ranks: ReadonlyMap<string, number>;
  readonly floats: ReadonlySet<string>;
}

export function viewOf(graph: Graph): GraphView {
  const constants = constantsOf(graph);
  const steps = stepsOf(graph, constants);
  const readers = new Map<string, Step[]>();
  for (const step of steps) {
    for (const name of step.inputs) {
      const list = readers.get(name);
      if (list === undefined) readers.set(name, [step]);
      else list.push(step);
    }
  }
  return { graph, steps, readers, constants, ranks: ranksOf(graph), floats: floatTensors(graph) };
}

/**
 * The tensor of floats that all which follows sees in place of the given one: where that is quantised and turned back into floats,
 * or is itself quantised, the floats behind.
 */
export function asSeen({ readers }: GraphView, tensor: string): string {
  let at = tensor;
  for (const op of ['QuantizeLinear', 'DequantizeLinear']) {
    const [reader, ...others] = readers.get(at) ?? [];
    const next = reader?.op === op && others.length === 0 ? reader.outputs[0] : undefined;
    if (next !== undefined) at = next;
    else if (op === 'DequantizeLinear') return tensor;
  }
  return at;
}

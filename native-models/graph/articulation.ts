/** Articulation tensors: those that every path from the embedding to the logits goes through. */
import type { Step } from './flow.ts';

export interface Articulation {
  /** Tensors on some path from source to sink, in topological order, with their positions. */
  readonly position: ReadonlyMap<string, number>;
  readonly order: readonly string[];
  /** Those that no edge jumps over, in order. */
  readonly tensors: readonly string[];
  /** The step that makes each tensor on a path. */
  readonly maker: ReadonlyMap<string, Step>;
}

/**
 * Exact, in time proportional to the edges: number the tensors in topological order; a tensor is a cut of the graph
 * if and only if no edge leads from an earlier to a later number across it. Edges across each number are counted with a difference array.
 */
export function findArticulation(steps: readonly Step[], source: string, sink: string): Articulation {
  const forward = new Set([source]);
  for (const step of steps) if (step.inputs.some((name) => forward.has(name))) for (const name of step.outputs) forward.add(name);
  const backward = new Set([sink]);
  for (const step of steps.toReversed())
    if (step.outputs.some((name) => backward.has(name))) for (const name of step.inputs) backward.add(name);

  const order: string[] = [];
  const position = new Map<string, number>();
  const place = (name: string): void => {
    if (!forward.has(name) || !backward.has(name) || position.has(name)) return;
    position.set(name, order.length);
    order.push(name);
  };
  place(source);
  for (const step of steps) step.outputs.forEach(place);

  const maker = new Map<string, Step>();
  const change = new Int32Array(order.length + 2);
  for (const step of steps) {
    for (const output of step.outputs) {
      const to = position.get(output);
      if (to === undefined) continue;
      if (output !== source) maker.set(output, step);
      for (const input of new Set(step.inputs)) {
        const from = position.get(input);
        if (from === undefined || to <= from + 1) continue;
        change[from + 1]! += 1;
        change[to]! -= 1;
      }
    }
  }
  const tensors: string[] = [];
  let across = 0;
  order.forEach((name, index) => {
    across += change[index]!;
    if (across === 0) tensors.push(name);
  });
  return { position, order, tensors, maker };
}

/** The graph that reads hooks: cut behind the last hook that is asked for, so that nothing is computed that nobody reads. */
import { dataType, type OnnxModel } from '../onnx/graph.ts';
import { makeNode, valueInfo } from '../onnx/write.ts';
import type { Hook, OpenedModel } from '../opened.ts';
import { makeEditable, type EditPoint } from './edit-graph.ts';
import { names, tapName } from './names.ts';
import { copyOf, pruneKeepingCaches } from './prune.ts';
import { unfuseSums } from './unfuse.ts';

/**
 * - `all`: each hook as it is;
 * - `rows`: at chosen positions, [K, …]; of an attention pattern the query positions, [K, head, key];
 * - `mean`: averages over chosen positions, [M, …], by the weights that are fed.
 */
export type TapMode = 'all' | 'rows' | 'mean';

/** Outputs `tapName(0)`, `tapName(1)` … in the order of the hooks, all float32. */
export function tapGraph(
  opened: OpenedModel,
  hooks: readonly Hook[],
  mode: TapMode,
  points: readonly EditPoint[] = [],
  ablation = false,
): OnnxModel {
  const tensors = [...hooks, ...points].map(({ tensor }) => tensor);
  const graph = copyOf(unfuseSums(opened.model.graph, new Set(tensors)));
  const edited = makeEditable(graph, opened.model, points, ablation);
  graph.outputs = hooks.map((_, index) => valueInfo(tapName(index), dataType.float));
  hooks.forEach((hook, index) => {
    const tap = tapName(index);
    let tensor = edited.get(hook.tensor) ?? hook.tensor;
    if (mode !== 'all') {
      if (hook.shape === 'pattern') {
        graph.nodes.push(makeNode('Transpose', [tensor], [`${tap}/by_query`], { perm: [0, 2, 1, 3] }));
        tensor = `${tap}/by_query`;
      }
      graph.nodes.push(makeNode('GatherND', [tensor, names.positions], [`${tap}/rows`]));
      tensor = `${tap}/rows`;
    }
    const float = mode === 'mean' ? `${tap}/float` : tap;
    graph.nodes.push(makeNode('Cast', [tensor], [float], { to: dataType.float }));
    if (mode === 'mean') {
      // Positions side by side are one axis: [K, everything else], whatever the hook's rank.
      graph.nodes.push(
        makeNode('Flatten', [float], [`${tap}/flat`], { axis: 2 }),
        makeNode('MatMul', [names.weights, `${tap}/flat`], [tap]),
      );
    }
  });
  if (mode !== 'all') graph.inputs.push(valueInfo(names.positions, dataType.int64, [1, 'positions', 2]));
  if (mode === 'mean') graph.inputs.push(valueInfo(names.weights, dataType.float, ['rows', 'positions']));
  return { ...opened.model, graph: pruneKeepingCaches(graph, opened.model.graph) };
}

/**
 * The logit lens: the model's own final norm and head, applied to the residual stream before and behind every block
 * (nostalgebraist 2020, "interpreting GPT: the logit lens").
 */
import { dataType, type Node, type OnnxModel } from '../onnx/graph.ts';
import { makeNode, valueInfo } from '../onnx/write.ts';
import { residualPoints, type OpenedModel } from '../opened.ts';
import { makeEditable, type EditPoint } from './edit-graph.ts';
import { inputOfHead, repeated } from './head.ts';
import { names } from './names.ts';
import { copyOf, interpose, pruneKeepingCaches } from './prune.ts';
import { unfuseSums } from './unfuse.ts';

/** Outputs for P points and K positions, a point after the other: log-probabilities and tokens of the `top` best, and of the targets. */
export function lensGraph(opened: OpenedModel, top: number, points: readonly EditPoint[] = [], ablation = false): OnnxModel {
  const { hooks, output, model } = opened;
  const stream = residualPoints(hooks).map(({ tensor }) => tensor);
  const graph = copyOf(unfuseSums(model.graph, new Set([...stream, hooks.headInput, ...points.map((point) => point.tensor)])));
  const edited = makeEditable(graph, model, points, ablation);
  const last = edited.get(hooks.headInput) ?? hooks.headInput;
  const headInput = inputOfHead(graph, last, output);
  const between: Node[] = [];
  const rows = stream.map((name, index) => {
    const state = edited.get(name) ?? name;
    const { nodes, result } = repeated(graph, last, headInput, state, `candor/lens.${index}`);
    between.push(...nodes, makeNode('GatherND', [result, names.positions], [`candor/lens_rows.${index}`]));
    return `candor/lens_rows.${index}`;
  });
  interpose(graph, headInput, 'candor/lens_rows', [...between, makeNode('Concat', rows, ['candor/lens_rows'], { axis: 1 })]);
  graph.initializers.push({
    name: 'candor/top',
    shape: [1],
    type: dataType.int64,
    place: { kind: 'values', bytes: new Uint8Array(BigInt64Array.of(BigInt(top)).buffer) },
  });
  graph.nodes.push(
    makeNode('Cast', [output], [names.logits], { to: dataType.float }),
    makeNode('LogSoftmax', [names.logits], ['candor/log_softmax'], { axis: -1 }),
    makeNode('TopK', ['candor/log_softmax', 'candor/top'], [names.lensLogprobs, names.lensTokens], { axis: -1 }),
    makeNode('GatherND', ['candor/log_softmax', names.targets], [names.logprobs]),
  );
  graph.inputs.push(
    valueInfo(names.positions, dataType.int64, [1, 'positions', 2]),
    valueInfo(names.targets, dataType.int64, ['targets', 3]),
  );
  graph.outputs = [
    valueInfo(names.lensLogprobs, dataType.float, [1, null, top]),
    valueInfo(names.lensTokens, dataType.int64, [1, null, top]),
    valueInfo(names.logprobs, dataType.float, ['targets']),
  ];
  return { ...model, graph: pruneKeepingCaches(graph, model.graph) };
}

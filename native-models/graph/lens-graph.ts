/**
 * The logit lens: the model's own final norm and head, applied to the residual stream before and behind every block
 * (nostalgebraist 2020, "interpreting GPT: the logit lens").
 */
import { dataType, type OnnxModel } from '../onnx/graph.ts';
import { makeNode, valueInfo } from '../onnx/write.ts';
import { residualPoints, type OpenedModel } from '../opened.ts';
import { makeEditable, type EditPoint } from './edit-graph.ts';
import { names } from './names.ts';
import { copyOf, interpose, pruneKeepingCaches } from './prune.ts';
import { unfuseSums } from './unfuse.ts';

/** Outputs for P points and K positions, a point after the other: log-probabilities and tokens of the `top` best, and of the targets. */
export function lensGraph(opened: OpenedModel, top: number, points: readonly EditPoint[] = [], ablation = false): OnnxModel {
  const { hooks, output, model } = opened;
  const stream = residualPoints(hooks).map(({ tensor }) => tensor);
  const graph = copyOf(unfuseSums(model.graph, new Set([...stream, hooks.headInput, ...points.map((point) => point.tensor)])));
  const edited = makeEditable(graph, model, opened.dtype, points, ablation);
  const rows = stream.map((name, index) => {
    const tensor = edited.get(name) ?? name;
    graph.nodes.push(makeNode('GatherND', [tensor, names.positions], [`candor/lens.${index}`]));
    return `candor/lens.${index}`;
  });
  const gathers = graph.nodes.splice(-rows.length);
  const headInput = edited.get(hooks.headInput) ?? hooks.headInput;
  interpose(graph, headInput, 'candor/lens_rows', [...gathers, makeNode('Concat', rows, ['candor/lens_rows'], { axis: 1 })]);
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

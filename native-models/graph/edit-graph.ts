/**
 * Makes tensors of a graph editable: `state · scale + shift`, less its share along given directions. Fed with 1, 0 and no share it is the
 * identity, bit for bit, so that one graph serves every strength of an edit. Covers adding, replacing, scaling and ablation.
 */
import { dataType, type Graph, type Node, type OnnxModel } from '../onnx/graph.ts';
import type { HookShape } from '../opened.ts';
import { makeNode, valueInfo } from '../onnx/write.ts';
import { editNames } from './names.ts';
import { interpose } from './prune.ts';
import { elementTypes } from './types.ts';

export interface EditPoint {
  readonly tensor: string;
  readonly shape: HookShape;
}

/** Operator set from which on CastLike exists. */
const castLike = 15;

/**
 * @param graph changed in place; fused sums among the points must have been taken apart (`unfuse.ts`)
 * @param ablation whether directions can be ablated at these points: two products more a point
 * @returns what each point's tensor is called behind its edit
 */
export function makeEditable(graph: Graph, { opsets }: OnnxModel, points: readonly EditPoint[], ablation: boolean): Map<string, string> {
  const types = elementTypes(graph);
  const edited = new Map<string, string>();
  points.forEach(({ tensor, shape }, index) => {
    const inputs = editNames(index);
    const replacement = `candor/edited.${index}`;
    const at = (step: string): string => `${replacement}/${step}`;
    const nodes: Node[] = [makeNode('Cast', [tensor], [at('float')], { to: dataType.float })];
    let state = at('float');
    if (ablation && shape === 'residual') {
      nodes.push(
        makeNode('MatMul', [state, inputs.directions], [at('share')]),
        makeNode('Transpose', [inputs.directions], [at('back')], { perm: [1, 0] }),
        makeNode('MatMul', [at('share'), at('back')], [at('along')]),
        makeNode('Mul', [at('along'), inputs.taken], [at('away')]),
        makeNode('Sub', [state, at('away')], [at('without')]),
      );
      state = at('without');
      graph.inputs.push(
        valueInfo(inputs.directions, dataType.float, ['width', 'directions']),
        valueInfo(inputs.taken, dataType.float, [null, null, 1]),
      );
    }
    nodes.push(makeNode('Mul', [state, inputs.scale], [at('scaled')]), makeNode('Add', [at('scaled'), inputs.shift], [at('shifted')]));
    nodes.push(
      (opsets.get('') ?? 0) >= castLike
        ? makeNode('CastLike', [at('shifted'), tensor], [replacement])
        : makeNode('Cast', [at('shifted')], [replacement], { to: types.get(tensor) || dataType.float }),
    );
    interpose(graph, tensor, replacement, nodes);
    const rank = new Array<null>(shape === 'heads' ? 4 : 3).fill(null);
    graph.inputs.push(valueInfo(inputs.scale, dataType.float, rank), valueInfo(inputs.shift, dataType.float, rank));
    edited.set(tensor, replacement);
  });
  return edited;
}

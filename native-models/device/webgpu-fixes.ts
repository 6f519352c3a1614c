/**
 * Nodes that WebGPU takes and should not, which are therefore left to the processor.
 *
 * - Sin and Cos: WGSL allows them an absolute error of 2^-11 between -π and π, and any error outside. Rotary position embeddings
 *   take them of angles up to the length of the text, and 2e-4 in them became 5e-3 in the logits of a Llama of plain operators;
 *   with the two on the processor it was 1e-5, like that of other models. They are few and small.
 * - MaxPool with a second output: WebGPU's has none, and fails when it is run.
 */
import type { Node, OnnxModel } from '../onnx/graph.ts';
import { MemorySource } from '../onnx/source.ts';
import { fieldsOf, WireWriter } from '../onnx/wire.ts';

const inexact = new Set(['Sin', 'Cos']);

/** A graph in which those nodes have names of their own, and these names. */
export function keepOnCpu(model: OnnxModel): { model: OnnxModel; nodes: string[] } {
  const names: string[] = [];
  const nodes = model.graph.nodes.map((node, index) => {
    if (!belongsOnCpu(node)) return node;
    const name = `candor/cpu.${index}`;
    names.push(name);
    return named(node, name);
  });
  return names.length === 0 ? { model, nodes: names } : { model: { ...model, graph: { ...model.graph, nodes } }, nodes: names };
}

function belongsOnCpu(node: Node): boolean {
  if (node.domain !== '' && node.domain !== 'ai.onnx') return false;
  return inexact.has(node.op) || (node.op === 'MaxPool' && (node.outputs[1] ?? '') !== '');
}

/** The same node under another name, field 3 of NodeProto: the provider is told nodes by name, and not every node has one. */
function named(node: Node, name: string): Node {
  const writer = new WireWriter();
  for (const field of fieldsOf(new MemorySource(node.raw), 0, node.raw.length))
    if (field.number !== 3) writer.raw(node.raw.subarray(field.start, field.offset + field.length));
  return { ...node, name, raw: writer.text(3, name).finish() };
}

/** Graphs that multiply by four large matrices one after the other, as layers of a model do; the types that weights come in. */
import { dataType, type Node, type OnnxModel, type Tensor } from '../../onnx/graph.ts';
import { makeNode, valueInfo } from '../../onnx/write.ts';
import { WireWriter } from '../../onnx/wire.ts';

export const side = 2048;
export const count = 4;
/** What a file must hold for the widest type. */
export const fileBytes = 4 * count * side * side;

/** @param kind float32, float16, bfloat16 (both made float32 in the graph), int4, or table (looked up only) */
export function matrices(kind: string, file: string): OnnxModel {
  const initializers: Tensor[] = [];
  const nodes: Node[] = [];
  let offset = 0;
  const weight = (name: string, type: number, shape: number[], bytes: number): string => {
    initializers.push({ name, type, shape, place: { kind: 'external', location: file, offset, length: bytes } });
    offset += bytes;
    return name;
  };
  for (let index = 0; index < count; index++) {
    const [x, y, w] = [index === 0 ? 'x' : `y${index - 1}`, `y${index}`, `w${index}`];
    if (kind === 'int4') {
      const blocks = (side * side) / 32;
      weight(w, dataType.uint8, [side, side / 32, 16], blocks * 16);
      weight(`s${index}`, dataType.float, [blocks], 4 * blocks);
      nodes.push(makeNode('MatMulNBits', [x, w, `s${index}`], [y], { K: side, N: side, bits: 4, block_size: 32 }, 'com.microsoft'));
    } else if (kind === 'table') {
      weight(w, dataType.float, [side, side], 4 * side * side);
      nodes.push(makeNode('Gather', [w, 'ids'], [`row${index}`]), makeNode('Add', [x, `row${index}`], [y]));
    } else if (kind === 'float32') {
      nodes.push(makeNode('MatMul', [x, weight(w, dataType.float, [side, side], 4 * side * side)], [y]));
    } else {
      weight(w, kind === 'float16' ? dataType.float16 : dataType.bfloat16, [side, side], 2 * side * side);
      nodes.push(makeNode('Cast', [w], [`wide${index}`], { to: dataType.float }), makeNode('MatMul', [x, `wide${index}`], [y]));
    }
  }
  const opset = (domain: string, version: number): WireWriter => new WireWriter().text(1, domain).integer(2, version);
  return {
    graph: {
      name: kind,
      nodes,
      initializers,
      inputs: [valueInfo('x', dataType.float, ['rows', side]), ...(kind === 'table' ? [valueInfo('ids', dataType.int64, ['rows'])] : [])],
      outputs: [valueInfo(`y${count - 1}`, dataType.float, ['rows', side])],
      rest: [],
    },
    opsets: new Map([['', 17]]),
    rest: [new WireWriter().integer(1, 8).message(8, opset('', 17)).message(8, opset('com.microsoft', 1)).finish()],
  };
}

/** Shapes of a graph's inner tensors, found by running it: which of them have a row for each token, and which do not. */
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { LabError } from '../../probes/lab-error.ts';
import { copyOf, pruneKeepingCaches } from '../graph/prune.ts';
import { candidateTensors } from '../graph/tensors.ts';
import { dataType } from '../onnx/graph.ts';
import { makeNode, valueInfo } from '../onnx/write.ts';
import type { OpenedModel } from '../opened.ts';
import type { DecoderInputs } from './inputs.ts';
import type { CreateSession } from './sessions.ts';
import { wanted } from './step.ts';

/** `batch` and `pos` where the size is that of the input, else the number. */
export type TensorShape = readonly ('batch' | 'pos' | number)[];

export interface TensorInfo {
  readonly name: string;
  /** The operator that makes it. */
  readonly op: string;
  readonly shape: TensorShape;
}

/** Two inputs that differ in both sizes: what changes with them is named after them. */
const trials = [
  { batch: 2, length: 5 },
  { batch: 3, length: 7 },
] as const;

/**
 * @param only these tensors; all of floating-point numbers where absent
 * @throws LabError `usage` for a tensor that there is not
 */
export async function tensorShapes(
  opened: OpenedModel,
  inputs: DecoderInputs,
  vocabulary: number,
  createSession: CreateSession,
  only?: readonly string[],
): Promise<TensorInfo[]> {
  const candidates = candidateTensors(opened.model.graph);
  const picked = only === undefined ? candidates : only.map((name) => candidates.find((one) => one.name === name) ?? missing(name));
  const graph = copyOf(opened.model.graph);
  const shapeOf = (index: number): string => `candor/shape.${index}`;
  picked.forEach(({ name }, index) => graph.nodes.push(makeNode('Shape', [name], [shapeOf(index)])));
  graph.outputs = picked.map((_, index) => valueInfo(shapeOf(index), dataType.int64, [null]));
  const session = await createSession({ ...opened.model, graph: pruneKeepingCaches(graph, opened.model.graph) });
  try {
    const runs = [await run(session, inputs, vocabulary, trials[0]), await run(session, inputs, vocabulary, trials[1])] as const;
    const dims = (which: 0 | 1, index: number): number[] => Array.from(runs[which][shapeOf(index)]!.data as BigInt64Array, Number);
    return picked.map((one, index) => ({ ...one, shape: symbolic(dims(0, index), dims(1, index)) }));
  } finally {
    await session.release();
  }
}

function run(
  session: InferenceSession,
  inputs: DecoderInputs,
  vocabulary: number,
  { batch, length }: (typeof trials)[number],
): Promise<Record<string, Tensor>> {
  const rows = Array.from({ length: batch }, (_, row) => Array.from({ length }, (_token, at) => (row * length + at) % vocabulary));
  return session.run(
    wanted(session, inputs.rows(rows)),
    session.outputNames.filter((name) => name.startsWith('candor/')),
  );
}

function symbolic(first: readonly number[], second: readonly number[]): TensorShape {
  return first.map((size, axis) => {
    if (size === trials[0].batch && second[axis] === trials[1].batch) return 'batch';
    if (size === trials[0].length && second[axis] === trials[1].length) return 'pos';
    return size;
  });
}

function missing(name: string): never {
  throw new LabError(
    'usage',
    `there is no tensor of floating-point numbers called "${name}" in this model`,
    '`models inspect --tensors` lists those that there are.',
  );
}

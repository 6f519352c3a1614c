/** Fixtures and what PyTorch recorded at their hooks (`fixtures/record/record.py`), and a plain way to run a graph on the same input. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { fedInputs } from '../../graph/source.ts';
import { unfuseSums } from '../../graph/unfuse.ts';
import { dataType, type Graph, type OnnxModel } from '../../onnx/graph.ts';
import { encodeModel, makeNode, valueInfo } from '../../onnx/write.ts';
import type { OpenedModel } from '../../opened.ts';

export const fixtures = path.join(import.meta.dirname, '../fixtures');

export interface Recorded {
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

export interface Expected {
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly hooks: Readonly<Record<string, Recorded>>;
  readonly answer: Recorded;
}

interface Stored {
  readonly type: 'int64' | 'float32';
  readonly dims: number[];
  readonly values?: number[];
  readonly data?: string;
}

/** @param name folder of a fixture */
export function expectedOf(name: string): Expected {
  const stored = JSON.parse(readFileSync(path.join(fixtures, name, 'expected.json'), 'utf8')) as {
    feeds: Record<string, Stored>;
    hooks: Record<string, Stored>;
    answer: Stored;
  };
  const feed = (one: Stored): Tensor =>
    one.type === 'int64'
      ? new Tensor('int64', BigInt64Array.from(one.values!, BigInt), one.dims)
      : new Tensor('float32', floats(one), one.dims);
  const recorded = (one: Stored): Recorded => ({ dims: one.dims, values: floats(one) });
  return { feeds: mapped(stored.feeds, feed), hooks: mapped(stored.hooks, recorded), answer: recorded(stored.answer) };
}

function mapped<T, U>(record: Record<string, T>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

function floats({ data }: Stored): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(data!, 'base64'));
  return new Float32Array(bytes.buffer);
}

/** Runs the model's own graph and returns tensors of it as float32, those inside fused nodes included. Caches are empty. */
export async function runTensors(
  opened: OpenedModel,
  feeds: Readonly<Record<string, Tensor>>,
  tensors: readonly string[],
): Promise<Record<string, Recorded>> {
  const names = [...new Set(tensors)];
  const graph = unfuseSums(opened.model.graph, new Set(names));
  const shown = (name: string): string => `shown/${name}`;
  const session = await sessionOf(opened, {
    ...graph,
    nodes: [...graph.nodes, ...names.map((name) => makeNode('Cast', [name], [shown(name)], { to: dataType.float }))],
    outputs: names.map((name) => valueInfo(shown(name), dataType.float)),
  });
  const outputs = await session.run(allFeeds(opened.model, feeds));
  await session.release();
  return Object.fromEntries(
    names.map((name) => {
      const { dims, data } = outputs[shown(name)]!;
      return [name, { dims, values: data as Float32Array }];
    }),
  );
}

export function sessionOf(opened: OpenedModel, graph: Graph): Promise<InferenceSession> {
  const bytes = encodeModel({ ...opened.model, graph }, path.relative(opened.weightFolder, opened.graphFile));
  return InferenceSession.create(bytes, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: { session: { model_external_initializers_file_folder_path: opened.weightFolder } },
  });
}

/** The given feeds for the inputs that the graph has, and caches of no positions. */
function allFeeds(model: OnnxModel, feeds: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const batch = Object.values(feeds)[0]!.dims[0]!;
  return Object.fromEntries(
    fedInputs(model.graph).map((input): [string, Tensor] => {
      if (feeds[input.name] !== undefined) return [input.name, feeds[input.name]!];
      const open = input.shape!.findIndex((side) => typeof side !== 'number');
      const dims = input.shape!.map((side, axis) => (typeof side === 'number' ? side : axis === open ? batch : 0));
      return [
        input.name,
        input.type === dataType.float16
          ? new Tensor('float16', new Uint16Array(0), dims)
          : new Tensor('float32', new Float32Array(0), dims),
      ];
    }),
  );
}

/** Largest difference, as a share of the largest expected value. */
export function deviation(actual: Recorded, expected: Recorded): number {
  if (actual.values.length !== expected.values.length) return Infinity;
  let largest = 0;
  let difference = 0;
  expected.values.forEach((value, at) => {
    largest = Math.max(largest, Math.abs(value));
    const distance = Math.abs(actual.values[at]! - value);
    difference = Number.isNaN(distance) ? Infinity : Math.max(difference, distance);
  });
  return difference / largest;
}

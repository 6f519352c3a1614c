/** Damaged files are refused in words or opened; they neither crash nor hang the lab, nor make it take memory on their word. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LabError } from '../../probes/lab-error.ts';
import { below, seededRandom } from '../../probes/numerics/random.ts';
import { readModelFile } from '../onnx/read.ts';
import { MemorySource } from '../onnx/source.ts';
import { fieldsOf, WireWriter } from '../onnx/wire.ts';
import { openExport } from './open.ts';
import { fixtures } from './testing/fixtures.ts';

let file: string;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'candor-hostile-'));
  file = path.join(folder, 'model.onnx');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const allowed = new Set(['opened', 'model-unreadable', 'model-unsupported', 'model-data-missing']);

function outcome(bytes: Uint8Array): string {
  writeFileSync(file, bytes);
  try {
    openExport(file);
    return 'opened';
  } catch (thrown) {
    return thrown instanceof LabError ? thrown.code : String(thrown instanceof Error ? thrown.stack : thrown);
  }
}

/** @returns how often each outcome came; any other than those allowed as it was */
function outcomes(variants: Iterable<Uint8Array>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const bytes of variants) {
    const result = outcome(bytes);
    counts.set(result, (counts.get(result) ?? 0) + 1);
  }
  expect([...counts.keys()].filter((result) => !allowed.has(result))).toEqual([]);
  return counts;
}

const originals = ['gpt2-fused/decoder.onnx', 'merged/onnx/decoder_model_merged.onnx', 'convolutional/classifier_qdq.onnx'];

describe.each(originals)('%s', (name) => {
  const original = new Uint8Array(readFileSync(path.join(fixtures, name)));

  test('cut short at any of 200 places', () => {
    const counts = outcomes(Array.from({ length: 200 }, (_, round) => original.subarray(0, Math.floor((round * original.length) / 200))));
    // What is cut off may be no more than a field at the very end.
    expect(counts.get('model-unreadable')).toBeGreaterThan(195);
  });

  test('with bytes changed, in 300 ways', () => {
    const random = seededRandom(11);
    const changed = (function* () {
      for (let round = 0; round < 300; round++) {
        const copy = original.slice();
        for (let change = 0; change < 1 + (round % 6); change++) copy[below(random, copy.length)] = below(random, 256);
        yield copy;
      }
    })();
    expect(outcomes(changed).size).toBeGreaterThan(1);
  });

  test('with names of tensors exchanged for one another, so that edges lead anywhere', () => {
    const random = seededRandom(12);
    const places = namePlaces(original);
    const exchanged = (function* () {
      for (let round = 0; round < 150; round++) {
        const copy = original.slice();
        for (let change = 0; change < 1 + (round % 4); change++) {
          const from = places[below(random, places.length)]!;
          const same = places.filter(({ length }) => length === from.length);
          const to = same[below(random, same.length)]!;
          copy.set(original.subarray(from.offset, from.offset + from.length), to.offset);
        }
        yield copy;
      }
    })();
    expect(outcomes(exchanged).get('model-unreadable')).toBeGreaterThan(20);
  });
});

/** Where the names of inputs (1) and outputs (2) of all nodes stand: ModelProto.graph (7).node (1). */
function namePlaces(bytes: Uint8Array): { offset: number; length: number }[] {
  const source = new MemorySource(bytes);
  const graph = [...fieldsOf(source, 0, bytes.length)].find(({ number }) => number === 7)!;
  const nodes = [...fieldsOf(source, graph.offset, graph.offset + graph.length)].filter(({ number }) => number === 1);
  return nodes.flatMap((node) =>
    [...fieldsOf(source, node.offset, node.offset + node.length)].filter(({ number, length }) => number <= 2 && length > 0),
  );
}

test('lengths of terabytes are not believed', () => {
  const before = process.memoryUsage();
  const huge = [2n ** 31n, 2n ** 40n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 64n - 1n];
  for (const length of huge) {
    const prefix = new WireWriter().integer(1, length).finish().subarray(1);
    for (const number of [1, 2, 5, 7, 8, 11, 12, 13]) {
      const field = Uint8Array.from([(number << 3) | 2, ...prefix, 1, 2, 3]);
      expect(outcome(field)).toBe('model-unreadable');
      expect(outcome(new WireWriter().bytes(7, field).finish())).toBe('model-unreadable');
      expect(outcome(new WireWriter().message(7, new WireWriter().bytes(5, field)).finish())).toBe('model-unreadable');
    }
  }
  const after = process.memoryUsage();
  expect(after.rss - before.rss).toBeLessThan(200 * 1024 * 1024);
});

test('a graph that is nothing but additions of additions is looked through in no time', () => {
  // Every sum has two ways back to every earlier one: counting paths would take for ever.
  const graph = new WireWriter();
  const node = (op: string, inputs: string[], output: string): void => {
    const message = new WireWriter();
    for (const name of inputs) message.text(1, name);
    graph.message(1, message.text(2, output).text(4, op));
  };
  node('Gather', ['table', 'input_ids'], 't0');
  for (let at = 1; at < 3000; at++)
    node(at % 7 === 0 ? 'MatMul' : at % 5 === 0 ? 'Softmax' : 'Add', [`t${at - 1}`, `t${Math.max(0, at - 2)}`], `t${at}`);
  node('Add', ['t2999', 't2998'], 'logits');
  graph.message(5, new WireWriter().integer(1, 1).integer(1, 1).integer(2, 1).text(8, 'table').bytes(9, new Uint8Array(4)));
  // TypeProto.tensor_type (1).elem_type (1): INT64 7, FLOAT 1.
  const info = (name: string, type: number): WireWriter =>
    new WireWriter().text(1, name).message(2, new WireWriter().message(1, new WireWriter().integer(1, type)));
  graph.message(11, info('input_ids', 7)).message(12, info('logits', 1));
  const start = performance.now();
  expect(allowed).toContain(outcome(new WireWriter().message(7, graph).finish()));
  expect(performance.now() - start).toBeLessThan(10_000);
});

test('a file that is no file', () => {
  expect(() => readModelFile(folder)).toThrow(LabError);
});

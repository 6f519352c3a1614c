import { spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LabError } from '../../probes/lab-error.ts';
import { dataType, type OnnxModel } from '../onnx/graph.ts';
import { encodeModel, makeNode, valueInfo } from '../onnx/write.ts';
import { WireWriter } from '../onnx/wire.ts';
import { availableMemory, availablePages, fileCache, wholeMemory } from './available-memory.ts';
import { checkMemory, inWords, isOutOfMemory, outOfMemory } from './memory.ts';
import { bareEngine, batchNeeds, weightNeeds } from './memory-needs.ts';
import { fileBytes, matrices, side } from './testing/matrices.ts';

const sizes = { width: 768, heads: 12, cacheHeads: 12, headSize: 64, vocabulary: 32_000, positions: 2048, layers: 12, parameters: 0 };

describe('an error that says memory ran out', () => {
  test("ONNX Runtime's own, of a product that no machine holds", async () => {
    const model: OnnxModel = {
      graph: {
        name: 'huge',
        nodes: [makeNode('MatMul', ['a', 'b'], ['c']), makeNode('ReduceSum', ['c'], ['y'], { keepdims: 0 })],
        initializers: [],
        inputs: [valueInfo('a', dataType.float, ['n', 1]), valueInfo('b', dataType.float, [1, 'n'])],
        outputs: [valueInfo('y', dataType.float, [])],
        rest: [],
      },
      opsets: new Map([['', 17]]),
      rest: [new WireWriter().integer(1, 8).message(8, new WireWriter().integer(2, 17)).finish()],
    };
    // 400 TB: more than a process can address, so that no system promises it.
    const long = 10_000_000;
    const values = new Float32Array(long);
    const session = await InferenceSession.create(encodeModel(model, ''), { logSeverityLevel: 4 });
    const thrown: unknown = await session
      .run({ a: new Tensor('float32', values, [long, 1]), b: new Tensor('float32', values, [1, long]) }, { logSeverityLevel: 4 })
      .catch((error: unknown) => error);
    expect(isOutOfMemory(thrown)).toBe(true);
    expect(outOfMemory(thrown, 'in a batch')).toMatchObject({
      code: 'engine-out-of-memory',
      message: 'memory ran out in a batch: 400000.0 GB more were asked for',
    });
  });

  test("JavaScript's own", () => {
    let thrown: unknown;
    try {
      new ArrayBuffer(Number.MAX_SAFE_INTEGER);
    } catch (error) {
      thrown = error;
    }
    expect(isOutOfMemory(thrown)).toBe(true);
  });

  test.each([
    ['std::bad_alloc', true],
    ['bad allocation', true],
    ['CUDA failure 2: out of memory ; GPU=0 ; hostname=x', true],
    ['CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED', true],
    ['BucketizedBufferAllocator.cpp(122) Exception(1) tid(4790) 8007000E Not enough memory resources are available', true],
    ['WebGPU validation failed. [Invalid Buffer (unlabeled)] is invalid due to a previous error.', true],
    ['WebGPU validation failed. Buffer size (6400000000) exceeds the max buffer size limit (1073741824).', true],
    ['Failed to get a WebGPU adapter: No supported adapters', false],
    ['CUDA failure 209: no kernel image is available', false],
    ['Got invalid dimensions for input: input_ids', false],
  ])('%s', (message, answer) => {
    expect(isOutOfMemory(new Error(message))).toBe(answer);
  });

  test('one that was already put into words, and things that are no errors', () => {
    expect(isOutOfMemory(new LabError('engine-out-of-memory', 'x', 'y'))).toBe(true);
    expect(isOutOfMemory(new LabError('model-unreadable', 'out of memory', 'y'))).toBe(false);
    expect(isOutOfMemory('out of memory')).toBe(false);
  });
});

describe('whether a model fits', () => {
  test('what does not fit is refused with the numbers, unless one insists', () => {
    const model = matrices('float32', 'w');
    expect(() => checkMemory(model, sizes, 512, false, 300e6)).toThrow(
      expect.objectContaining({
        code: 'model-too-large',
        message: 'the model needs about 493 MB of memory (68 MB of weights, 276 MB for a batch), and 300 MB are available',
      }) as Error,
    );
    expect(checkMemory(model, sizes, 512, true, 300e6).available).toBe(300e6);
    const report = checkMemory(model, sizes, 512, false, 1e9);
    expect(report.needed).toBe(bareEngine + report.weights + report.batch);
  });

  test('a batch takes what its states, its attention, its logits and its cache take', () => {
    // Measured with a Llama of these sizes: 233 MB in a first run of 512 tokens and 495 MB of 1024.
    expect(batchNeeds(sizes, 512) / 233e6).toBeGreaterThan(0.8);
    expect(batchNeeds(sizes, 512) / 233e6).toBeLessThan(1.25);
    expect(batchNeeds(sizes, 1024) / 495e6).toBeGreaterThan(0.8);
    expect(batchNeeds(sizes, 1024) / 495e6).toBeLessThan(1.25);
  });

  test('bytes in words', () => {
    expect([inWords(1), inWords(999e6), inWords(1e9), inWords(13.25e9)]).toEqual(['1 MB', '999 MB', '1.0 GB', '13.3 GB']);
  });
});

describe.skipIf(process.platform !== 'linux')('needs against what a process took (only on Linux)', () => {
  let folder = '';
  let file = '';
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'candor-memory-'));
    file = path.join(folder, 'weights');
    // Random: ONNX Runtime holds equal weights once.
    const handle = openSync(file, 'w');
    const part = Buffer.alloc(fileBytes / 16);
    for (let index = 0; index < 16; index++) writeSync(handle, randomFillSync(part));
    closeSync(handle);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const measure = (kind: string): Record<'needs' | 'opening' | 'loaded' | 'peak' | 'batch', number> => {
    const child = spawnSync(process.execPath, [path.join(import.meta.dirname, 'testing/memory-child.ts'), kind, file], {
      encoding: 'utf8',
    });
    expect(child.stderr).toBe('');
    return JSON.parse(child.stdout) as ReturnType<typeof measure>;
  };
  /** What a session takes without weights: thread pool, code, the encoded graph. */
  const rest = 15e6;

  test.each(['float32', 'float16', 'bfloat16', 'int4'])('weights in %s', (kind) => {
    const { needs, opening, loaded, peak } = measure(kind);
    expect(loaded).toBeGreaterThan(0.75 * needs);
    expect(loaded).toBeLessThan(1.3 * needs + rest);
    expect(peak).toBeLessThan(1.3 * (needs + opening) + 3 * rest);
  });

  test('16 bits are held as 32, and 4 bits as they are', () => {
    const values = 4 * side * side;
    expect(weightNeeds(matrices('bfloat16', 'w')).loaded).toBe(4 * values);
    expect(weightNeeds(matrices('int4', 'w')).loaded / values).toBeCloseTo(1.3 * 0.5 + 4 / 32, 6);
  });

  test('tables that are only looked up stay in their file', () => {
    const { needs, loaded } = measure('table');
    expect(needs).toBe(0);
    expect(loaded).toBeLessThan(rest);
  });

  test('a batch', () => {
    const { needs, batch } = measure('organism');
    expect(batch).toBeGreaterThan(0.5 * needs);
    expect(batch).toBeLessThan(2 * needs);
  });
});

describe('memory that is available', () => {
  test('is some, and not more than there is', () => {
    expect(availableMemory()).toBeGreaterThan(50e6);
    expect(availableMemory()).toBeLessThanOrEqual(wholeMemory());
  });

  test("copies of files in a control group's account, in both versions of it", () => {
    expect(fileCache('anon 5\nfile 300\ninactive_file 100\nactive_file 20\n')).toBe(120);
    expect(fileCache('inactive_file 1\ntotal_inactive_file 7\ntotal_active_file 2\n')).toBe(9);
  });

  test("pages in the words of macOS' vm_stat", () => {
    const words = [
      'Mach Virtual Memory Statistics: (page size of 16384 bytes)',
      'Pages free:                               10000.',
      'Pages active:                            400000.',
      'Pages inactive:                           30000.',
      'Pages speculative:                         5000.',
      'Pages purgeable:                           1000.',
    ].join('\n');
    expect(availablePages(words)).toBe(16384 * 46000);
  });
});

import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { dataType, type Node, type OnnxModel } from '../onnx/graph.ts';
import { readModelFile } from '../onnx/read.ts';
import { WireWriter } from '../onnx/wire.ts';
import { makeNode, valueInfo } from '../onnx/write.ts';
import { deviationOf, toleranceOf } from './deviation.ts';
import { candidates, missing } from './devices.ts';
import { findDevice, firstDevice } from './find-device.ts';
import { fallbackOf } from './profile.ts';
import { wordsOf } from './refusal.ts';
import { onProcessor, type Trial } from './report.ts';
import { createSession } from './session.ts';
import { matrices } from './testing/matrices.ts';
import { tryModel } from './trial.ts';
import { keepOnCpu } from './webgpu-fixes.ts';

const liar = path.join(import.meta.dirname, '../organisms/liar/onnx/model.onnx');

function graphOf(nodes: Node[], type: number = dataType.float): OnnxModel {
  return {
    graph: {
      name: 'test',
      nodes,
      initializers: [],
      inputs: [valueInfo('x', type, ['n'])],
      outputs: [valueInfo('y', type, ['n'])],
      rest: [],
    },
    opsets: new Map([['', 17]]),
    rest: [new WireWriter().integer(1, 8).message(8, new WireWriter().integer(2, 17)).finish()],
  };
}

const floats = (...values: number[]): Tensor => new Tensor('float32', Float32Array.from(values), [values.length]);

describe('the chain of devices', () => {
  test('auto begins with what the platform does best and ends with the processor; a chosen device stands alone', () => {
    expect(candidates('auto', 'win32')).toEqual(['directml', 'webgpu', 'cpu']);
    expect(candidates('auto', 'darwin')).toEqual(['webgpu', 'coreml', 'cpu']);
    expect(candidates('auto', 'linux')).toEqual(['cuda', 'webgpu', 'cpu']);
    expect(candidates('auto', 'freebsd')).toEqual(['cpu']);
    expect(candidates('cuda', 'win32')).toEqual(['cuda']);
  });

  test('the processor is never missing, and a device of another system always', () => {
    expect(missing('cpu')).toBeNull();
    expect(missing(process.platform === 'win32' ? 'coreml' : 'directml')).toContain('has no');
  });

  test('a device that fails, by an error or a reason, is passed over and remembered', async () => {
    const works: Trial = { ...onProcessor, time: { device: 1, cpu: 2 } };
    const report = await firstDevice(['directml', 'cuda', 'webgpu', 'coreml', 'cpu'], (device) => {
      if (device === 'directml') return Promise.reject(new Error('no adapter'));
      return Promise.resolve(device === 'cuda' ? 'it is slower' : works);
    });
    expect(report).toMatchObject({ asked: 'auto', used: 'webgpu', time: works.time });
    expect(report.tried).toEqual([
      { device: 'directml', error: 'no adapter' },
      { device: 'cuda', error: 'it is slower' },
    ]);
  });

  test('with nothing else left it is the processor, which needs no trial', async () => {
    const report = await firstDevice(['cuda', 'cpu'], () => Promise.resolve('no'));
    expect(report).toEqual({
      asked: 'auto',
      used: 'cpu',
      tried: [{ device: 'cuda', error: 'no' }],
      fallback: [],
      deviation: null,
      time: null,
    });
  });

  test('a chosen device that is not there is an error, and not the processor', async () => {
    const device = process.platform === 'win32' ? 'coreml' : 'directml';
    await expect(findDevice(device, graphOf([]), '', {}, { threads: 1 })).rejects.toMatchObject({ code: 'device-unavailable' });
  });

  test.skipIf(process.platform !== 'linux')('WebGPU without any driver: chosen an error with the reason, in auto the processor', () => {
    const script = `
      const { findDevice } = await import(${JSON.stringify(path.join(import.meta.dirname, 'find-device.ts'))});
      const { readModelFile } = await import(${JSON.stringify(path.join(import.meta.dirname, '../onnx/read.ts'))});
      const model = readModelFile(${JSON.stringify(liar)});
      const chosen = await findDevice('webgpu', model, ${JSON.stringify(liar)}, {}, { threads: 1 }).catch((error) => error.report());
      const auto = await findDevice('auto', model, ${JSON.stringify(liar)}, {}, { threads: 1 });
      process.stdout.write(JSON.stringify({ chosen, auto }));`;
    const env = { ...process.env, VK_ICD_FILENAMES: '/nowhere', VK_DRIVER_FILES: '/nowhere' };
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' });
    const { chosen, auto } = JSON.parse(child.stdout) as Record<'chosen' | 'auto', Record<string, unknown>>;
    expect(chosen).toMatchObject({
      code: 'device-unavailable',
      message: 'webgpu cannot be used: Failed to get a WebGPU adapter: No supported adapters',
    });
    expect(auto).toMatchObject({ used: 'cpu' });
    expect(auto['tried']).toContainEqual({ device: 'webgpu', error: 'Failed to get a WebGPU adapter: No supported adapters' });
  });

  test("ONNX Runtime's words lose the place in its sources, and nothing else", () => {
    const place = '/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 f()::<lambda()> a == b';
    expect(wordsOf(new Error(`${place} was false. Failed: no adapter\n`))).toBe('Failed: no adapter');
    expect(wordsOf(new Error('Load model failed'))).toBe('Load model failed');
    expect(wordsOf('text')).toBe('text');
  });
});

describe('deviation', () => {
  test('is the largest of any value, and relative to the largest magnitude of the same output', () => {
    const device = { a: floats(1, 2, 101), b: floats(0.5) };
    const cpu = { a: floats(1, 2.5, 100), b: floats(0.25) };
    expect(deviationOf(device, cpu, 1e-4)).toEqual({ absolute: 1, relative: 1, tolerance: 1e-4, within: false });
    expect(deviationOf({ a: device.a }, { a: cpu.a }, 0.01)).toEqual({ absolute: 1, relative: 0.01, tolerance: 0.01, within: true });
  });

  test('infinities and missing numbers agree with their like alone', () => {
    const odd = floats(-Infinity, NaN, 3);
    expect(deviationOf({ a: odd }, { a: odd }, 0).absolute).toBe(0);
    expect(deviationOf({ a: floats(-Infinity, 1, 3) }, { a: odd }, 0).absolute).toBe(Infinity);
    expect(deviationOf({ a: floats(-Infinity, NaN, NaN) }, { a: odd }, 0).within).toBe(false);
    expect(deviationOf({ a: floats(1) }, { a: floats(1, 2) }, 1).within).toBe(false);
  });

  test('reads 16-bit floats as numbers', () => {
    const half = (...bits: number[]): Tensor => new Tensor('float16', Uint16Array.from(bits), [bits.length]);
    // 0x3c00 is 1, 0x4000 is 2, 0x4200 is 3.
    expect(deviationOf({ a: half(0x3c00, 0x4200) }, { a: half(0x3c00, 0x4000) }, 1)).toMatchObject({ absolute: 1, relative: 0.5 });
  });

  test('tolerance follows the coarsest arithmetic in the graph', () => {
    expect(toleranceOf(matrices('float32', 'w'))).toBe(1e-4);
    expect(toleranceOf(matrices('float16', 'w'))).toBe(2e-2);
    expect(toleranceOf(matrices('int4', 'w'))).toBe(2e-2);
  });
});

describe('the profile', () => {
  test('counts nodes on the processor once, and no transfers', () => {
    const event = (name: string, operator: string, provider: string) => ({ cat: 'Node', name, args: { op_name: operator, provider } });
    const events = [
      { cat: 'Session', name: 'model_run' },
      event('shape_kernel_time', 'Shape', 'CPUExecutionProvider'),
      event('shape_kernel_time', 'Shape', 'CPUExecutionProvider'),
      event('shape2_kernel_time', 'Shape', 'CPUExecutionProvider'),
      event('cast_kernel_time', 'Cast', 'CPUExecutionProvider'),
      event('copy_kernel_time', 'MemcpyToHost', 'CPUExecutionProvider'),
      event('product_kernel_time', 'MatMul', 'WebGpuExecutionProvider'),
    ];
    expect(fallbackOf(events)).toEqual([
      { operator: 'Shape', count: 2 },
      { operator: 'Cast', count: 1 },
    ]);
  });

  test('of a real run names its operators, and no file of it is left', async () => {
    const left = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('candor-profile-'));
    const before = left();
    const nodes = [makeNode('Sin', ['x'], ['s']), makeNode('Exp', ['s'], ['y'])];
    const trial = await tryModel('cpu', graphOf(nodes), '', { x: floats(0, 1) }, { threads: 1 });
    expect(trial.fallback).toEqual([
      { operator: 'Exp', count: 1 },
      { operator: 'Sin', count: 1 },
    ]);
    expect(trial.deviation).toMatchObject({ absolute: 0, within: true });
    expect(left().filter((name) => !before.includes(name))).toEqual([]);
  });
});

describe('sessions', () => {
  test('of a model on disk compute, whatever folder its weights are named from', async () => {
    const model = readModelFile(liar);
    const threads = 1;
    for (const weightFolder of [undefined, path.join(liar, '../..')]) {
      const session = await createSession(model, liar, { threads, ...(weightFolder === undefined ? {} : { weightFolder }) });
      expect(session.inputNames).toContain('input_ids');
      await session.release();
    }
  });

  test('a graph that ONNX Runtime refuses is an error about the model', async () => {
    await expect(createSession(graphOf([makeNode('NoSuchOperator', ['x'], ['y'])]), '', { threads: 1 })).rejects.toMatchObject({
      code: 'model-unreadable',
      message: expect.stringContaining('NoSuchOperator') as string,
    });
  });

  test('a float16 tensor can be fed, and what came out fed back', async () => {
    const session = await createSession(graphOf([makeNode('Identity', ['x'], ['y'])], dataType.float16), '', { threads: 1 });
    const bits = Uint16Array.of(0x3c00, 0xc000);
    const { y } = await session.run({ x: new Tensor('float16', bits, [2]) });
    expect(y!.data).toEqual(bits);
    const again = await session.run({ x: y! });
    expect(again['y']!.data).toEqual(bits);
    expect(typeof Float16Array).toBe('function');
  });

  test('optimisation can be switched off', async () => {
    const nodes = [makeNode('Identity', ['x'], ['i']), makeNode('Identity', ['i'], ['y'])];
    const session = await createSession(graphOf(nodes), '', { threads: 1, optimisation: 'disabled' });
    expect((await session.run({ x: floats(3) }))['y']!.data).toEqual(Float32Array.of(3));
  });
});

describe('what WebGPU must not do', () => {
  test('Sin, Cos and MaxPool with indices get names of their own and stay what they are', () => {
    const nodes = [
      makeNode('Sin', ['x'], ['a']),
      makeNode('MaxPool', ['a'], ['b', 'i'], { kernel_shape: [2] }),
      makeNode('MaxPool', ['b'], ['c'], { kernel_shape: [2] }),
      makeNode('Cos', ['c'], ['d'], {}, 'com.example'),
      makeNode('Cos', ['d'], ['y']),
    ];
    const { model, nodes: names } = keepOnCpu(graphOf(nodes));
    expect(names).toEqual(['candor/cpu.0', 'candor/cpu.1', 'candor/cpu.4']);
    expect(model.graph.nodes.map(({ name, op }) => `${op} ${name}`)).toEqual([
      'Sin candor/cpu.0',
      'MaxPool candor/cpu.1',
      'MaxPool candor/c',
      'Cos candor/d',
      'Cos candor/cpu.4',
    ]);
    expect(model.graph.nodes[1]!.raw).not.toEqual(nodes[1]!.raw);
  });

  test('a graph without them is left as it is', () => {
    const model = graphOf([makeNode('Exp', ['x'], ['y'])]);
    expect(keepOnCpu(model)).toEqual({ model, nodes: [] });
  });
});

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../checkpoints/open.ts';
import { createSession } from '../device/session.ts';
import { openExport } from '../exports/open.ts';
import { dataType, type OnnxModel } from '../onnx/graph.ts';
import { WireWriter } from '../onnx/wire.ts';
import { encodeModel, makeNode, valueInfo } from '../onnx/write.ts';
import type { OpenedModel } from '../opened.ts';
import { choosePreprocessing } from './choose-preprocessing.ts';
import values from './fixtures/values.json' with { type: 'json' };
import { openImageModel, type ImageModel } from './image-model.ts';
import { findClassNames } from './labels.ts';
import { presetFor } from './preprocessing.ts';

const images = path.join(import.meta.dirname, 'fixtures/images');
const vit = path.join(import.meta.dirname, '../checkpoints/fixtures/encoders/vit-classes');

let folder: string;
let opened: ImageModel[] = [];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'candor-folders-'));
});
afterEach(async () => {
  for (const model of opened) await model.close();
  opened = [];
  rmSync(folder, { recursive: true, force: true });
});

const json = (name: string, value: unknown): void => {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), JSON.stringify(value));
};

/** As the lab will do it, everything taken from the model's own files. */
async function openAll(model: OpenedModel, given: unknown = null, labels: string | null = null): Promise<ImageModel> {
  const image = await openImageModel(model, choosePreprocessing(model, given).preprocessing, findClassNames(model, labels), (graph) =>
    createSession(graph, model.graphFile, { threads: 1, weightFolder: model.weightFolder }),
  );
  opened.push(image);
  return image;
}

/** Colours averaged over the picture: red, green and blue are the scores of three classes. */
function writeColours(name: string, shape: readonly (string | number)[] = ['batch', 3, 'height', 'width']): void {
  const model: OnnxModel = {
    graph: {
      name: 'colours',
      nodes: [makeNode('GlobalAveragePool', ['pixel_values'], ['pooled']), makeNode('Flatten', ['pooled'], ['logits'], { axis: 1 })],
      initializers: [],
      inputs: [valueInfo('pixel_values', dataType.float, shape)],
      outputs: [valueInfo('logits', dataType.float, ['batch', 3])],
      rest: [],
    },
    opsets: new Map([['', 17]]),
    rest: [new WireWriter().integer(1, 8).message(8, new WireWriter().integer(2, 17)).finish()],
  };
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, encodeModel(model, ''));
}

describe('a ViT checkpoint with its preprocessor_config.json', () => {
  const close = (found: ArrayLike<number>, wanted: readonly number[]): void => {
    expect(found.length).toBe(wanted.length);
    for (let index = 0; index < wanted.length; index++) expect(Math.abs(found[index]! - wanted[index]!)).toBeLessThan(1e-5);
  };

  test('from the image file to the logits, and the residual stream between: the numbers of transformers', async () => {
    cpSync(vit, folder, { recursive: true });
    json('preprocessor_config.json', values.vit.processor);
    const checkpoint = openCheckpoint(folder);
    expect(choosePreprocessing(checkpoint, null).origin).toBe('preprocessor_config.json');
    const model = await openAll(checkpoint);
    expect(model.classes).toEqual({ count: 3, names: [['a'], ['b'], ['c']] });
    const files = values.vit.images.map(({ file }) => path.join(images, file));
    const hook = 'blocks.0.hook_resid_post';
    const [classified, mean, full] = [
      await model.classify(files),
      await model.activations(files, [hook]),
      await model.activations(files, [hook], 'full'),
    ];
    values.vit.images.forEach(({ logits, block0, block0Mean }, index) => {
      close(classified[index]!.logits!, logits);
      close(mean[index]!.hooks[0]!.data, block0Mean);
      expect([mean[index]!.hooks[0]!.shape, full[index]!.hooks[0]!.shape]).toEqual([[16], [10, 16]]);
      close(full[index]!.hooks[0]!.data, block0);
    });
  });
});

describe('an export as the hub has it', () => {
  test('config.json names the classes, preprocessor_config.json the preprocessing', async () => {
    writeColours('onnx/model.onnx');
    json('config.json', { model_type: 'resnet', id2label: { 0: 'red', 1: 'green', 2: 'blue' } });
    json('preprocessor_config.json', { size: { height: 5, width: 7 }, image_mean: [0, 0, 0], image_std: [1, 1, 1], resample: 0 });
    const export_ = openExport(folder);
    const { preprocessing, origin } = choosePreprocessing(export_, null);
    expect([preprocessing.width, preprocessing.height, preprocessing.resample, origin]).toEqual([
      7,
      5,
      'nearest',
      'preprocessor_config.json',
    ]);
    const model = await openAll(export_);
    expect(model.classes).toEqual({ count: 3, names: [['red'], ['green'], ['blue']] });
    const [reply] = await model.answer([{ kind: 'classify', key: 'k', image: path.join(images, 'colour.png'), label: 2 }]);
    expect(reply!.label).toMatchObject({ index: 2, name: 'blue' });
    expect(reply!.top.map(({ name }) => name).toSorted()).toEqual(['blue', 'green', 'red']);
  });

  test('what the user sets goes before what the folder says', () => {
    writeColours('onnx/model.onnx');
    json('config.json', { model_type: 'resnet' });
    json('preprocessor_config.json', { size: 8, image_mean: 0.5, image_std: 0.5 });
    const export_ = openExport(folder);
    expect(choosePreprocessing(export_, 'vit').origin).toBe('given');
    expect(choosePreprocessing(export_, { preset: 'plain', width: 9 }).preprocessing).toMatchObject({
      width: 9,
      height: 9,
      mean: [0, 0, 0],
    });
  });

  test('a preprocessor_config.json that is broken says so', () => {
    writeColours('onnx/model.onnx');
    json('config.json', {});
    writeFileSync(path.join(folder, 'preprocessor_config.json'), '{');
    expect(() => choosePreprocessing(openExport(folder), null)).toThrow(/not valid JSON/);
  });
});

describe('a bare .onnx file', () => {
  const bare = (): OpenedModel => openExport(path.join(folder, 'net.onnx'));

  test('gets a guess that is called one, by the shape of its input', () => {
    writeColours('net.onnx', [1, 3, 32, 32]);
    expect(choosePreprocessing(bare(), null)).toEqual({
      preprocessing: presetFor('plain', { layout: 'NCHW', channels: 3, width: 32, height: 32 }),
      origin: 'guess',
    });
    writeColours('net.onnx');
    expect(choosePreprocessing(bare(), null).preprocessing).toMatchObject({ width: 224, resize: { rule: 'shortest-edge', size: 256 } });
  });

  test('class names lie beside it, or are given', async () => {
    writeColours('net.onnx', [1, 3, 32, 32]);
    expect((await openAll(bare())).classes).toEqual({ count: 3, names: null });
    json('imagenet_class_index.json', { 0: ['n00000001', 'red'], 1: ['n00000002', 'green'], 2: ['n00000003', 'blue'] });
    expect((await openAll(bare())).classes.names![1]).toEqual(['green', 'n00000002']);
    writeFileSync(path.join(folder, 'labels.txt'), 'rot\ngrün\nblau\n');
    expect((await openAll(bare())).classes.names).toEqual([['rot'], ['grün'], ['blau']]);
    writeFileSync(path.join(folder, 'mine.json'), '["r", "g", "b"]');
    expect((await openAll(bare(), null, path.join(folder, 'mine.json'))).classes.names).toEqual([['r'], ['g'], ['b']]);
    writeFileSync(path.join(folder, 'labels.txt'), Buffer.from([0xff, 0xfe, 0xff]));
    expect(() => findClassNames(bare(), null)).toThrow(/not UTF-8/);
    expect(() => findClassNames(bare(), path.join(folder, 'nowhere.txt'))).toThrow(/cannot be read/);
  });

  test('names for another number of classes are refused', async () => {
    writeColours('net.onnx', [1, 3, 32, 32]);
    writeFileSync(path.join(folder, 'labels.txt'), 'red\ngreen\n');
    await expect(openAll(bare())).rejects.toMatchObject({
      code: 'labels-unreadable',
      message: expect.stringMatching(/2 class names.*3 classes/) as string,
    });
  });
});

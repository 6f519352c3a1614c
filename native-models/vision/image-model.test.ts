import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../../probes/numerics/random.ts';
import { createSession } from '../device/session.ts';
import { dataType, type Node, type OnnxModel, type Tensor } from '../onnx/graph.ts';
import { WireWriter } from '../onnx/wire.ts';
import { makeNode, valueInfo } from '../onnx/write.ts';
import type { OpenedModel } from '../opened.ts';
import { imageInputOf } from './graph.ts';
import { openImageModel, type ImageModel } from './image-model.ts';
import type { Preprocessing } from './preprocessing.ts';

const edge = 4;
const classes = 6;
const count = 7;
const random = seededRandom(3);
const numbers = (length: number): Float32Array => Float32Array.from({ length }, () => 4 * random() - 2);
const [weight, bias] = [numbers(3 * classes), numbers(classes)];
/** Pixels of each test image, red, green and blue side by side. */
const pixels = Array.from({ length: count }, () => Uint8Array.from({ length: 3 * edge * edge }, () => Math.floor(256 * random())));

interface Form {
  readonly batch?: number;
  readonly layout?: Preprocessing['layout'];
  readonly type?: number;
  /** Quantises the whole batch by its largest value before all else. */
  readonly quantised?: boolean;
  readonly softmax?: boolean;
}

/** Relu(2x − 1), averaged over the pixels, times a matrix: small enough to compute by hand. */
function smallModel({ batch, layout = 'NCHW', type = dataType.float, quantised = false, softmax = false }: Form): OpenedModel {
  const nodes: Node[] = [makeNode('Cast', ['image'], ['float'], { to: dataType.float })];
  let state = 'float';
  const then = (op: string, inputs: readonly string[], name: string, attributes: Parameters<typeof makeNode>[3] = {}): void => {
    nodes.push(makeNode(op, [state, ...inputs], [name], attributes));
    state = name;
  };
  if (layout === 'NHWC') then('Transpose', [], 'channels_first', { perm: [0, 3, 1, 2] });
  if (quantised) {
    nodes.push(makeNode('DynamicQuantizeLinear', [state], ['bytes', 'scale', 'zero']));
    state = 'bytes';
    then('DequantizeLinear', ['scale', 'zero'], 'dequantised');
  }
  then('Mul', ['two'], 'doubled');
  then('Sub', ['one'], 'shifted');
  then('Relu', [], 'act');
  then('GlobalAveragePool', [], 'pooled');
  then('Flatten', [], 'features', { axis: 1 });
  then('Gemm', ['weight', 'bias'], 'logits');
  if (softmax) then('Softmax', [], 'probabilities', { axis: -1 });
  const tensor = (name: string, shape: readonly number[], values: Float32Array): Tensor => ({
    name,
    shape,
    type: dataType.float,
    place: { kind: 'values', bytes: new Uint8Array(values.buffer) },
  });
  const rows = batch ?? 'batch';
  const shape = layout === 'NCHW' ? [rows, 3, edge, edge] : [rows, edge, edge, 3];
  const model: OnnxModel = {
    graph: {
      name: 'small',
      nodes,
      initializers: [
        tensor('two', [], Float32Array.of(2)),
        tensor('one', [], Float32Array.of(1)),
        tensor('weight', [3, classes], weight),
        tensor('bias', [classes], bias),
      ],
      inputs: [valueInfo('image', type, shape)],
      outputs: [valueInfo(state, dataType.float)],
      rest: [],
    },
    opsets: new Map([['', 17]]),
    rest: [new WireWriter().integer(1, 8).message(8, new WireWriter().integer(2, 17)).finish()],
  };
  return {
    source: 'onnx',
    task: 'image-classifier',
    folder,
    architecture: 'small',
    variant: null,
    dtype: 'float32',
    model,
    graphFile: '',
    weightFolder: folder,
    output: state,
    hooks: {
      all: [
        { name: 'layers.0.hook_act', block: 0, tensor: 'act', shape: 'map' },
        { name: 'hook_penultimate', block: null, tensor: 'features', shape: 'features' },
      ],
      headInput: 'features',
      mixed: null,
    },
    config: {},
    generation: {},
    chatTemplate: null,
    files: [],
  };
}

const preprocessing = (layout: Preprocessing['layout'] = 'NCHW'): Preprocessing => ({
  width: edge,
  height: edge,
  resize: { rule: 'none' },
  crop: 'none',
  resample: 'bilinear',
  layout,
  channels: 'RGB',
  rescale: 1 / 255,
  mean: [0, 0, 0],
  std: [1, 1, 1],
});

/** The model in plain arithmetic. */
const act = (image: Uint8Array): number[] =>
  [0, 1, 2].flatMap((channel) => places.map((place) => Math.max(0, (2 * image[3 * place + channel]!) / 255 - 1)));
const places = Array.from({ length: edge * edge }, (_, place) => place);
const features = (image: Uint8Array): number[] =>
  [0, 1, 2].map(
    (channel) =>
      act(image)
        .slice(channel * places.length, (channel + 1) * places.length)
        .reduce((sum, value) => sum + value, 0) / places.length,
  );
const logits = (image: Uint8Array): number[] =>
  Array.from(bias, (offset, index) =>
    features(image).reduce((sum, value, channel) => sum + value * weight[channel * classes + index]!, offset),
  );
const probabilities = (image: Uint8Array): number[] => {
  const sum = logits(image).reduce((total, value) => total + Math.exp(value), 0);
  return logits(image).map((value) => Math.exp(value) / sum);
};
const close = (found: ArrayLike<number>, wanted: readonly number[], tolerance = 1e-5): void => {
  expect(found.length).toBe(wanted.length);
  for (let index = 0; index < wanted.length; index++) expect(Math.abs(found[index]! - wanted[index]!)).toBeLessThan(tolerance);
};

let folder: string;
let files: string[];
const opened: ImageModel[] = [];
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'candor-images-'));
  files = await Promise.all(
    pixels.map(async (data, index) => {
      const file = path.join(folder, `${index}.png`);
      await sharp(data, { raw: { width: edge, height: edge, channels: 3 } })
        .png()
        .toFile(file);
      return file;
    }),
  );
});
afterAll(async () => {
  for (const model of opened) await model.close();
  rmSync(folder, { recursive: true, force: true });
});

async function openSmall(form: Form, labels: readonly (readonly string[])[] | null = null): Promise<ImageModel> {
  const model = smallModel(form);
  const image = await openImageModel(model, preprocessing(form.layout), labels, (graph) =>
    createSession(graph, model.graphFile, { threads: 1, weightFolder: model.weightFolder }),
  );
  opened.push(image);
  return image;
}

describe.each<[string, Form]>([
  ['any number of images', {}],
  ['one image a run', { batch: 1 }],
  ['three images a run', { batch: 3 }],
  ['channels side by side', { layout: 'NHWC' }],
  ['16-bit input', { type: dataType.float16 }],
  ['64-bit input', { type: dataType.double }],
])('%s', (_what, form) => {
  test('logits, probabilities and activations are those of plain arithmetic', async () => {
    const tolerance = form.type === dataType.float16 ? 5e-3 : 1e-5;
    const model = await openSmall(form);
    expect(model.classes).toEqual({ count: classes, names: null });
    const classified = await model.classify(files);
    classified.forEach((each, index) => {
      expect([each.file, each.error]).toEqual([files[index], null]);
      close(each.logits!, logits(pixels[index]!), tolerance);
      close(each.probabilities!, probabilities(pixels[index]!), tolerance);
    });
    const averaged = await model.activations(files, ['hook_penultimate', 'layers.0.hook_act']);
    const whole = await model.activations(files, ['layers.0.hook_act'], 'full');
    pixels.forEach((image, index) => {
      expect(averaged[index]!.hooks.map(({ name, shape }) => [name, shape])).toEqual([
        ['hook_penultimate', [3]],
        ['layers.0.hook_act', [3]],
      ]);
      for (const hook of averaged[index]!.hooks) close(hook.data, features(image), tolerance);
      expect(whole[index]!.hooks[0]!.shape).toEqual([3, edge, edge]);
      close(whole[index]!.hooks[0]!.data, act(image), tolerance);
    });
  });
});

test('a graph that ends in a softmax gives its probabilities as they are', async () => {
  const model = await openSmall({ softmax: true });
  const [first] = await model.classify([files[0]!]);
  close(first!.probabilities!, probabilities(pixels[0]!));
});

test('where images of a batch would change each other, each is run alone', async () => {
  const model = smallModel({ quantised: true });
  expect([imageInputOf(model.model).mixesBatch, imageInputOf(smallModel({}).model).mixesBatch]).toEqual([true, false]);
  const quantised = await openSmall({ quantised: true });
  const together = await quantised.classify(files);
  for (const [index, file] of files.entries()) {
    const [alone] = await quantised.classify([file]);
    expect(together[index]!.logits).toEqual(alone!.logits);
  }
});

describe('broken images', () => {
  test('are named with their reason among the others', async () => {
    const text = path.join(folder, 'text.png');
    writeFileSync(text, 'no image');
    const large = path.join(import.meta.dirname, 'fixtures/images/colour.png');
    const model = await openSmall({});
    const wanted = [text, files[0]!, path.join(folder, 'nowhere.jpg'), large, files[1]!];
    const classified = await model.classify(wanted);
    expect(classified.map(({ error }) => error)).toEqual([
      `${text}: it is no JPEG, PNG or WebP image`,
      null,
      `${path.join(folder, 'nowhere.jpg')}: the file does not exist`,
      `${large} is 23 × 17 pixels where the model takes 4 × 4`,
      null,
    ]);
    close(classified[1]!.logits!, logits(pixels[0]!));
    close(classified[4]!.logits!, logits(pixels[1]!));
    const activations = await model.activations(wanted, ['hook_penultimate']);
    expect(activations.map(({ hooks, error }) => [hooks.length, error === null])).toEqual([
      [0, false],
      [1, true],
      [0, false],
      [0, false],
      [1, true],
    ]);
  });

  test('alone', async () => {
    const model = await openSmall({ batch: 1 });
    expect(await model.classify([path.join(folder, 'nowhere.jpg')])).toMatchObject([{ logits: null, probabilities: null }]);
    expect(await model.classify([])).toEqual([]);
  });
});

test('requests of a probe: the first five classes, and the place of the right one', async () => {
  const names = Array.from({ length: classes }, (_, index) => [`name ${index}`, `other ${index}`]);
  const model = await openSmall({}, names);
  const replies = await model.answer(
    files.map((image, index) => ({ kind: 'classify', key: `image-${index}`, image, label: index === 0 ? null : index % classes })),
  );
  replies.forEach((reply, index) => {
    const wanted = probabilities(pixels[index]!);
    const order = wanted.map((_, at) => at).sort((left, right) => wanted[right]! - wanted[left]!);
    expect([reply.key, reply.classes, reply.refused]).toEqual([`image-${index}`, classes, null]);
    expect(reply.top.map(({ index: at, name }) => [at, name])).toEqual(order.slice(0, 5).map((at) => [at, `name ${at}`]));
    close(
      reply.top.map(({ probability }) => probability),
      order.slice(0, 5).map((at) => wanted[at]!),
    );
    if (index === 0) expect(reply.label).toBeNull();
    else expect([reply.label!.index, reply.label!.rank]).toEqual([index % classes, order.indexOf(index % classes) + 1]);
  });
  await expect(model.answer([{ kind: 'classify', key: 'k', image: files[0]!, label: classes }])).rejects.toMatchObject({ code: 'usage' });
});

test('where the model gives no numbers, the image says so', async () => {
  const [before] = bias;
  bias[0] = NaN;
  const model = await openSmall({});
  bias[0] = before!;
  const [first] = await model.classify([files[0]!]);
  expect(first).toMatchObject({ probabilities: null, error: 'the model gives no finite numbers for this image' });
  expect(await model.answer([{ kind: 'classify', key: 'k', image: files[0]!, label: 1 }])).toMatchObject([
    { top: [], label: null, classes },
  ]);
});

test('a signal stops between two batches', async () => {
  const model = await openSmall({ batch: 1 });
  const controller = new AbortController();
  controller.abort();
  await expect(model.classify(files, controller.signal)).rejects.toMatchObject({ name: 'AbortError' });
  expect(await model.classify(files)).toHaveLength(count);
});

test('what does not fit the model is refused when it is opened', async () => {
  const model = smallModel({});
  const session = (graph: OnnxModel): ReturnType<typeof createSession> => createSession(graph, '', { threads: 1, weightFolder: folder });
  await expect(openImageModel(model, { ...preprocessing(), width: 8 }, null, session)).rejects.toMatchObject({ code: 'preprocessing' });
  await expect(openImageModel(model, preprocessing('NHWC'), null, session)).rejects.toMatchObject({ code: 'preprocessing' });
  await expect(openImageModel(model, preprocessing(), [['one'], ['two']], session)).rejects.toMatchObject({ code: 'labels-unreadable' });
  await expect((await openSmall({})).activations(files, ['blocks.0.hook_resid_post'])).rejects.toMatchObject({ code: 'usage' });
});

test('after it is closed nothing hangs', async () => {
  const model = await openSmall({});
  await model.close();
  await expect(model.classify(files)).rejects.toThrow();
});

import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Picture } from './decode.ts';
import values from './fixtures/values.json' with { type: 'json' };
import { arrange, loadImage } from './preprocess.ts';
import { presetFor, type Preprocessing } from './preprocessing.ts';
import { fromPreprocessorConfig } from './preprocessor-config.ts';

const images = path.join(import.meta.dirname, 'fixtures/images');
const floats = (base64: string): Float32Array => {
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};
/** float32 throughout there, one rounding here. */
const rounding = 1e-6;

function largestDifference(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let largest = left.length === right.length ? 0 : Infinity;
  for (let index = 0; index < left.length; index++) largest = Math.max(largest, Math.abs(left[index]! - right[index]!));
  return largest;
}

test.each(values.torchvision)(
  '$file with shorter edge $edge and crop $crop: the numbers of torchvision',
  async ({ file, edge, crop, mean, std, values: expected }) => {
    const preprocessing: Preprocessing = {
      ...presetFor('imagenet', { layout: 'NCHW', channels: 3, width: crop, height: crop }),
      resize: { rule: 'shortest-edge', size: edge },
    };
    expect(preprocessing).toMatchObject({ mean, std, crop: 'centre' });
    expect(largestDifference(await loadImage(path.join(images, file), preprocessing), floats(expected))).toBeLessThan(rounding);
  },
);

describe('preprocessor_config.json', () => {
  test.each(values.hub.map((each) => [each.config.image_processor_type ?? each.config.feature_extractor_type, each.file, each] as const))(
    '%s of %s: the numbers of transformers',
    async (_name, file, { config, shape, values: expected }) => {
      const preprocessing = fromPreprocessorConfig(config, 'NCHW', 3);
      expect([3, preprocessing.height, preprocessing.width]).toEqual(shape);
      const found = await loadImage(path.join(images, file), preprocessing);
      if (typeof expected === 'string') {
        // Relative: some of these values are not divided by 255.
        const wanted = floats(expected);
        const scale = Math.max(1, ...wanted.map(Math.abs));
        expect(largestDifference(found, wanted) / scale).toBeLessThan(rounding);
        return;
      }
      const channel = found.length / 3;
      expected.forEach((sum, index) => {
        const own = found.subarray(index * channel, (index + 1) * channel).reduce((total, value) => total + value, 0);
        expect(Math.abs(own - sum) / channel).toBeLessThan(rounding);
      });
    },
  );

  test.each([
    [{}, /its size is missing/],
    [{ size: 224 }, /its image_mean is missing/],
    [{ size: { shortest_edge: 224, longest_edge: 400 }, image_mean: 0, image_std: 1 }, /its size is/],
    [{ size: 224, image_mean: [0, 0], image_std: [1, 1, 1] }, /its image_mean is \[0,0\]/],
    [{ size: 224, image_mean: 0, image_std: 0 }, /image_std holds 0/],
    [{ size: 224, image_mean: 0, image_std: 1, do_pad: true }, /do_pad/],
    [{ size: 224, image_mean: 0, image_std: 1, resample: 4 }, /resample is 4/],
    [{ size: -3, image_mean: 0, image_std: 1 }, /its size is -3/],
    [{ size: 224, image_mean: 0, image_std: 1, do_resize: 'yes' }, /do_resize/],
    [{ image_processor_type: 'FuyuImageProcessor', size: 224 }, /FuyuImageProcessor/],
    [{ image_processor_type: 'constructor', size: 224 }, /constructor/],
    [{ image_processor_type: 'SiglipImageProcessor', size: 224, image_mean: 0, image_std: 1 }, /many sizes/],
    [[], /no object/],
  ])('%j cannot be followed, and says why', (config, why) => {
    expect(() => fromPreprocessorConfig(config, 'NCHW', 3)).toThrow(why);
  });
});

describe('layout', () => {
  /** Two pixels: (10, 20, 30) and (40, 50, 60). */
  const picture: Picture = { width: 2, height: 1, channels: 3, data: Uint8Array.of(10, 20, 30, 40, 50, 60) };
  const raw: Preprocessing = {
    width: 2,
    height: 1,
    resize: { rule: 'none' },
    crop: 'none',
    resample: 'bilinear',
    layout: 'NCHW',
    channels: 'RGB',
    rescale: 1,
    mean: [0, 0, 0],
    std: [1, 1, 1],
  };

  test('channels apart or side by side, from red or from blue', () => {
    expect([...arrange(picture, raw)]).toEqual([10, 40, 20, 50, 30, 60]);
    expect([...arrange(picture, { ...raw, layout: 'NHWC' })]).toEqual([10, 20, 30, 40, 50, 60]);
    expect([...arrange(picture, { ...raw, channels: 'BGR' })]).toEqual([30, 60, 20, 50, 10, 40]);
    expect([...arrange(picture, { ...raw, channels: 'BGR', layout: 'NHWC' })]).toEqual([30, 20, 10, 60, 50, 40]);
  });

  test('mean and deviation belong to the channels in the order that the model gets them', () => {
    expect([...arrange(picture, { ...raw, channels: 'BGR', mean: [30, 20, 10], std: [1, 2, 3] })]).toEqual([0, 30, 0, 15, 0, 10]);
  });

  test('black is put around what is too small, and normalised with the rest', () => {
    const padded = arrange(picture, { ...raw, width: 4, height: 2, crop: 'centre', mean: [1, 1, 1] });
    expect([...padded.subarray(0, 8)]).toEqual([-1, 9, 39, -1, -1, -1, -1, -1]);
  });

  test('half a pixel is rounded to the even side as torchvision does, or down as the hub does', () => {
    const line: Picture = { width: 6, height: 1, channels: 1, data: Uint8Array.of(0, 1, 2, 3, 4, 5) };
    const cut = (width: number, crop: Preprocessing['crop']): number[] => [
      ...arrange(line, { ...raw, channels: 'grey', width, crop, mean: [0], std: [1] }),
    ];
    expect([cut(5, 'centre'), cut(3, 'centre'), cut(1, 'centre')]).toEqual([[0, 1, 2, 3, 4], [2, 3, 4], [2]]);
    expect([cut(5, 'centre-down'), cut(3, 'centre-down'), cut(1, 'centre-down')]).toEqual([[0, 1, 2, 3, 4], [1, 2, 3], [2]]);
  });

  test('a picture of another size is refused where nothing says how to change it', async () => {
    await expect(loadImage(path.join(images, 'colour.png'), raw)).rejects.toMatchObject({
      code: 'image-unreadable',
      message: expect.stringMatching(/colour\.png is 23 × 17 pixels where the model takes 2 × 1/) as string,
    });
  });
});

import { describe, expect, test } from 'vitest';
import { LabError } from '../../probes/lab-error.ts';
import { guessPreset, parsePreprocessing, presetFor, presets, type InputShape } from './preprocessing.ts';

const photo: InputShape = { layout: 'NCHW', channels: 3, width: 224, height: 224 };
const small: InputShape = { layout: 'NHWC', channels: 3, width: 32, height: 32 };
const digit: InputShape = { layout: 'NCHW', channels: 1, width: 28, height: 28 };
const any: InputShape = { layout: 'NCHW', channels: 3, width: null, height: null };

test('presets follow the shape of the input', () => {
  expect(presetFor('imagenet', photo)).toMatchObject({
    width: 224,
    height: 224,
    resize: { rule: 'shortest-edge', size: 256 },
    crop: 'centre',
  });
  expect(presetFor('imagenet', { ...photo, width: 299, height: 299 }).resize).toEqual({ rule: 'shortest-edge', size: 342 });
  expect(presetFor('imagenet', any)).toEqual(presetFor('imagenet', photo));
  expect(presetFor('cifar10', small)).toMatchObject({ layout: 'NHWC', resize: { rule: 'stretch', width: 32, height: 32 } });
  expect(presetFor('mnist', digit)).toMatchObject({ channels: 'grey', mean: [0.1307], std: [0.3081] });
  expect(presetFor('plain', photo).mean).toEqual([0, 0, 0]);
  for (const name of Object.keys(presets)) expect(presetFor(name, photo).std).toHaveLength(3);
});

test('what is guessed where nothing is said', () => {
  expect([photo, any, small, digit].map(guessPreset)).toEqual(['imagenet', 'imagenet', 'plain', 'plain']);
});

describe('as JSON', () => {
  test('a whole preprocessing comes back as it was written', () => {
    for (const name of Object.keys(presets)) {
      const whole = presetFor(name, photo);
      expect(parsePreprocessing(JSON.parse(JSON.stringify(whole)), photo)).toEqual(whole);
    }
  });

  test('a preset with changes: means follow their colours', () => {
    expect(parsePreprocessing({ preset: 'imagenet', channels: 'BGR' }, photo)).toEqual({
      ...presetFor('imagenet', photo),
      channels: 'BGR',
      mean: [0.406, 0.456, 0.485],
      std: [0.225, 0.224, 0.229],
    });
  });

  test.each([
    ['0..1', 0, 1],
    ['0..255', 0, 255],
    ['-1..1', -1, 1],
  ])('the range %s', (range, low, high) => {
    const { rescale, mean, std } = parsePreprocessing({ range }, photo);
    const value = (pixel: number): number[] => mean.map((each, channel) => (pixel * rescale - each) / std[channel]!);
    expect([value(0), value(255)]).toEqual([new Array(3).fill(low), new Array(3).fill(high)]);
  });

  test('one number stands for all channels, and a size for a model that takes any', () => {
    expect(parsePreprocessing({ mean: 0.5, std: 0.25, width: 96, height: 64, crop: 'centre' }, any)).toMatchObject({
      width: 96,
      height: 64,
      mean: [0.5, 0.5, 0.5],
      std: [0.25, 0.25, 0.25],
    });
  });

  test.each([
    [null, /object of settings/],
    ['imagenet', /object of settings/],
    [{ sice: 3 }, /"sice"/],
    [{ preset: 'inception' }, /"preset" cannot be "inception"/],
    [{ preset: 'toString' }, /"preset"/],
    [{ range: '0..2' }, /"range"/],
    [{ width: 0 }, /"width" cannot be 0/],
    [{ width: 2.5 }, /"width"/],
    [{ height: 1e9 }, /"height"/],
    [{ width: 100 }, /makes NCHW, 3 channels, 100 × 224; the model takes NCHW, 3 channels, 224 × 224/],
    [{ layout: 'NHWC' }, /makes NHWC/],
    [{ channels: 'grey' }, /1 channel/],
    [{ mean: [1, 2] }, /"mean" cannot be \[1,2\]/],
    [{ mean: [1, 2, null] }, /"mean"/],
    [{ std: 0 }, /"std" cannot be 0/],
    [{ rescale: '1/255' }, /"rescale"/],
    [{ resize: 'none' }, /"resize"/],
    [{ resize: { rule: 'shortest-edge' } }, /"resize"/],
    [{ resize: { rule: 'none', size: 3 } }, /"resize"/],
    [{ resize: { rule: 'valueOf' } }, /"resize"/],
    [{ crop: true }, /"crop" cannot be true/],
  ])('%j is refused', (json, why) => {
    const refusal = (() => {
      try {
        return parsePreprocessing(json, photo);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(refusal).toBeInstanceOf(LabError);
    expect(refusal).toMatchObject({ code: 'preprocessing', message: expect.stringMatching(why) as string });
  });

  test('colours for a grey model', () => {
    expect(() => presetFor('imagenet', digit)).toThrow(/mean has 3 values/);
    expect(() => presetFor('nothing', digit)).toThrow(/no preset "nothing"/);
  });
});

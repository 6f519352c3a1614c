import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readPicture, type Picture } from './decode.ts';
import values from './fixtures/values.json' with { type: 'json' };
import { resize, type Resample } from './resample.ts';

const images = path.join(import.meta.dirname, 'fixtures/images');

describe.each(['nearest', 'bilinear', 'bicubic', 'lanczos'])('%s', (resample) => {
  test.each(values.resize.filter((each) => each.resample === resample))(
    '$file to $width × $height: every pixel as Pillow resizes it',
    async ({ file, width, height, pixels }) => {
      const picture = await readPicture(path.join(images, file), file === 'grey.png' ? 1 : 3);
      const result = resize(picture, width, height, resample as Resample);
      expect([result.width, result.height]).toEqual([width, height]);
      expect(Buffer.from(result.data).toString('base64')).toBe(pixels);
    },
  );
});

test('one colour stays that colour at any size', () => {
  const plain: Picture = { width: 7, height: 5, channels: 3, data: new Uint8Array(105).fill(77) };
  for (const resample of ['nearest', 'bilinear', 'bicubic', 'lanczos'] as const)
    expect(new Set(resize(plain, 13, 3, resample).data)).toEqual(new Set([77]));
});

test('halving by bilinear weighs four neighbours 1, 3, 3, 1', () => {
  const row: Picture = { width: 8, height: 1, channels: 1, data: Uint8Array.of(0, 80, 160, 240, 80, 0, 40, 120) };
  expect([...resize(row, 4, 1, 'bilinear').data].slice(1, 3)).toEqual([
    Math.round((80 + 3 * 160 + 3 * 240 + 80) / 8),
    Math.round((240 + 3 * 80 + 0 + 40) / 8),
  ]);
});

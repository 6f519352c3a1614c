import path from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { thumbnail } from './thumbnail.ts';

const images = path.join(import.meta.dirname, 'fixtures/images');

test.each(['turned.jpg', 'cmyk.jpg', 'alpha.png', 'sixteen.png', 'grey-alpha.png', 'lossy.webp'])('%s', async (name) => {
  const { format, width, height, space, exif, icc, xmp, orientation } = await sharp(
    await thumbnail(path.join(images, name), 10),
  ).metadata();
  // Not turned: the model sees it as it lies in the file, 23 by 17.
  expect([format, width, height, space]).toEqual(['webp', 10, 7, 'srgb']);
  expect([exif, icc, xmp, orientation]).toEqual([undefined, undefined, undefined, undefined]);
});

test('small images are not enlarged', async () => {
  const { width, height } = await sharp(await thumbnail(path.join(images, 'colour.png'), 100)).metadata();
  expect([width, height]).toEqual([23, 17]);
});

test('what cannot be read says so', async () => {
  await expect(thumbnail(path.join(images, 'cut.jpg'), 10)).rejects.toMatchObject({ code: 'image-unreadable' });
  await expect(thumbnail(path.join(images, 'bomb.png'), 10)).rejects.toMatchObject({ code: 'image-unreadable' });
  await expect(thumbnail(path.join(images, 'colour.png'), 0)).rejects.toMatchObject({ code: 'usage' });
});

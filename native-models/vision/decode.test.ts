import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LabError } from '../../probes/lab-error.ts';
import { readPicture } from './decode.ts';
import values from './fixtures/values.json' with { type: 'json' };

const images = path.join(import.meta.dirname, 'fixtures/images');
const decoded = Object.entries(values.decode);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'candor-decode-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(decoded)('%s: every pixel as Pillow reads it, in colour and in grey', async (name, { width, height, rgb, grey }) => {
  const file = path.join(images, name);
  const [inColour, inGrey] = [await readPicture(file, 3), await readPicture(file, 1)];
  expect([inColour.width, inColour.height, inGrey.width, inGrey.height]).toEqual([width, height, width, height]);
  expect(Buffer.from(inColour.data).toString('base64')).toBe(rgb);
  expect(Buffer.from(inGrey.data).toString('base64')).toBe(grey);
});

test('16-bit grey is scaled to 8 bits', async () => {
  const { data } = await readPicture(path.join(images, 'grey-sixteen.png'), 1);
  const red = await readPicture(path.join(images, 'sixteen.png'), 3);
  expect([...data]).toEqual([...data].map((_, pixel) => red.data[3 * pixel]));
});

test.each([
  ['cut.jpg', /premature end/],
  ['text.png', /no JPEG, PNG or WebP/],
  ['vector.png', /no JPEG, PNG or WebP/],
  ['empty.webp', /empty/],
  ['bomb.png', /more than 89478485 pixels/],
  ['missing.png', /does not exist/],
])('%s is refused with its name and the reason', async (name, why) => {
  const refusal = await readPicture(path.join(images, name), 3).catch((thrown: unknown) => thrown);
  expect(refusal).toBeInstanceOf(LabError);
  expect(refusal).toMatchObject({ code: 'image-unreadable', message: expect.stringContaining(name) as string });
  expect((refusal as LabError).message).toMatch(why);
});

test('a file that was replaced is read anew', async () => {
  const file = path.join(folder, 'changing.png');
  const { default: sharp } = await import('sharp');
  const plain = (grey: number) =>
    sharp({ create: { width: 2, height: 1, channels: 3, background: { r: grey, g: grey, b: grey } } })
      .png()
      .toBuffer();
  for (const grey of [10, 200]) {
    writeFileSync(file, await plain(grey));
    expect([...(await readPicture(file, 1)).data]).toEqual([grey, grey]);
  }
});

test('a folder is no image', async () => {
  await expect(readPicture(folder, 3)).rejects.toMatchObject({ code: 'image-unreadable' });
});

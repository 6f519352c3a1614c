/**
 * Pictures from files, pixel for pixel as Pillow reads them: what models are trained and measured with. So an orientation that only
 * the camera's notes tell is not applied, colour profiles are not either, transparency is dropped (the colours beneath it stay), and
 * CMYK becomes RGB by plain multiplication. One exception: 16-bit grey is scaled to 8 bits, where Pillow cuts it off at 255.
 */
import { open } from 'node:fs/promises';
import sharp, { type Sharp } from 'sharp';
import { LabError } from '../../probes/lab-error.ts';

/** Rows of pixels from the top, channels side by side: one (grey) or three (red, green, blue). */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** More pixels than this are refused before anything is unpacked: the number at which Pillow warns of a decompression bomb. */
export const mostPixels = 89_478_485;
const largestFile = 256 * 2 ** 20;

// Readers of other formats are not for pictures from anywhere.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadWebp'] });
sharp.cache(false);

/** @throws LabError `image-unreadable` with the reason */
export async function readPicture(file: string, channels: 1 | 3): Promise<Picture> {
  return toPicture(await openImage(file), file, channels);
}

/**
 * The file's bytes, handed to sharp; nothing is decoded yet.
 * @throws LabError `image-unreadable`
 */
export async function openImage(file: string): Promise<Sharp> {
  return sharp(await readBytes(file), { failOn: 'error', ignoreIcc: true, limitInputPixels: mostPixels });
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      if (size === 0) throw new RangeError('the file is empty');
      if (size > largestFile) throw new RangeError(`the file has ${size} bytes; images may have up to ${largestFile}`);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    throw unreadable(file, thrown);
  }
}

async function toPicture(image: Sharp, file: string, channels: 1 | 3): Promise<Picture> {
  try {
    const { space } = await image.metadata();
    const cmyk = space === 'cmyk';
    const plain = cmyk ? image.pipelineColourspace('cmyk').toColourspace('cmyk') : image.toColourspace('srgb').removeAlpha();
    const { data, info } = await plain.raw().toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    const rgb = cmyk ? rgbOfCmyk(data) : data;
    return { width, height, channels, data: channels === 3 ? rgb : greyOf(rgb) };
  } catch (thrown) {
    throw unreadable(file, thrown);
  }
}

/** Pillow's: ink and black multiplied, with its rounding of x / 255. */
function rgbOfCmyk(cmyk: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((cmyk.length / 4) * 3);
  for (let from = 0, to = 0; from < cmyk.length; from += 4) {
    const light = 255 - cmyk[from + 3]!;
    for (let ink = 0; ink < 3; ink++) {
      const product = (255 - cmyk[from + ink]!) * light + 128;
      rgb[to++] = (product + (product >> 8)) >> 8;
    }
  }
  return rgb;
}

/** Luma of ITU-R 601-2, in Pillow's fixed point. */
function greyOf(rgb: Uint8Array): Uint8Array {
  const grey = new Uint8Array(rgb.length / 3);
  for (let to = 0, from = 0; to < grey.length; to++, from += 3)
    grey[to] = (rgb[from]! * 19595 + rgb[from + 1]! * 38470 + rgb[from + 2]! * 7471 + 32768) >> 16;
  return grey;
}

/** The reason in words; libvips' own where there are no better ones. */
export function unreadable(file: string, thrown: unknown): LabError {
  if (thrown instanceof LabError) return thrown;
  const words = thrown instanceof Error ? thrown.message : String(thrown);
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  const why =
    code === 'ENOENT'
      ? 'the file does not exist'
      : words.includes('unsupported image format')
        ? 'it is no JPEG, PNG or WebP image'
        : words.includes('exceeds pixel limit')
          ? `it has more than ${mostPixels} pixels`
          : words;
  return new LabError('image-unreadable', `${file}: ${why}`, 'Replace the file, or take it out of the data.', { cause: thrown });
}

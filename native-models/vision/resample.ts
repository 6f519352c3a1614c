/**
 * Resizing as Pillow does it up to version 12, to the bit: two passes, first along the rows, then along the columns, each rounded to whole pixel values.
 * When an image shrinks the filter is widened by the ratio, so that no pixel is passed over (what torchvision calls antialiasing).
 * (Pillow 13 takes the columns first where the height shrinks much more than the width, which rounds otherwise by one step at places.)
 * Accuracies of the field are measured with these pixels; libvips' own resizing gives others.
 * Source: Pillow's libImaging/Resample.c and Geometry.c (ImagingScaleAffine).
 */
import type { Picture } from './decode.ts';

export type Resample = 'nearest' | 'bilinear' | 'bicubic' | 'lanczos';

interface Filter {
  /** Half its width, in pixels of the smaller grid. */
  readonly support: number;
  readonly weight: (x: number) => number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

const filters: Readonly<Record<Exclude<Resample, 'nearest'>, Filter>> = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weight: cubic },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Keys' cubic convolution with a = -0.5. */
function cubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
  return 0;
}

/** @returns the picture itself where it has that size already */
export function resize(picture: Picture, width: number, height: number, resample: Resample): Picture {
  if (picture.width === width && picture.height === height) return picture;
  if (resample === 'nearest') return nearest(picture, width, height);
  const filter = filters[resample];
  const narrow = picture.width === width ? picture : alongRows(picture, weightsOf(filter, picture.width, width));
  return picture.height === height ? narrow : alongColumns(narrow, weightsOf(filter, picture.height, height));
}

/** Which source pixels each target pixel is made from, and with what weight. */
interface Weights {
  readonly size: number;
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** Fixed point; those of target pixel i begin at i × stride. */
  readonly values: Int32Array;
  readonly stride: number;
}

/** Bits behind the point, so that a sum of products with pixels, overshoot included, stays within 32 bits. */
const precision = 22;
const half = 2 ** (precision - 1);

function weightsOf({ support, weight }: Filter, from: number, to: number): Weights {
  const scale = from / to;
  const stretch = Math.max(1, scale);
  const reach = support * stretch;
  const stride = Math.ceil(reach) * 2 + 1;
  const first = new Int32Array(to);
  const count = new Int32Array(to);
  const values = new Int32Array(to * stride);
  const row = new Float64Array(stride);
  for (let target = 0; target < to; target++) {
    const centre = (target + 0.5) * scale;
    const begin = Math.max(0, Math.trunc(centre - reach + 0.5));
    const taps = Math.min(from, Math.trunc(centre + reach + 0.5)) - begin;
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      row[tap] = weight((tap + begin - centre + 0.5) * (1 / stretch));
      sum += row[tap]!;
    }
    for (let tap = 0; tap < taps; tap++) {
      const share = row[tap]! / sum;
      values[target * stride + tap] = Math.trunc((share < 0 ? -0.5 : 0.5) + share * 2 ** precision);
    }
    first[target] = begin;
    count[target] = taps;
  }
  return { size: to, first, count, values, stride };
}

function alongRows({ width, height, channels, data }: Picture, weights: Weights): Picture {
  const result = new Uint8Array(weights.size * height * channels);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < weights.size; x++) {
      const from = (y * width + weights.first[x]!) * channels;
      const weight = x * weights.stride;
      const taps = weights.count[x]!;
      for (let channel = 0; channel < channels; channel++) {
        let sum = half;
        for (let tap = 0, pixel = from + channel; tap < taps; tap++, pixel += channels) sum += data[pixel]! * weights.values[weight + tap]!;
        result[at++] = clip(sum);
      }
    }
  }
  return { width: weights.size, height, channels, data: result };
}

function alongColumns({ width, channels, data }: Picture, weights: Weights): Picture {
  const line = width * channels;
  const result = new Uint8Array(line * weights.size);
  const sums = new Int32Array(line);
  for (let y = 0; y < weights.size; y++) {
    sums.fill(half);
    for (let tap = 0; tap < weights.count[y]!; tap++) {
      const weight = weights.values[y * weights.stride + tap]!;
      const from = (weights.first[y]! + tap) * line;
      for (let x = 0; x < line; x++) sums[x]! += data[from + x]! * weight;
    }
    for (let x = 0; x < line; x++) result[y * line + x] = clip(sums[x]!);
  }
  return { width, height: weights.size, channels, data: result };
}

function clip(sum: number): number {
  const value = sum >> precision;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** Pixel centres are mapped by repeated addition, as Pillow does: a product would round to another neighbour now and then. */
function nearest({ width, height, channels, data }: Picture, toWidth: number, toHeight: number): Picture {
  const columns = nearestOf(width, toWidth);
  const rows = nearestOf(height, toHeight);
  const result = new Uint8Array(toWidth * toHeight * channels);
  let at = 0;
  for (let y = 0; y < toHeight; y++)
    for (let x = 0; x < toWidth; x++)
      for (let channel = 0; channel < channels; channel++) result[at++] = data[(rows[y]! * width + columns[x]!) * channels + channel]!;
  return { width: toWidth, height: toHeight, channels, data: result };
}

function nearestOf(from: number, to: number): Int32Array {
  const step = from / to;
  let at = step * 0.5;
  return Int32Array.from({ length: to }, () => {
    const index = Math.min(from - 1, Math.trunc(at));
    at += step;
    return index;
  });
}

/** From an image file to the numbers that a model takes: decode, resize, crop, normalise. */
import { LabError } from '../../probes/lab-error.ts';
import { readPicture, type Picture } from './decode.ts';
import type { Preprocessing } from './preprocessing.ts';
import { resize } from './resample.ts';

/**
 * @returns channels × height × width values in the preprocessing's layout
 * @throws LabError `image-unreadable` if the file is damaged, or not of the size that the model takes and nothing says how to change it
 */
export async function loadImage(file: string, preprocessing: Preprocessing): Promise<Float32Array> {
  const picture = resized(await readPicture(file, preprocessing.channels === 'grey' ? 1 : 3), preprocessing);
  const { width, height, crop } = preprocessing;
  if (crop === 'none' && (picture.width !== width || picture.height !== height))
    throw new LabError(
      'image-unreadable',
      `${file} is ${picture.width} × ${picture.height} pixels where the model takes ${width} × ${height}`,
      'Set a resize rule or a crop in the preprocessing.',
    );
  return arrange(picture, preprocessing);
}

/** The picture after the resize rule. The longer edge is cut to whole pixels, as torchvision and the hub do. */
export function resized(picture: Picture, { resize: rule, resample }: Preprocessing): Picture {
  switch (rule.rule) {
    case 'none':
      return picture;
    case 'stretch':
      return resize(picture, rule.width, rule.height, resample);
    case 'shortest-edge': {
      const { width, height } = picture;
      const long = Math.trunc((rule.size * Math.max(width, height)) / Math.min(width, height));
      return width <= height ? resize(picture, rule.size, long, resample) : resize(picture, long, rule.size, resample);
    }
  }
}

/** Crops, normalises and lays out; black is put around what is too small, and normalised with the rest. */
export function arrange(picture: Picture, preprocessing: Preprocessing): Float32Array {
  const { width, height, layout, channels, crop } = preprocessing;
  const order = channels === 'BGR' ? [2, 1, 0] : channels === 'RGB' ? [0, 1, 2] : [0];
  const tables = order.map((_, channel) => valueTable(preprocessing, channel));
  const top = cropOffset(picture.height, height, crop);
  const left = cropOffset(picture.width, width, crop);
  const result = new Float32Array(order.length * height * width);
  const pixelStep = layout === 'NCHW' ? 1 : order.length;
  const channelStep = layout === 'NCHW' ? height * width : 1;
  order.forEach((source, channel) => {
    const table = tables[channel]!;
    let to = channel * channelStep;
    for (let y = top; y < top + height; y++) {
      const inside = y >= 0 && y < picture.height;
      for (let x = left; x < left + width; x++, to += pixelStep) {
        const pixel = inside && x >= 0 && x < picture.width ? picture.data[(y * picture.width + x) * picture.channels + source]! : 0;
        result[to] = table[pixel]!;
      }
    }
  });
  return result;
}

/** What each of the 256 pixel values becomes. */
function valueTable({ rescale, mean, std }: Preprocessing, channel: number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, pixel) => (pixel * rescale - mean[channel]!) / std[channel]!);
}

/** First source row or column; negative where black is put before it. */
function cropOffset(size: number, wanted: number, crop: Preprocessing['crop']): number {
  if (size < wanted) return -Math.floor((wanted - size) / 2);
  const halfway = (size - wanted) / 2;
  const down = Math.floor(halfway);
  return Number.isInteger(halfway) || crop === 'centre-down' || down % 2 === 0 ? down : down + 1;
}

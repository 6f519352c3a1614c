/** Pictures of coloured discs, and a tiny model that tells their colours apart: what an image probe needs, made in a second. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { dataType, type OnnxModel, type Tensor } from '../../native-models/onnx/graph.ts';
import { WireWriter } from '../../native-models/onnx/wire.ts';
import { encodeModel, makeNode, valueInfo } from '../../native-models/onnx/write.ts';
import { seededRandom } from '../../probes/numerics/random.ts';

type Colour = readonly [number, number, number];

const colours: Readonly<Record<string, Colour>> = {
  red: [200, 40, 40],
  orange: [235, 140, 40],
  yellow: [235, 215, 60],
  green: [60, 160, 60],
  teal: [40, 165, 165],
  blue: [40, 80, 200],
  purple: [125, 60, 175],
  pink: [235, 130, 180],
  brown: [120, 75, 40],
  grey: [128, 128, 128],
};
export const colourNames = Object.keys(colours);

/** How fast the scores fall with the distance: some pictures are plain to it, some are not. */
const sharpness = 40;

/** Writes a model that answers with the colour nearest to the mean of all pixels, and the names of its classes. */
export async function writeColourModel(folder: string): Promise<void> {
  // Pixels from 0 to 1: what a bare .onnx is taken to want.
  const prototypes = Object.values(colours).map((colour) => colour.map((value) => value / 255));
  // |x - p|² apart from what all classes share: p² - 2xp.
  const weight = [0, 1, 2].flatMap((channel) => prototypes.map((prototype) => 2 * sharpness * prototype[channel]!));
  const bias = prototypes.map((prototype) => -sharpness * prototype.reduce((sum, value) => sum + value * value, 0));
  const tensor = (name: string, shape: readonly number[], values: readonly number[]): Tensor => ({
    name,
    shape,
    type: dataType.float,
    place: { kind: 'values', bytes: new Uint8Array(Float32Array.from(values).buffer) },
  });
  const graph: OnnxModel['graph'] = {
    name: 'colours',
    nodes: [
      makeNode('GlobalAveragePool', ['pixel_values'], ['pooled']),
      makeNode('Flatten', ['pooled'], ['features']),
      makeNode('Gemm', ['features', 'weight', 'bias'], ['logits']),
    ],
    initializers: [tensor('weight', [3, prototypes.length], weight), tensor('bias', [prototypes.length], bias)],
    inputs: [valueInfo('pixel_values', dataType.float, ['batch', 3, 32, 32])],
    outputs: [valueInfo('logits', dataType.float, ['batch', prototypes.length])],
    rest: [],
  };
  const rest = [new WireWriter().integer(1, 8).message(8, new WireWriter().integer(2, 17)).finish()];
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'model.onnx'), encodeModel({ graph, opsets: new Map([['', 17]]), rest }, ''));
  await writeFile(path.join(folder, 'labels.txt'), `${colourNames.join('\n')}\n`);
}

/**
 * Writes a folder for each colour. Every ninth picture shows another colour than its folder says, and one file is no picture.
 * @param each pictures of each colour
 */
export async function writePictures(folder: string, each: number): Promise<void> {
  const random = seededRandom(7);
  const values = Object.values(colours);
  for (const [place, name] of colourNames.entries()) {
    await mkdir(path.join(folder, name), { recursive: true });
    for (let index = 0; index < each; index++) {
      const shown = (place * each + index) % 9 === 4 ? values[(place + 3) % values.length]! : values[place]!;
      await sharp(disc(shown, random), { raw: { width: edge, height: edge, channels: 3 } })
        .jpeg({ quality: 90 })
        .toFile(path.join(folder, name, `${name}-${String(index + 1).padStart(2, '0')}.jpg`));
    }
  }
  await writeFile(path.join(folder, 'grey/grey-00.jpg'), 'This is no picture.');
}

const edge = 160;

/** A shaded disc of a colour on a lighter ground of nearly the same. */
function disc(colour: Colour, random: () => number): Uint8Array {
  const pixels = new Uint8Array(3 * edge * edge);
  const [x, y, radius] = [edge * (0.35 + 0.3 * random()), edge * (0.35 + 0.3 * random()), edge * (0.22 + 0.2 * random())];
  const ground = colour.map((value) => value + (128 + 90 * random() - value) * 0.45);
  for (let row = 0; row < edge; row++) {
    for (let column = 0; column < edge; column++) {
      const away = Math.hypot(column - x, row - y) / radius;
      const light = 1.1 - (0.35 * Math.hypot(column - x + radius / 3, row - y + radius / 3)) / radius;
      for (let channel = 0; channel < 3; channel++)
        pixels[3 * (row * edge + column) + channel] = Math.max(0, Math.min(255, away < 1 ? colour[channel]! * light : ground[channel]!));
    }
  }
  return pixels;
}

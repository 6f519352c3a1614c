/**
 * How pictures are made into a model's input. It belongs to a model as much as its weights: with another one the same
 * weights answer other questions. The arithmetic is that of Pillow and torchvision; see `preprocess.ts`.
 */
import { LabError } from '../../probes/lab-error.ts';
import type { Resample } from './resample.ts';

export interface Preprocessing {
  /** What the model takes, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly resize: Resize;
  /**
   * What becomes of a resized picture of another size than the model takes. `centre` cuts out its middle as torchvision does (half a
   * pixel is rounded to the even side), `centre-down` as the hub's processors do (rounded down); where a picture is too small, black is
   * put around it. With `none` it must have the size.
   */
  readonly crop: 'none' | 'centre' | 'centre-down';
  readonly resample: Resample;
  readonly layout: 'NCHW' | 'NHWC';
  readonly channels: 'RGB' | 'BGR' | 'grey';
  /** A pixel from 0 to 255 becomes (pixel × rescale − mean) / std. */
  readonly rescale: number;
  /** One a channel, in the order that the model gets them. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

export type Resize =
  /** The shorter edge becomes `size`, the longer one keeps the proportion, rounded down. */
  | { readonly rule: 'shortest-edge'; readonly size: number }
  | { readonly rule: 'stretch'; readonly width: number; readonly height: number }
  | { readonly rule: 'none' };

/** What a preprocessing has to fit; sizes are null where the model takes any. */
export interface InputShape {
  readonly layout: Preprocessing['layout'];
  readonly channels: 1 | 3;
  readonly width: number | null;
  readonly height: number | null;
}

type Values = Pick<Preprocessing, 'rescale' | 'mean' | 'std'>;

const unit = 1 / 255;

/** Value ranges, for models that want nothing else. */
export const ranges = {
  '0..1': { rescale: unit, mean: 0, std: 1 },
  '0..255': { rescale: 1, mean: 0, std: 1 },
  '-1..1': { rescale: unit, mean: 0.5, std: 0.5 },
} as const;

interface Preset extends Values {
  readonly title: string;
  /** The edge before cropping over the model's, for those that crop. */
  readonly margin: number | null;
  readonly resample: Resample;
}

export const presets = {
  imagenet: {
    title: 'torchvision’s for ImageNet: shorter edge 256, middle 224, ImageNet mean and deviation',
    margin: 256 / 224,
    resample: 'bilinear',
    rescale: unit,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  },
  vit: {
    title: 'Google’s ViT: stretched, values from -1 to 1',
    margin: null,
    resample: 'bilinear',
    rescale: unit,
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
  },
  clip: {
    title: 'CLIP: shorter edge 224 by bicubic, its middle, CLIP’s mean and deviation',
    margin: 1,
    resample: 'bicubic',
    rescale: unit,
    mean: [0.48145466, 0.4578275, 0.40821073],
    std: [0.26862954, 0.26130258, 0.27577711],
  },
  cifar10: {
    title: 'mean and deviation of all pixels of CIFAR-10’s training images',
    margin: null,
    resample: 'bilinear',
    rescale: unit,
    mean: [0.4914, 0.4822, 0.4465],
    std: [0.2471, 0.2435, 0.2616],
  },
  'cifar10-kuangliu': {
    title: 'CIFAR-10 as in kuangliu/pytorch-cifar: deviation within images, averaged',
    margin: null,
    resample: 'bilinear',
    rescale: unit,
    mean: [0.4914, 0.4822, 0.4465],
    std: [0.2023, 0.1994, 0.201],
  },
  mnist: {
    title: 'MNIST: grey, mean 0.1307, deviation 0.3081',
    margin: null,
    resample: 'bilinear',
    rescale: unit,
    mean: [0.1307],
    std: [0.3081],
  },
  plain: { title: 'stretched, values from 0 to 1', margin: null, resample: 'bilinear', rescale: unit, mean: [0], std: [1] },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;

/** Edge of a model that takes pictures of any size, unless something else is said. */
const usualEdge = 224;

/** @throws LabError `preprocessing` for a name that is not known, or colours for a model that takes grey */
export function presetFor(name: string, shape: InputShape): Preprocessing {
  if (!Object.hasOwn(presets, name))
    throw new LabError('preprocessing', `there is no preset "${name}"`, `Presets: ${Object.keys(presets).join(', ')}.`);
  const { margin, resample, rescale, mean, std }: Preset = presets[name as PresetName];
  const width = shape.width ?? shape.height ?? usualEdge;
  const height = shape.height ?? width;
  const preprocessing: Preprocessing = {
    width,
    height,
    resize:
      margin === null ? { rule: 'stretch', width, height } : { rule: 'shortest-edge', size: Math.round(Math.max(width, height) * margin) },
    crop: margin === null ? 'none' : 'centre',
    resample,
    layout: shape.layout,
    channels: shape.channels === 1 ? 'grey' : 'RGB',
    rescale,
    mean: spread(mean, shape.channels),
    std: spread(std, shape.channels),
  };
  checkFit(preprocessing, shape);
  return preprocessing;
}

/** One value stands for all channels. */
function spread(values: readonly number[], channels: number): readonly number[] {
  return values.length === 1 ? new Array<number>(channels).fill(values[0]!) : values;
}

/**
 * What to begin with where nothing is said: a guess by the input's shape, to be shown as one.
 * Colour pictures of 64 pixels or more are taken for torchvision's, smaller ones for plain values.
 */
export function guessPreset(shape: InputShape): PresetName {
  return shape.channels === 3 && (shape.width ?? usualEdge) >= 64 ? 'imagenet' : 'plain';
}

/** @throws LabError `preprocessing` if what it makes is not what the model takes */
export function checkFit(preprocessing: Preprocessing, shape: InputShape): void {
  const { width, height, layout, channels, mean, std } = preprocessing;
  const count = channels === 'grey' ? 1 : 3;
  const made = `${layout}, ${count} ${count === 1 ? 'channel' : 'channels'}, ${width} × ${height}`;
  const taken = `${shape.layout}, ${shape.channels} ${shape.channels === 1 ? 'channel' : 'channels'}, ${shape.width ?? 'any'} × ${shape.height ?? 'any'}`;
  const fits =
    layout === shape.layout &&
    count === shape.channels &&
    (shape.width === null || shape.width === width) &&
    (shape.height === null || shape.height === height);
  if (!fits)
    throw new LabError(
      'preprocessing',
      `the preprocessing makes ${made}; the model takes ${taken}`,
      'Set size, layout and channels to the model’s.',
    );
  if (mean.length !== count || std.length !== count)
    throw new LabError(
      'preprocessing',
      `mean has ${mean.length} values and std ${std.length}; there are ${count} channels`,
      'Give one value a channel.',
    );
}

/** Keys of a preprocessing as JSON; `preset` and `range` stand for several others, which may still be given. */
const keys = ['preset', 'range', 'width', 'height', 'resize', 'crop', 'resample', 'layout', 'channels', 'rescale', 'mean', 'std'] as const;

/**
 * Reads a preprocessing that was written as JSON: all of its fields, or `{"preset": "imagenet", "channels": "BGR"}`, or fields over
 * what the model's shape suggests. `range` ("0..1", "0..255", "-1..1") stands for rescale, mean and std.
 * @throws LabError `preprocessing` naming the field
 */
export function parsePreprocessing(json: unknown, shape: InputShape): Preprocessing {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new LabError('preprocessing', 'a preprocessing is an object of settings', `Give an object with some of ${keys.join(', ')}.`);
  const given = json as Record<string, unknown>;
  const unknown = Object.keys(given).find((key) => !(keys as readonly string[]).includes(key));
  if (unknown !== undefined) throw refused(unknown, given[unknown], `a name among ${keys.join(', ')}`);
  const size = { ...shape, width: positive(given, 'width') ?? shape.width, height: positive(given, 'height') ?? shape.height };
  const base = presetFor(oneOf(given, 'preset', Object.keys(presets)) ?? guessPreset(size), size);
  const range = oneOf(given, 'range', Object.keys(ranges) as (keyof typeof ranges)[]);
  const channels = oneOf(given, 'channels', ['RGB', 'BGR', 'grey'] as const) ?? base.channels;
  const count = channels === 'grey' ? 1 : 3;
  const ordered = <Value>(list: readonly Value[]): readonly Value[] => (channels === 'BGR' ? list.toReversed() : list);
  const values: Values =
    range === undefined
      ? { rescale: base.rescale, mean: ordered(base.mean), std: ordered(base.std) }
      : { rescale: ranges[range].rescale, mean: spread([ranges[range].mean], count), std: spread([ranges[range].std], count) };
  const preprocessing: Preprocessing = {
    width: base.width,
    height: base.height,
    resize: resizeOf(given, base.resize),
    crop: oneOf(given, 'crop', ['none', 'centre', 'centre-down'] as const) ?? base.crop,
    resample: oneOf(given, 'resample', ['nearest', 'bilinear', 'bicubic', 'lanczos'] as const) ?? base.resample,
    layout: oneOf(given, 'layout', ['NCHW', 'NHWC'] as const) ?? base.layout,
    channels,
    rescale: number(given, 'rescale') ?? values.rescale,
    mean: numbers(given, 'mean', count) ?? values.mean,
    std: numbers(given, 'std', count) ?? values.std,
  };
  if (preprocessing.std.includes(0)) throw refused('std', given['std'], 'numbers other than 0');
  checkFit(preprocessing, shape);
  return preprocessing;
}

function resizeOf(given: Readonly<Record<string, unknown>>, usual: Resize): Resize {
  const value = given['resize'];
  if (value === undefined) return usual;
  const wanted = '{"rule": "shortest-edge", "size": n}, {"rule": "stretch", "width": n, "height": n} or {"rule": "none"}';
  if (typeof value !== 'object' || value === null) throw refused('resize', value, wanted);
  const rule = value as Record<string, unknown>;
  const allowed: Readonly<Record<string, readonly string[]>> = { 'shortest-edge': ['size'], stretch: ['width', 'height'], none: [] };
  const name = String(rule['rule']);
  const edges = Object.hasOwn(allowed, name) ? allowed[name]! : null;
  if (edges === null || Object.keys(rule).some((key) => key !== 'rule' && !edges.includes(key))) throw refused('resize', value, wanted);
  if (edges.some((edge) => positive(rule, edge) === undefined)) throw refused('resize', value, wanted);
  return value as Resize;
}

/** Larger pictures than this are surely a mistake, and would fill the memory. */
const largestEdge = 8192;

function positive(given: Readonly<Record<string, unknown>>, key: string): number | undefined {
  const value = number(given, key);
  if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= largestEdge))
    throw refused(key, value, `a whole number of pixels from 1 to ${largestEdge}`);
  return value;
}

function number(given: Readonly<Record<string, unknown>>, key: string): number | undefined {
  const value = given[key];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw refused(key, value, 'a number');
  return value;
}

/** One number, or one a channel. */
function numbers(given: Readonly<Record<string, unknown>>, key: string, count: number): readonly number[] | undefined {
  const value = given[key];
  if (value === undefined) return undefined;
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if ((list.length !== 1 && list.length !== count) || !list.every((each) => typeof each === 'number' && Number.isFinite(each)))
    throw refused(key, value, `a number, or ${count} of them`);
  return spread(list as number[], count);
}

function oneOf<Choice extends string>(
  given: Readonly<Record<string, unknown>>,
  key: string,
  choices: readonly Choice[],
): Choice | undefined {
  const value = given[key];
  if (value === undefined) return undefined;
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw refused(key, value, `one of ${choices.join(', ')}`);
  return found;
}

function refused(key: string, value: unknown, wanted: string): LabError {
  return new LabError('preprocessing', `"${key}" cannot be ${JSON.stringify(value)}`, `It takes ${wanted}.`);
}

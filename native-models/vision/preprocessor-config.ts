/**
 * Reads preprocessor_config.json, as the hub's image models have it (transformers' image processors and the older feature extractors).
 * It does what transformers' Pillow backend does; its torchvision backend rounds otherwise while resizing, by one of 255 steps at most.
 * Source: transformers 5.23, `image_processing_backends.py` and the image processors of the families named below.
 */
import { LabError } from '../../probes/lab-error.ts';
import type { Preprocessing, Resize } from './preprocessing.ts';
import type { Resample } from './resample.ts';

/** What a family's processor does where the file is silent. */
interface Family {
  /** Whether a size that is one number means a square, or the shorter edge. */
  readonly square: boolean;
  readonly crop: boolean;
  readonly resample: number;
  readonly normalise: boolean;
}

const bicubicSquare: Family = { square: true, crop: false, resample: 3, normalise: true };
const edgeAndCrop: Family = { square: false, crop: true, resample: 3, normalise: true };

const families: Readonly<Record<string, Family>> = {
  ViT: { square: true, crop: false, resample: 2, normalise: true },
  DINOv3ViT: { square: true, crop: false, resample: 2, normalise: true },
  DeiT: { square: true, crop: true, resample: 3, normalise: true },
  Beit: bicubicSquare,
  Pvt: bicubicSquare,
  EfficientNet: bicubicSquare,
  Siglip: { square: false, crop: false, resample: 3, normalise: true },
  ConvNext: { square: false, crop: false, resample: 3, normalise: true },
  CLIP: edgeAndCrop,
  Bit: edgeAndCrop,
  Levit: edgeAndCrop,
  PoolFormer: edgeAndCrop,
  MobileNetV1: { square: false, crop: true, resample: 2, normalise: true },
  MobileNetV2: { square: false, crop: true, resample: 2, normalise: true },
  MobileViT: { square: false, crop: true, resample: 3, normalise: false },
};

/** PIL.Image.Resampling. */
const resamples: readonly (Resample | null)[] = ['nearest', 'lanczos', 'bilinear', 'bicubic'];

type Json = Readonly<Record<string, unknown>>;

/**
 * @param json the parsed file; @param layout and @param channels of the model's input: the file does not tell them
 * @throws LabError `preprocessing` for what the lab cannot do (padding, pieces of pictures), and for missing sizes or values
 */
export function fromPreprocessorConfig(json: unknown, layout: Preprocessing['layout'], channels: 1 | 3): Preprocessing {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw refused('it is no object');
  const config = json as Json;
  const name = config['image_processor_type'] ?? config['feature_extractor_type'] ?? 'ViTImageProcessor';
  if (typeof name !== 'string') throw refused('its image_processor_type is no name');
  const familyName = name.replace(/(ImageProcessor|FeatureExtractor)(Fast|Pil)?$/, '');
  const family = Object.hasOwn(families, familyName) ? families[familyName]! : null;
  if (family === null) throw refused(`its processor is ${name}`);
  for (const key of ['do_pad', 'do_image_splitting', 'do_thumbnail', 'do_color_quantize'])
    if (config[key] === true) throw refused(`it asks for ${key}`);
  const flip = flag(config, 'do_flip_channel_order', familyName === 'MobileViT');
  return {
    ...geometry(config, family, familyName),
    resample: resampleOf(config, family),
    layout,
    channels: channels === 1 ? 'grey' : flip ? 'BGR' : 'RGB',
    ...values(config, family, familyName, channels),
  };
}

type Geometry = Pick<Preprocessing, 'width' | 'height' | 'resize' | 'crop'>;

function geometry(config: Json, family: Family, familyName: string): Geometry {
  const cropping = flag(config, 'do_center_crop', family.crop);
  const target = cropping ? rectangle(sizeOf(config, 'crop_size', true)) : null;
  if (!flag(config, 'do_resize', true)) {
    const { width, height } = target ?? rectangle(sizeOf(config, 'size', true));
    return { width, height, resize: { rule: 'none' }, crop: cropping ? 'centre-down' : 'none' };
  }
  const size = sizeOf(config, 'size', family.square);
  if (familyName === 'ConvNext') return convNext(config, size, target);
  const resize = scaled(size, config, familyName);
  if (target !== null) return { ...target, resize, crop: 'centre-down' };
  if (resize.rule !== 'stretch') throw refused('it sets the shorter edge but no crop, so that pictures come in many sizes');
  return { width: resize.width, height: resize.height, resize, crop: 'none' };
}

/** ConvNeXt's: below 384 pixels the shorter edge is made larger and the middle cut out, from 384 on the picture is stretched. */
function convNext(config: Json, size: Size, target: Rectangle | null): Geometry {
  const edge = 'edge' in size ? size.edge : size.width;
  const square = { width: edge, height: edge };
  const first: Resize =
    edge < 384
      ? { rule: 'shortest-edge', size: Math.trunc(edge / numberOr(config, 'crop_pct', 224 / 256)) }
      : { rule: 'stretch', ...square };
  if (target !== null && (target.width !== edge || target.height !== edge)) throw refused('it crops twice');
  return { ...square, resize: first, crop: edge < 384 ? 'centre-down' : 'none' };
}

/** LeViT and PoolFormer resize to more than their size says. */
function scaled(size: Size, config: Json, familyName: string): Resize {
  const cropShare = familyName === 'PoolFormer' ? numberOr(config, 'crop_pct', 0.9) : null;
  if (cropShare !== null) {
    const edge = 'edge' in size ? size.edge : size.width === size.height ? size.width : null;
    if (edge === null) throw refused('its size is no square');
    return { rule: 'shortest-edge', size: Math.trunc(edge / cropShare) };
  }
  if (!('edge' in size)) return { rule: 'stretch', ...size };
  return { rule: 'shortest-edge', size: familyName === 'Levit' ? Math.trunc((256 / 224) * size.edge) : size.edge };
}

interface Rectangle {
  readonly width: number;
  readonly height: number;
}
type Size = Rectangle | { readonly edge: number };

function sizeOf(config: Json, key: string, square: boolean): Size {
  const value = config[key];
  if (isEdge(value)) return square ? { width: value, height: value } : { edge: value };
  if (Array.isArray(value) && value.length === 2 && isEdge(value[0]) && isEdge(value[1])) return { height: value[0], width: value[1] };
  if (typeof value === 'object' && value !== null) {
    const { height, width, shortest_edge: edge, longest_edge: longest } = value as Json;
    if (isEdge(height) && isEdge(width)) return { width, height };
    if (isEdge(edge) && longest == null) return { edge };
  }
  throw refused(`its ${key} is ${value === undefined ? 'missing' : JSON.stringify(value)}`);
}

function rectangle(size: Size): Rectangle {
  return 'edge' in size ? { width: size.edge, height: size.edge } : size;
}

const isEdge = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 8192;

function resampleOf(config: Json, family: Family): Resample {
  const number = numberOr(config, 'resample', family.resample);
  const found = resamples[number];
  if (found == null) throw refused(`its resample is ${number}`);
  return found;
}

function values(config: Json, family: Family, familyName: string, channels: 1 | 3): Pick<Preprocessing, 'rescale' | 'mean' | 'std'> {
  const rescaling = flag(config, 'do_rescale', true);
  const rescale = rescaling ? numberOr(config, 'rescale_factor', 1 / 255) : 1;
  // EfficientNet's: values from -1 to 1 before all else, which is the same as a larger mean.
  const offset = rescaling && flag(config, 'rescale_offset', false) ? 1 : 0;
  const [ones, zeros] = [new Array<number>(channels).fill(1), new Array<number>(channels).fill(0)];
  const normalising = flag(config, 'do_normalize', family.normalise);
  const mean = normalising ? channelValues(config, 'image_mean', channels) : zeros;
  let std = normalising ? channelValues(config, 'image_std', channels) : ones;
  // EfficientNet with its head divides by the deviation once more.
  if (familyName === 'EfficientNet' && flag(config, 'include_top', true)) {
    const again = channelValues(config, 'image_std', channels);
    std = std.map((value, channel) => value * again[channel]!);
  }
  if (std.includes(0)) throw refused('its image_std holds 0');
  return { rescale, mean: mean.map((value) => value + offset), std };
}

function channelValues(config: Json, key: string, channels: number): number[] {
  const value = config[key];
  const list = Array.isArray(value) ? value : [value];
  if ((list.length !== 1 && list.length !== channels) || !list.every((each) => typeof each === 'number' && Number.isFinite(each)))
    throw refused(`its ${key} is ${value === undefined ? 'missing' : JSON.stringify(value)}`);
  return list.length === 1 ? new Array<number>(channels).fill(list[0] as number) : (list as number[]);
}

function flag(config: Json, key: string, usual: boolean): boolean {
  const value = config[key] ?? usual;
  if (typeof value !== 'boolean') throw refused(`its ${key} is ${JSON.stringify(value)}`);
  return value;
}

function numberOr(config: Json, key: string, usual: number): number {
  const value = config[key] ?? usual;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw refused(`its ${key} is ${JSON.stringify(value)}`);
  return value;
}

function refused(why: string): LabError {
  return new LabError(
    'preprocessing',
    `preprocessor_config.json cannot be followed: ${why}`,
    'Set the preprocessing yourself (size, resize rule, mean, std …).',
  );
}

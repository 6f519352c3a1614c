/**
 * Frequencies of rotary position embeddings, as config.json describes them.
 * transformers 5 writes `rope_parameters`; before that `rope_theta` stood beside a `rope_scaling`. Numbers are rounded to
 * float32 where transformers rounds them (modeling_rope_utils.py): at position 100,000 a last digit of a frequency is a visible angle.
 */
import type { Config } from '../config.ts';

const { fround } = Math;

/** What the cosines and sines of every position are computed from. */
export interface RopeScheme {
  /** Width of the rotated part of a head, even. */
  readonly rotated: number;
  /** Cosines and sines are multiplied by this. */
  readonly scale: number;
  readonly frequencies: Frequencies;
}

/** Radians per position of each pair of numbers. */
export type Frequencies =
  | { readonly kind: 'fixed'; readonly values: readonly number[] }
  /** `long` as soon as the text is longer than `limit` tokens. */
  | { readonly kind: 'by-length'; readonly limit: number; readonly short: readonly number[]; readonly long: readonly number[] }
  /** The base grows with the length of the text beyond `limit`: θ·(factor·length/limit − (factor − 1))^(rotated/(rotated − 2)). */
  | { readonly kind: 'growing'; readonly limit: number; readonly theta: number; readonly factor: number };

export interface RopeDefaults {
  /** Base where config.json names none. */
  readonly theta: number;
  /** Share of a head that is rotated where config.json names none. */
  readonly partial: number;
}

/** @throws LabError `model-unsupported` for a type of scaling that is not known here */
export function ropeScheme(config: Config, headSize: number, defaults: RopeDefaults = { theta: 10_000, partial: 1 }): RopeScheme {
  const parameters = config.below(config.has('rope_parameters') ? 'rope_parameters' : 'rope_scaling');
  const theta = parameters.number('rope_theta', config.number('rope_theta', defaults.theta));
  const partial = parameters.number('partial_rotary_factor', config.number('partial_rotary_factor', defaults.partial));
  return schemeOf(parameters, config, theta, Math.trunc(headSize * partial));
}

/** The scheme of one set of parameters. @param config the whole of config.json, for what stands outside of the set */
export function schemeOf(parameters: Config, config: Config, theta: number, rotated: number): RopeScheme {
  const typeKey = parameters.has('rope_type') || !parameters.has('type') ? 'rope_type' : 'type';
  const plain = plainFrequencies(theta, rotated);
  const fixed = (values: readonly number[], scale = 1): RopeScheme => ({ rotated, scale, frequencies: { kind: 'fixed', values } });
  switch (parameters.text(typeKey, 'default')) {
    case 'default':
      return fixed(plain);
    case 'linear':
      return fixed(plain.map((frequency) => fround(frequency / parameters.number('factor'))));
    case 'dynamic':
      return {
        rotated,
        scale: 1,
        frequencies: { kind: 'growing', limit: config.size('max_position_embeddings'), theta, factor: parameters.number('factor') },
      };
    case 'llama3':
      return fixed(llama3(parameters, plain, originalLength(parameters, config)));
    case 'yarn':
      return yarn(parameters, originalLength(parameters, config), theta, rotated);
    case 'longrope':
    case 'su':
      return longrope(parameters, config, theta, rotated);
    default:
      throw parameters.unsupported(typeKey, 'the kinds known are default, linear, dynamic, llama3, yarn and longrope');
  }
}

/** 1 / θ^(2i/d) for each pair i. */
function plainFrequencies(theta: number, rotated: number): number[] {
  return powers(theta, rotated).map((power) => fround(1 / power));
}

function powers(theta: number, rotated: number): number[] {
  return Array.from({ length: rotated / 2 }, (_, pair) => fround(theta ** fround((2 * pair) / rotated)));
}

/** The length of text that the model was first trained on. */
function originalLength(parameters: Config, config: Config): number {
  const key = 'original_max_position_embeddings';
  return config.has(key) ? config.size(key) : parameters.size(key, config.size('max_position_embeddings', 1));
}

/** Long waves are stretched by the factor, short ones kept, those between interpolated. Source: Llama 3.1. */
function llama3(parameters: Config, plain: readonly number[], original: number): number[] {
  const factor = parameters.number('factor');
  const low = parameters.number('low_freq_factor');
  const high = parameters.number('high_freq_factor');
  return plain.map((frequency) => {
    const wavelength = (2 * Math.PI) / frequency;
    if (wavelength < original / high) return frequency;
    if (wavelength > original / low) return fround(frequency / factor);
    const smooth = (original / wavelength - low) / (high - low);
    return fround(((1 - smooth) * frequency) / factor + smooth * frequency);
  });
}

/** Source: YaRN, Peng et al. 2023 (arXiv 2309.00071); `mscale` as in DeepSeek. */
function yarn(parameters: Config, original: number, theta: number, rotated: number): RopeScheme {
  const factor = parameters.number('factor');
  const magnitude = (weight: number): number => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);
  const weights = [parameters.number('mscale', 0), parameters.number('mscale_all_dim', 0)] as const;
  const usual = weights[0] !== 0 && weights[1] !== 0 ? magnitude(weights[0]) / magnitude(weights[1]) : magnitude(1);
  const scale = parameters.number('attention_factor', usual);

  // The pairs that turn this often within the original length.
  const pairOf = (turns: number): number => (rotated * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const truncate = parameters.flag('truncate', true);
  const bounds = [pairOf(parameters.number('beta_fast', 32)), pairOf(parameters.number('beta_slow', 1))] as const;
  const first = Math.max(truncate ? Math.floor(bounds[0]) : bounds[0], 0);
  const last = Math.min(truncate ? Math.ceil(bounds[1]) : bounds[1], rotated - 1);
  const width = first === last ? 0.001 : last - first;
  const values = powers(theta, rotated).map((power, pair) => {
    const stretched = Math.min(1, Math.max(0, (pair - first) / width));
    return fround(stretched / (factor * power) + (1 - stretched) / power);
  });
  return { rotated, scale, frequencies: { kind: 'fixed', values } };
}

/** Every pair has a factor of its own, one for short and one for long texts. Source: LongRoPE, Ding et al. 2024 (arXiv 2402.13753). */
function longrope(parameters: Config, config: Config, theta: number, rotated: number): RopeScheme {
  const limit = originalLength(parameters, config);
  const factor = parameters.number('factor', config.size('max_position_embeddings') / limit);
  const usual = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(limit));
  const divided = (key: string): number[] => {
    const factors = parameters.numbers(key);
    if (factors.length !== rotated / 2) throw parameters.unsupported(key, `${rotated / 2} numbers are needed`);
    return powers(theta, rotated).map((power, pair) => fround(1 / fround(fround(factors[pair]!) * power)));
  };
  const frequencies = { kind: 'by-length', limit, short: divided('short_factor'), long: divided('long_factor') } as const;
  return { rotated, scale: parameters.number('attention_factor', usual), frequencies };
}

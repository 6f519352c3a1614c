/**
 * A model found on disk and read as a graph, whichever way it was stored: an ONNX export (`exports/`) or a checkpoint
 * (`checkpoints/`). Every graph that is run is cut from this one; its weights stay where they lie.
 */
import type { OnnxModel } from './onnx/graph.ts';

export interface OpenedModel {
  readonly source: 'onnx' | 'safetensors';
  /** `decoder` gives logits for the next token, `encoder` states of all tokens, `image-classifier` a score for each class. */
  readonly task: 'decoder' | 'encoder' | 'image-classifier';
  /** The folder (or the bare .onnx file) as the user gave it, absolute. */
  readonly folder: string;
  /** `model_type` of config.json; `unknown` where nothing says it. */
  readonly architecture: string;
  /** Which of several graphs in the folder this is (`model_q4`, …); null where there is only one. */
  readonly variant: string | null;
  /** float32, float16, bfloat16, int8, int4 …: that of most weights. */
  readonly dtype: string;
  readonly model: OnnxModel;
  /** The file that inline weights lie in, symbolic links resolved; that of the graph. Empty for checkpoints, which have none. */
  readonly graphFile: string;
  /** A folder that the graph and all its external data lie below, symbolic links resolved; external data are named relative to it. */
  readonly weightFolder: string;
  /** Name of the graph output that holds the logits, or the states after the last block of an encoder without a head. */
  readonly output: string;
  readonly hooks: Hooks;
  /** Absent or null where the keys and values of a text can always be continued. */
  readonly cacheBreak?: CacheBreak | null;
  readonly config: Readonly<Record<string, unknown>>;
  /** generation_config.json; empty where there is none. */
  readonly generation: Readonly<Record<string, unknown>>;
  /** chat_template.jinja, where newer folders keep the template; null where there is none. */
  readonly chatTemplate: string | null;
  /** Every file that the model's answers depend on, absolute. */
  readonly files: readonly string[];
}

/** Where a cache of keys and values stops being right, because longer texts are computed otherwise from their first token on. */
export interface CacheBreak {
  /** A text of up to this many tokens must be computed anew when it grows beyond. */
  readonly beyond: number;
  /** Whether beyond that it must be computed anew for every token more. */
  readonly always: boolean;
}

/** A place in the computation that can be read and, on the residual stream, changed. */
export interface Hook {
  /** TransformerLens' name, such as `blocks.3.hook_resid_post`; `tensor:NAME` for a tensor of the graph that has none. */
  readonly name: string;
  /** Null for what belongs to no block (`hook_embed`, `ln_final.hook_normalized`). */
  readonly block: number | null;
  /** Its name in the graph; may be the unnamed sum inside a fused node, see `graph/flow.ts`. */
  readonly tensor: string;
  readonly shape: HookShape;
}

/**
 * - `residual`: [batch, pos, d_model];
 * - `heads`: [batch, pos, head, d_head]; `merged-heads`: [batch, pos, head × d_head], where the graph keeps heads side by side;
 * - `pattern`: [batch, head, query, key];
 * - `map`: [batch, channel, height, width] of an image model; `features`: [batch, width].
 */
export type HookShape = 'residual' | 'heads' | 'merged-heads' | 'pattern' | 'map' | 'features';

export interface Hooks {
  /** In the order of computation. */
  readonly all: readonly Hook[];
  /** What the head is applied to: every path to the output leads through it, and nothing behind it mixes positions. */
  readonly headInput: string;
  /** Why the residual stream is not a cut of the graph, in words for the user; null where it was found. */
  readonly mixed: string | null;
}

/** `blocks.{i}.hook_resid_post`, and the stream before the first block: what the lab calls the residual stream of a model. */
export function residualPoints(hooks: Hooks): Hook[] {
  return hooks.all.filter(({ name }) => name === 'blocks.0.hook_resid_pre' || /^blocks\.\d+\.hook_resid_post$/.test(name));
}

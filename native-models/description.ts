/** What the lab found out about a model when it opened it: its card, in the engine's words. */
import type { ModelTraits } from '../probes/request.ts';
import type { SelfCheck } from './decoder/self-check.ts';
import type { MemoryReport } from './device/memory.ts';
import type { DeviceReport } from './device/report.ts';
import type { Hook, OpenedModel } from './opened.ts';
import type { ChosenPreprocessing } from './vision/choose-preprocessing.ts';
import type { Preprocessing } from './vision/preprocessing.ts';

export interface FileHash {
  /** Relative to the model's folder, with `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface ModelDescription extends ModelTraits {
  readonly task: OpenedModel['task'];
  /** `model_type` of config.json. */
  readonly architecture: string;
  readonly source: OpenedModel['source'];
  /** Which of several graphs in the folder. */
  readonly variant: string | null;
  readonly dtype: string;
  readonly layers: number;
  /** d_model; null for an image model without a residual stream of its own. */
  readonly width: number | null;
  readonly heads: number | null;
  readonly headSize: number | null;
  /** Tokens, or classes of an image classifier. */
  readonly vocabulary: number;
  readonly parameters: number;
  /** Longest text in tokens; null where nothing bounds it. */
  readonly positions: number | null;
  /** Why texts cannot be given to it; null where its tokenizer was found. */
  readonly noTokenizer: string | null;
  readonly hooks: readonly Hook[];
  /** The residual stream, from before the first block to behind the last; empty where it was not found. */
  readonly residual: readonly Hook[];
  /** Why the residual stream was not found; null where it was. */
  readonly mixed: string | null;
  /** Null for models that give no logits to compare. */
  /** How pictures are made into its input, and who said so; absent in models of text. */
  readonly image?: { readonly preprocessing: Preprocessing; readonly origin: ChosenPreprocessing['origin'] };
  readonly selfCheck: SelfCheck | null;
  readonly device: DeviceReport;
  readonly memory: MemoryReport & {
    /** Bytes of keys and values for each token; 0 without a cache. */
    readonly cachePerToken: number;
  };
  readonly files: readonly FileHash[];
  /** `outsideOf` its files: to be given back as `KnownModel` when it is opened again. */
  readonly outside: string;
}

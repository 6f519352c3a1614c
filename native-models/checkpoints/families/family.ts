/** What a family of architectures has to say: the model types it covers, and how their graph is built. */
import type { BuiltGraph } from '../builder.ts';
import type { Config } from '../config.ts';
import type { WeightSet } from '../weights.ts';

export interface Family {
  /** `model_type` of config.json. */
  readonly modelTypes: readonly string[];
  /**
   * Builds the graph, asking the weights for every tensor it needs.
   * @throws LabError `model-unsupported` naming the key of config.json that it cannot honour
   */
  build(config: Config, weights: WeightSet): BuiltGraph;
}

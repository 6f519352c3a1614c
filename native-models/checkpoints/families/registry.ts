/** The architectures that checkpoints are opened of, by `model_type` of config.json. */
import { LabError } from '../../../probes/lab-error.ts';
import type { BuiltGraph } from '../builder.ts';
import { Config } from '../config.ts';
import { WeightSet, type StoredTensors } from '../weights.ts';
import { bert } from './bert.ts';
import { distilbert } from './distilbert.ts';
import type { Family } from './family.ts';
import { gemmaFamilies } from './gemma.ts';
import { gpt2 } from './gpt2.ts';
import { gptNeox } from './gpt-neox.ts';
import { llamaFamilies } from './llama.ts';
import { olmo2 } from './olmo2.ts';
import { phi3 } from './phi3.ts';
import { roberta } from './roberta.ts';
import { vit } from './vit.ts';

const encoders: readonly Family[] = [bert, roberta, distilbert, vit];
const families: readonly Family[] = [gpt2, gptNeox, ...llamaFamilies, ...gemmaFamilies, phi3, olmo2, ...encoders];

/** Every model_type that can be opened, in alphabetical order. */
export const knownModelTypes: readonly string[] = families.flatMap((family) => family.modelTypes).sort();

/**
 * Builds the graph of a checkpoint.
 * @param values config.json
 * @throws LabError `model-unsupported` if the model_type, or a setting of it, is not known; `model-unreadable` if weights do not fit it
 */
export function buildGraph(values: Readonly<Record<string, unknown>>, tensors: StoredTensors): BuiltGraph {
  const config = new Config(values);
  const modelType = config.text('model_type');
  const family = families.find(({ modelTypes }) => modelTypes.includes(modelType));
  if (family === undefined) {
    throw new LabError(
      'model-unsupported',
      `config.json says model_type = "${modelType}"; checkpoints are opened of ${knownModelTypes.join(', ')}`,
      'Export the model to ONNX (optimum-cli export onnx) and open that folder.',
    );
  }
  return family.build(config, new WeightSet(tensors));
}

/** Opens a checkpoint: its weights as they lie on disk, and a graph built for its architecture. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { OpenedModel } from '../opened.ts';
import { readCheckpoint } from './checkpoint.ts';
import { buildGraph } from './families/registry.ts';
import { readJsonObject } from './json-file.ts';
import type { StoredTensors } from './weights.ts';

export { isCheckpoint } from './checkpoint.ts';

const tokenizerNames = ['tokenizer.json', 'tokenizer_config.json'];
const generationName = 'generation_config.json';
const templateName = 'chat_template.jinja';
/** How pictures are prepared for a model of them. */
const preprocessorName = 'preprocessor_config.json';

const dtypes: Readonly<Record<string, string>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

/**
 * @param folder config.json, model.safetensors (or its parts and their index); a tokenizer, which is not needed to look at the graph
 * @throws LabError `model-not-found`, `model-data-missing`, `model-unreadable`, `model-unsupported`
 */
export function openCheckpoint(folder: string): OpenedModel {
  const checkpoint = readCheckpoint(folder);
  const { config, tensors, weightFolder } = checkpoint;
  const { model, task, output, hooks, cacheBreak } = buildGraph(config, tensors);
  const inFolder = (name: string): string => path.join(checkpoint.folder, name);
  const optional = [...tokenizerNames, generationName, templateName, preprocessorName].filter((name) => existsSync(inFolder(name)));
  const readOptional = (name: string): Record<string, unknown> =>
    optional.includes(name) ? readJsonObject(inFolder(name), { missing: 'model-unreadable', damaged: 'model-unreadable' }) : {};
  return {
    source: 'safetensors',
    task,
    folder: checkpoint.folder,
    architecture: typeof config['model_type'] === 'string' ? config['model_type'] : 'unknown',
    variant: null,
    dtype: mostCommonType(tensors),
    model,
    graphFile: '',
    weightFolder,
    output,
    hooks,
    cacheBreak,
    config,
    generation: readOptional(generationName),
    chatTemplate: optional.includes(templateName) ? readFileSync(inFolder(templateName), 'utf8') : null,
    files: [...checkpoint.files, ...optional.map(inFolder)],
  };
}

/** The type that most values are stored in. */
function mostCommonType(tensors: StoredTensors): string {
  const counts = new Map<string, number>();
  for (const { dtype, shape } of tensors.values())
    counts.set(dtype, (counts.get(dtype) ?? 0) + shape.reduce((product, side) => product * side, 1));
  const [most] = [...counts].sort((left, right) => right[1] - left[1])[0] ?? ['unknown'];
  return dtypes[most] ?? most.toLowerCase();
}

/** Opens an ONNX export as labs have them: of optimum, onnxruntime-genai or torch, in a folder or as a bare file. */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { LabError } from '../../probes/lab-error.ts';
import { discoverHooks } from '../graph/hooks.ts';
import { branchSwitch, inlineBranches } from '../graph/inline-if.ts';
import { inOrder } from '../graph/order.ts';
import { tokenInput } from '../graph/source.ts';
import type { Graph, OnnxModel } from '../onnx/graph.ts';
import { readModelFile } from '../onnx/read.ts';
import { renameTensors } from '../onnx/rename.ts';
import type { OpenedModel } from '../opened.ts';
import { dtypeOf } from './dtype.ts';
import { configFromGenai, namesFromGenai } from './genai.ts';
import { readJson, textIn, type Json } from './json.ts';
import { taskOf } from './task.ts';
import { chooseGraph, listVariants, type Variant } from './variants.ts';
import { locateWeights } from './weights.ts';

export { listVariants, type Variant };

/** Of the files beside a graph, those that its answers may depend on. */
const companions = [
  'config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'generation_config.json',
  'chat_template.jinja',
  'genai_config.json',
  'preprocessor_config.json',
];

/**
 * Which branch of a merged decoder is taken: that which starts from a whole prompt, or that which continues a key-value cache. The second
 * was traced with a cache and often with a single token, so that with several tokens and no cache it may even lack the causal mask;
 * `merged.ts` finds out.
 */
export type MergedBranch = 'prompt' | 'cache';

/**
 * @param place the folder of an export, or an .onnx file in one or by itself
 * @param variant name of one graph among several in the folder, without `.onnx`; null for `model`, or else the most exact one
 * @throws LabError `model-not-found`, `model-unreadable`, `model-data-missing`, `model-unsupported`
 */
export function openExport(place: string, variant: string | null = null, branch: MergedBranch = 'prompt'): OpenedModel {
  const chosen = locate(path.resolve(place), variant);
  const graphFile = realpathSync(chosen.file);
  const read = inFile(chosen.file, () => plain(readModelFile(graphFile), branch));
  const { model: located, weightFolder, files: dataFiles } = locateWeights(chosen.file, graphFile, read);
  const model = withStandardNames(located, chosen.base);
  const config = withTableSize(configOf(chosen.base), model.graph);
  const { task, output } = inFile(chosen.file, () => taskOf(model.graph, config));
  const template = path.join(chosen.base, 'chat_template.jinja');
  const beside = companions.map((name) => path.join(chosen.base, name)).filter((file) => existsSync(file));
  return {
    source: 'onnx',
    task,
    folder: chosen.folder,
    architecture: textIn(config, 'model_type') ?? 'unknown',
    variant: chosen.variant,
    dtype: dtypeOf(model.graph),
    model,
    graphFile,
    weightFolder,
    output,
    hooks: inFile(chosen.file, () => discoverHooks(model.graph, output)),
    config,
    generation: readJson(path.join(chosen.base, 'generation_config.json')),
    chatTemplate: existsSync(template) ? readFileSync(template, 'utf8') : null,
    files: [...beside, chosen.file, ...dataFiles],
  };
}

interface Chosen {
  readonly folder: string;
  /** Where the configuration lies. */
  readonly base: string;
  /** The graph, as its folder names it. */
  readonly file: string;
  readonly variant: string | null;
}

/** @throws LabError `model-not-found` */
function locate(place: string, variant: string | null): Chosen {
  if (!existsSync(place)) throw new LabError('model-not-found', `${place} does not exist`, 'Check the path, or choose the folder again.');
  if (statSync(place).isDirectory()) return { folder: place, base: place, ...chooseGraph(place, variant) };
  if (!place.endsWith('.onnx')) {
    throw new LabError(
      'model-not-found',
      `${place} is neither a folder nor an .onnx file`,
      'Give the folder that holds config.json, tokenizer.json and onnx/model.onnx, or the .onnx file itself.',
    );
  }
  const beside = path.dirname(place);
  const around = path.basename(beside) === 'onnx' ? [path.dirname(beside), beside] : [beside];
  const base = around.find((folder) => ['config.json', 'genai_config.json'].some((name) => existsSync(path.join(folder, name))));
  if (base === undefined) return { folder: place, base: beside, file: place, variant: null };
  return { folder: base, base, file: place, variant: listVariants(base).length > 1 ? path.basename(place, '.onnx') : null };
}

/** A graph that the lab can work on: one branch of a merged decoder, nodes in order. */
function plain(model: OnnxModel, branch: MergedBranch): OnnxModel {
  const input = branchSwitch(model.graph);
  const graph = input === undefined ? model.graph : inlineBranches(model.graph, input, branch === 'cache');
  return { ...model, graph: inOrder(graph) };
}

function withStandardNames(model: OnnxModel, folder: string): OnnxModel {
  const names = [...model.graph.inputs, ...model.graph.outputs].map(({ name }) => name);
  return { ...model, graph: renameTensors(model.graph, namesFromGenai(folder, names)) };
}

/** config.json's word counts before that of genai_config.json. */
function configOf(folder: string): Json {
  return { ...configFromGenai(folder), ...readJson(path.join(folder, 'config.json')) };
}

/** Where no configuration says how wide the model is and how many tokens it knows, its table of embeddings does. */
function withTableSize(config: Json, graph: Graph): Json {
  if (['hidden_size', 'n_embd', 'd_model', 'dim', 'text_config'].some((key) => key in config)) return config;
  const ids = tokenInput(graph)?.name;
  const look = graph.nodes.find((node) => (node.op === 'Gather' && node.inputs[1] === ids) || node.op === 'EmbedLayerNormalization');
  const table = graph.initializers.find(({ name }) => name === look?.inputs[look.op === 'Gather' ? 0 : 2]);
  if (ids === undefined || table?.shape.length !== 2) return config;
  return { vocab_size: table.shape[0], hidden_size: table.shape[1], ...config };
}

/** Says which file an error is about. */
function inFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (!(thrown instanceof LabError) || thrown.message.includes(file) || thrown.message.includes(realpathSync(file))) throw thrown;
    throw new LabError(thrown.code, `${file}: ${thrown.message}`, thrown.advice, { cause: thrown });
  }
}

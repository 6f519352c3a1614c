/**
 * Reads `genai_config.json`, the configuration that onnxruntime-genai keeps in place of config.json.
 * Source: the configuration reference in onnxruntime-genai's documentation.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { LabError } from '../../probes/lab-error.ts';
import { objectIn, readJson, textIn, type Json } from './json.ts';

const fileName = 'genai_config.json';

/** The graph that the configuration names, if both are there. */
export function genaiFile(folder: string): string | null {
  const named = textIn(decoderIn(readSafely(folder)), 'filename');
  if (named === null || named !== path.basename(named)) return null;
  const file = path.join(folder, named);
  return existsSync(file) ? file : null;
}

function readSafely(folder: string): Json {
  try {
    return readJson(path.join(folder, fileName));
  } catch (thrown) {
    if (thrown instanceof LabError) return {};
    throw thrown;
  }
}

function decoderIn(genai: Json): Json {
  return objectIn(objectIn(genai, 'model'), 'decoder');
}

/** @returns the configuration under the names that config.json has for it; empty where there is no genai_config.json */
export function configFromGenai(folder: string): Json {
  const genai = readJson(path.join(folder, fileName));
  const model = objectIn(genai, 'model');
  const decoder = decoderIn(genai);
  const heads = decoder['num_attention_heads'] ?? decoder['num_key_value_heads'];
  const width =
    decoder['hidden_size'] ??
    (typeof heads === 'number' && typeof decoder['head_size'] === 'number' ? heads * decoder['head_size'] : undefined);
  const entries = {
    model_type: model['type'],
    vocab_size: model['vocab_size'],
    max_position_embeddings: model['context_length'],
    bos_token_id: model['bos_token_id'],
    eos_token_id: model['eos_token_id'],
    pad_token_id: model['pad_token_id'],
    hidden_size: width,
    num_hidden_layers: decoder['num_hidden_layers'],
    num_attention_heads: heads,
    num_key_value_heads: decoder['num_key_value_heads'],
    head_dim: decoder['head_size'],
  };
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined && value !== null));
}

/** The lab's names of a decoder's inputs and outputs, by the keys that onnxruntime-genai has for them; %d is the layer. */
const standardNames: Readonly<Record<string, string>> = {
  input_ids: 'input_ids',
  inputs_embeds: 'inputs_embeds',
  attention_mask: 'attention_mask',
  position_ids: 'position_ids',
  past_names: 'past_%d',
  past_key_names: 'past_key_values.%d.key',
  past_value_names: 'past_key_values.%d.value',
  encoder_hidden_states: 'encoder_hidden_states',
  logits: 'logits',
  present_names: 'present_%d',
  present_key_names: 'present.%d.key',
  present_value_names: 'present.%d.value',
};

/**
 * What the graph's inputs and outputs are to be called for the lab to know them.
 * @param names inputs and outputs of the graph
 * @returns new names by old ones, for those that are called otherwise
 */
export function namesFromGenai(folder: string, names: readonly string[]): ReadonlyMap<string, string> {
  const decoder = decoderIn(readJson(path.join(folder, fileName)));
  const patterns = ['inputs', 'outputs'].flatMap((key) => Object.entries(objectIn(decoder, key)));
  const renamed = new Map<string, string>();
  for (const [key, pattern] of patterns) {
    const standard = standardNames[key];
    if (standard === undefined || typeof pattern !== 'string' || pattern === standard) continue;
    for (const name of names) {
      const layer = layerIn(name, pattern);
      if (layer !== null) renamed.set(name, standard.replace('%d', layer));
    }
  }
  return renamed;
}

/** @returns what stands for %d, '' where the pattern has none, null where the name does not fit */
function layerIn(name: string, pattern: string): string | null {
  const [before, after] = pattern.split('%d') as [string, string | undefined];
  if (after === undefined) return name === pattern ? '' : null;
  if (!name.startsWith(before) || !name.endsWith(after) || name.length <= before.length + after.length) return null;
  const layer = name.slice(before.length, name.length - after.length);
  return /^\d+$/.test(layer) ? layer : null;
}

/**
 * stories260K, a model of 260,000 parameters that tells stories, as a checkpoint of Hugging Face's libraries.
 * It lies outside the project, and may not be copied into it: tests make the checkpoint in a folder of their own.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SafetensorsWriter } from '../checkpoints/safetensors-writer.ts';
import { readLlama2c, readLlama2cPieces, type Llama2cModel, type Llama2cPiece } from './llama2c-file.ts';

const source = path.resolve(import.meta.dirname, '../../../shared/models/stories260K');

/** Whether the model is at hand; says so aloud where it is not. */
export function hasStories260k(): boolean {
  const there = existsSync(path.join(source, 'stories260K.bin'));
  if (!there)
    process.stderr.write('SKIPPED: the trained model stories260K is not at hand (../shared/models): checkpoints of it are not tried\n');
  return there;
}

export interface Stories260k {
  readonly model: Llama2cModel;
  readonly pieces: readonly Llama2cPiece[];
}

export function readStories260k(): Stories260k {
  const model = readLlama2c(path.join(source, 'stories260K.bin'));
  return { model, pieces: readLlama2cPieces(path.join(source, 'tok512.bin'), model.vocabulary) };
}

/** Writes the checkpoint into a folder, which is made: config, weights in float32, tokenizer. */
export function writeStories260k(folder: string): void {
  const { model, pieces } = readStories260k();
  mkdirSync(folder, { recursive: true });
  const write = (name: string, content: unknown): void => writeFileSync(path.join(folder, name), JSON.stringify(content));
  write('config.json', {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: model.width,
    intermediate_size: model.inner,
    num_hidden_layers: model.layers,
    num_attention_heads: model.heads,
    num_key_value_heads: model.keyValueHeads,
    vocab_size: model.vocabulary,
    max_position_embeddings: model.positions,
    hidden_act: 'silu',
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: model.classifier === model.embedding,
    bos_token_id: 1,
    eos_token_id: 2,
  });
  // Stories are separated by the token that they begin with.
  write('generation_config.json', { bos_token_id: 1, eos_token_id: [1, 2] });
  write('tokenizer.json', tokenizer(pieces));
  write('tokenizer_config.json', {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: '<s>',
    eos_token: '</s>',
    unk_token: '<unk>',
    model_max_length: model.positions,
    clean_up_tokenization_spaces: false,
  });
  writeWeights(path.join(folder, 'model.safetensors'), model);
}

interface Weight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

function writeWeights(file: string, model: Llama2cModel): void {
  const { width, inner, layers, heads, keyValueHeads, vocabulary } = model;
  const size = width / heads;
  const weights = new Map<string, Weight>();
  const put = (name: string, shape: readonly number[], values: Float32Array): unknown => weights.set(name, { shape, values });
  put('model.embed_tokens.weight', [vocabulary, width], model.embedding);
  put('model.norm.weight', [width], model.finalNorm);
  if (model.classifier !== model.embedding) put('lm_head.weight', [vocabulary, width], model.classifier);
  for (let layer = 0; layer < layers; layer++) {
    const at = `model.layers.${layer}.`;
    const part = (all: Float32Array, shape: readonly number[]): Float32Array => {
      const count = shape.reduce((product, side) => product * side, 1);
      return all.subarray(layer * count, (layer + 1) * count);
    };
    const putPart = (name: string, shape: readonly number[], all: Float32Array): unknown => put(at + name, shape, part(all, shape));
    putPart('input_layernorm.weight', [width], model.attentionNorm);
    putPart('post_attention_layernorm.weight', [width], model.feedForwardNorm);
    const turned = (name: string, count: number, all: Float32Array): unknown =>
      put(`${at}self_attn.${name}.weight`, [count * size, width], halvesFirst(part(all, [count * size, width]), size, width));
    turned('q_proj', heads, model.query);
    turned('k_proj', keyValueHeads, model.key);
    putPart('self_attn.v_proj.weight', [keyValueHeads * size, width], model.value);
    putPart('self_attn.o_proj.weight', [width, width], model.output);
    putPart('mlp.gate_proj.weight', [inner, width], model.gate);
    putPart('mlp.up_proj.weight', [inner, width], model.up);
    putPart('mlp.down_proj.weight', [width, inner], model.down);
  }
  const tensors = [...weights].map(([name, { shape }]) => ({ name, dtype: 'F32', rowShape: shape.slice(1), rows: shape[0]! }) as const);
  const writer = new SafetensorsWriter(file, tensors, { format: 'pt' });
  for (const [name, { values }] of weights) writer.append(name, values);
  writer.finish();
}

/** llama2.c turns rows (0, 1), (2, 3) … of a head together, transformers row i and row i + size / 2. */
function halvesFirst(matrix: Float32Array, size: number, width: number): Float32Array {
  const turned = new Float32Array(matrix.length);
  for (let row = 0; row < matrix.length / width; row++) {
    const inHead = row % size;
    const from = row - inHead + (inHead < size / 2 ? 2 * inHead : 2 * (inHead - size / 2) + 1);
    turned.set(matrix.subarray(from * width, (from + 1) * width), row * width);
  }
  return turned;
}

const specialTokens = ['<unk>', '<s>', '</s>'];

/**
 * tokenizer.json: byte-pair encoding whose merges are all pairs of pieces that make a piece, the best piece first,
 * as transformers converts SentencePiece's models. Spaces are spaces: llama2.c's tokenizers write them so.
 */
function tokenizer(pieces: readonly Llama2cPiece[]): unknown {
  const texts = pieces.map(({ text }, id) => specialTokens[id] ?? text);
  const known = new Set(texts);
  const merges = pieces
    .filter(({ text }) => text.length > 1 && !/^<0x..>$/.test(text))
    .toSorted((left, right) => right.score - left.score)
    .flatMap(({ text }) => splits(text).filter(([left, right]) => known.has(left) && known.has(right)));
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialTokens.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: { type: 'Prepend', prepend: ' ' },
    pre_tokenizer: null,
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [
        { SpecialToken: { id: '<s>', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '<s>', type_id: 1 } },
        { Sequence: { id: 'B', type_id: 1 } },
      ],
      special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } },
    },
    decoder: {
      type: 'Sequence',
      decoders: [{ type: 'ByteFallback' }, { type: 'Fuse' }, { type: 'Strip', content: ' ', start: 1, stop: 0 }],
    },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: '<unk>',
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(texts.map((text, id) => [text, id])),
      merges,
    },
  };
}

function splits(text: string): [string, string][] {
  const characters = [...text];
  return characters.slice(1).map((_, index) => [characters.slice(0, index + 1).join(''), characters.slice(index + 1).join('')]);
}

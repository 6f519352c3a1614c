/** A model of realistic shape with random weights, written as a checkpoint: what is measured does not depend on what it says. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { embeddedModel } from '../../native-models/catalog.ts';
import { SafetensorsWriter } from '../../native-models/checkpoints/safetensors-writer.ts';
import { seededRandom } from '../../probes/numerics/random.ts';

export interface BenchShape {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly cacheHeads: number;
  readonly hidden: number;
  readonly vocabulary: number;
}

/** 66 million parameters: a small Llama. */
export const smallLlama: BenchShape = { layers: 12, width: 512, heads: 8, cacheHeads: 2, hidden: 1408, vocabulary: 32_000 };

/** @returns the folder, which is made below `parent` */
export function writeBenchModel(parent: string, name: string, shape: BenchShape): string {
  const folder = path.join(parent, name);
  mkdirSync(folder, { recursive: true });
  const { layers, width, heads, cacheHeads, hidden, vocabulary } = shape;
  const headSize = width / heads;
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: vocabulary,
    hidden_size: width,
    intermediate_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: cacheHeads,
    head_dim: headSize,
    max_position_embeddings: 2048,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    hidden_act: 'silu',
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: false,
    torch_dtype: 'float32',
  };
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  for (const file of ['tokenizer.json', 'tokenizer_config.json'])
    copyFileSync(path.join(embeddedModel('liar')!.folder, file), path.join(folder, file));
  const layer = (index: number): [string, number[]][] => {
    const at = `model.layers.${index}`;
    return [
      [`${at}.input_layernorm.weight`, [width]],
      [`${at}.self_attn.q_proj.weight`, [width, width]],
      [`${at}.self_attn.k_proj.weight`, [cacheHeads * headSize, width]],
      [`${at}.self_attn.v_proj.weight`, [cacheHeads * headSize, width]],
      [`${at}.self_attn.o_proj.weight`, [width, width]],
      [`${at}.post_attention_layernorm.weight`, [width]],
      [`${at}.mlp.gate_proj.weight`, [hidden, width]],
      [`${at}.mlp.up_proj.weight`, [hidden, width]],
      [`${at}.mlp.down_proj.weight`, [width, hidden]],
    ];
  };
  const tensors: [string, number[]][] = [
    ['model.embed_tokens.weight', [vocabulary, width]],
    ...Array.from({ length: layers }, (_, index) => layer(index)).flat(),
    ['model.norm.weight', [width]],
    ['lm_head.weight', [vocabulary, width]],
  ];
  const writer = new SafetensorsWriter(
    path.join(folder, 'model.safetensors'),
    tensors.map(([tensor, [rows, ...rowShape]]) => ({ name: tensor, dtype: 'F32', rowShape, rows: rows! })),
  );
  const random = seededRandom(11);
  // Uniform numbers of the usual spread; one block of them, again and again, is as good as others for timing.
  const block = new Float32Array(1 << 16).map(() => (random() - 0.5) * 0.14);
  for (const [tensor, sides] of tensors) {
    const values = sides.reduce((product, side) => product * side, 1);
    const row = values / sides[0]!;
    const atOnce = Math.max(1, Math.floor(block.length / row));
    for (let done = 0; done < sides[0]!; done += atOnce) {
      const rows = Math.min(atOnce, sides[0]! - done);
      const part = rows * row <= block.length ? block.subarray(0, rows * row) : new Float32Array(rows * row).fill(0.01);
      writer.append(tensor, sides.length === 1 ? new Float32Array(rows * row).fill(1) : part);
    }
  }
  writer.finish();
  return folder;
}

/** Seeded token ids that the model knows; none is a special token of the tokenizer that is lent to it. */
export function tokenRows(rows: number, length: number, vocabulary: number, seed: number): number[][] {
  const random = seededRandom(seed);
  return Array.from({ length: rows }, () => Array.from({ length }, () => 10 + Math.floor(random() * (vocabulary - 10))));
}

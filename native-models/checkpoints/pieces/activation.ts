/** The functions between the two halves of a feed-forward layer, by the names that config.json gives them. */
import type { GraphBuilder } from '../builder.ts';
import type { Config } from '../config.ts';

/** Adds the function to a graph. */
export type Activation = (b: GraphBuilder, input: string, name?: string) => string;

const gelu: Activation = (b, input, name) => b.node('Gelu', [input], {}, name);
/** The approximation by tanh. */
const tanhGelu: Activation = (b, input, name) => b.node('Gelu', [input], { approximate: 'tanh' }, name);
const silu: Activation = (b, input, name) => b.fused('QuickGelu', [input], { alpha: { float: 1 } }, name);

const activations: Readonly<Record<string, Activation>> = {
  gelu,
  gelu_python: gelu,
  gelu_new: tanhGelu,
  gelu_fast: tanhGelu,
  gelu_pytorch_tanh: tanhGelu,
  gelu_accurate: tanhGelu,
  gelu_python_tanh: tanhGelu,
  quick_gelu: (b, input, name) => b.fused('QuickGelu', [input], { alpha: { float: 1.702 } }, name),
  silu,
  swish: silu,
  relu: (b, input, name) => b.node('Relu', [input], {}, name),
  relu2: (b, input, name) => {
    const positive = b.node('Relu', [input]);
    return b.node('Mul', [positive, positive], {}, name);
  },
  tanh: (b, input, name) => b.node('Tanh', [input], {}, name),
};

/**
 * The activation that a key of config.json names.
 * @throws LabError `model-unsupported` for one that is not known here
 */
export function activationOf(config: Config, key: string, absent?: string): Activation {
  const apply = activations[config.text(key, absent)];
  if (apply === undefined) throw config.unsupported(key, `the activations known are ${Object.keys(activations).join(', ')}`);
  return apply;
}

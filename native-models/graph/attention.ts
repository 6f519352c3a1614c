/**
 * Finds the places in a graph where positions are mixed by attention, as one fused operator or written out as
 * softmax(scores) · values, and what the lab can read there.
 */
import type { HookShape } from '../opened.ts';
import { isProjection, isStateProduct, permutationOf, renames, type Step } from './flow.ts';
import { isFusedNorm } from './norm.ts';
import type { GraphView } from './view.ts';

export interface AttentionCore {
  /** Index of the step that makes the weighted sum of the values. */
  readonly at: number;
  readonly output: string;
  /** The weights of all positions; null inside a fused operator. */
  readonly pattern: string | null;
  /** What the output projection reads; null where none follows. */
  readonly z: { readonly tensor: string; readonly shape: HookShape } | null;
  /** Whether keys and values come from elsewhere: an encoder. */
  readonly cross: boolean;
}

const fusedAttention =
  /^(Attention|QAttention|MultiHeadAttention|GroupQueryAttention|PackedAttention|PackedMultiHeadAttention|PagedAttention|SparseAttention|LinearAttention|LongformerAttention|DecoderMaskedMultiHeadAttention|DecoderMaskedSelfAttention)$/;
/** Steps that may stand between scores and their softmax: scale, mask, soft cap, sinks. */
const betweenScores =
  /^(Add|Sub|Mul|Div|Where|Cast|CastLike|Reshape|Unsqueeze|Squeeze|Expand|Transpose|Concat|Clip|Tanh|Max|Min|Identity|QuantizeLinear|DequantizeLinear)$/;
/** Steps that may stand between the softmax and the weighted sum. */
const betweenPattern =
  /^(Where|Mul|Cast|CastLike|Identity|Dropout|Slice|Split|Reshape|Transpose|Unsqueeze|Squeeze|Expand|QuantizeLinear|DequantizeLinear|DynamicQuantizeLinear)$/;
/** Steps that may stand between the weighted sum and its projection: heads put side by side, gates, a norm. */
const betweenOutput =
  /^(Transpose|Reshape|Flatten|Cast|CastLike|Identity|Squeeze|Unsqueeze|Slice|Concat|Mul|Dropout|QuantizeLinear|DequantizeLinear|DynamicQuantizeLinear)$/;
const stepsDeep = 16;

/** @param reached tensors that the states flow into, from the source on */
export function attentionCores({ steps, readers, constants, ranks }: GraphView, reached: ReadonlySet<string>): AttentionCore[] {
  const maker = new Map<string, Step>();
  for (const step of steps) for (const name of step.outputs) maker.set(name, step);
  const cores: AttentionCore[] = [];
  steps.forEach((step, at) => {
    const output = step.outputs[0];
    if (output === undefined || !step.inputs.some((name) => reached.has(name))) return;
    if (fusedAttention.test(step.op)) {
      const key = step.node.inputs[1] ?? '';
      const separate = !/^(Attention|QAttention)$/.test(step.op) || step.node.domain === '';
      const cross = separate && key !== '' && !reached.has(key);
      cores.push({ at, output, pattern: null, z: projected(step), cross });
    } else if (isStateProduct(step, constants)) {
      const pattern = step.inputs.map((name) => softmaxBehind(name)).find((name) => name !== null);
      if (pattern === undefined) return;
      const cross = step.inputs.some((name) => softmaxBehind(name) === null && !reached.has(name));
      cores.push({ at, output, pattern, z: projected(step), cross });
    }
  });
  return cores;

  /** The softmax of scores that a tensor comes from. */
  function softmaxBehind(name: string): string | null {
    let at = name;
    for (let depth = 0; depth < stepsDeep; depth++) {
      const step = maker.get(at);
      if (step === undefined) return null;
      if (step.op === 'Softmax') return isScore(step.inputs[0]!) ? step.outputs[0]! : null;
      if (!betweenPattern.test(step.op)) return null;
      // Where(IsNaN(pattern), 0, pattern) and masks come first, the pattern last.
      at = step.op === 'Where' ? step.inputs.at(-1)! : step.inputs[0]!;
    }
    return null;
  }

  /** Whether a softmax's input is a product of states, scaled and masked. */
  function isScore(name: string): boolean {
    const seen = new Set([name]);
    for (const one of seen) {
      const step = maker.get(one);
      if (step === undefined || seen.size > stepsDeep * stepsDeep) continue;
      if (isStateProduct(step, constants)) return true;
      if (betweenScores.test(step.op)) for (const input of step.inputs) seen.add(input);
    }
    return false;
  }

  /** What the projection behind a weighted sum reads, heads kept apart where the graph has them so. */
  function projected(core: Step): AttentionCore['z'] {
    let before = core;
    let data = core.outputs[0]!;
    const path: Step[] = [];
    for (let depth = 0; depth < stepsDeep; depth++) {
      const following = readers.get(data) ?? [];
      const projection = following.find((step) => isProjection(step, constants));
      if (projection !== undefined) return placed(core, path);
      const next = following.find((step) => betweenOutput.test(step.op) || isFusedNorm(step));
      if (next === undefined || next === before) return null;
      before = next;
      path.push(next);
      data = next.outputs[0]!;
    }
    return null;
  }

  /** Walks back from the projection over what only regroups or quantises its input. */
  function placed(core: Step, path: readonly Step[]): AttentionCore['z'] {
    const rest = [core, ...path];
    while (/quantizeLinear$/i.test(rest.at(-1)!.op)) rest.pop();
    const places: Step[] = [];
    for (let step = rest.pop(); step !== undefined; step = rest.pop()) {
      places.push(step);
      if (!renames(step)) break;
    }
    const first = places.at(-1)!;
    if (places.length > 1 && first.op === 'Transpose' && String(permutationOf(first)) === '0,2,1,3')
      return { tensor: first.outputs[0]!, shape: 'heads' };
    // Gemm takes rows side by side: [batch × pos, width] is made from [batch, pos, width].
    const merged = places.find((step) => (ranks.get(step.outputs[0]!) ?? 3) === 3);
    return merged === undefined ? null : { tensor: merged.outputs[0]!, shape: 'merged-heads' };
  }
}

/** Steps other than attention that mix positions: short convolutions, recurrences, products of states. */
export function mixesPositions(step: Step, constants: ReadonlySet<string>): boolean {
  if (/^(Scan|Loop|LSTM|GRU|RNN|CausalConvWithState|LinearAttention|CumSum)$/.test(step.op)) return true;
  if (/^(Fused)?(Conv|NhwcFusedConv|ConvInteger|QLinearConv)$/.test(step.op)) return !isPointwise(step);
  return isStateProduct(step, constants);
}

function isPointwise(step: Step): boolean {
  const kernel = step.node.attributes.find((attribute) => attribute.name === 'kernel_shape')?.integers ?? [];
  return kernel.length > 0 && kernel.every((size) => size === 1n);
}

/**
 * Places in a convolutional network: `layers.{k}.hook_add` and `layers.{k}.hook_act` for every addition of two states and every activation
 * that all paths lead through, numbered together from 0 on, and `hook_penultimate`, what the classifier reads. Quantised tensors are no
 * hooks; where one is turned into floats right behind, those are.
 */
import { attributeOf } from '../onnx/graph.ts';
import type { Hook, Hooks, HookShape } from '../opened.ts';
import type { Articulation } from './articulation.ts';
import { isProjection, scales, type Step } from './flow.ts';
import { addsStates } from './residual.ts';
import { asSeen, type GraphView } from './view.ts';

const activations =
  /^(Relu|LeakyRelu|PRelu|Elu|Selu|Celu|Clip|HardSwish|HardSigmoid|Gelu|FastGelu|BiasGelu|QuickGelu|Mish|Swish|Silu|Softplus|Softsign|Tanh|Sigmoid|ThresholdedRelu|QLinearLeakyRelu|QLinearSigmoid)$/;
/** What the factor is made of that x · f(x) multiplies a state by: SiLU, hard swish, GELU. */
const gates = /^(Sigmoid|HardSigmoid|Erf|Tanh|Add|Mul|Div|Pow|Clip|Softplus|Cast|QuantizeLinear|DequantizeLinear)$/;
const gateSteps = 32;
/** By the number of dimensions. */
const shapes: ReadonlyMap<number, HookShape> = new Map([
  [4, 'map'],
  [2, 'features'],
]);
const quantised = /^(QuantizeLinear|DequantizeLinear|DynamicQuantizeLinear)$/;

export function imageHooks(view: GraphView, output: string, articulation: Articulation): Hooks {
  const { readers, constants, floats, ranks } = view;
  const { tensors, maker, position } = articulation;
  const classifier = classifierOf();
  const all: Hook[] = [];
  let ended = false;
  for (const tensor of tensors) {
    const step = maker.get(tensor);
    ended ||= step !== undefined && endsMaps(step);
    const kind =
      step === undefined ? null : addsStates(step, position) || step.op === 'QLinearAdd' ? 'add' : isActivation(step) ? 'act' : null;
    const seen = asSeen(view, tensor);
    const shape = shapes.get(ranks.get(seen) ?? (ended ? 2 : 4));
    if (kind === null || shape === undefined || !floats.has(seen) || tensor === output) continue;
    const layer = all.length;
    all.push({
      name: `layers.${layer}.hook_${kind}`,
      block: layer,
      tensor: seen,
      shape,
    });
  }
  const seen = classifier === null ? null : asSeen(view, classifier.tensor);
  const penultimate = seen !== null && floats.has(seen) ? seen : null;
  if (penultimate !== null)
    all.push({ name: 'hook_penultimate', block: null, tensor: penultimate, shape: classifier!.map ? 'map' : 'features' });
  return { all, headInput: penultimate ?? tensors.findLast((name) => name !== output && floats.has(name)) ?? output, mixed: null };

  /** The last product with weights before the output, and what it reads before that is flattened into integers. */
  function classifierOf(): { tensor: string; map: boolean } | null {
    for (const name of articulation.order.toReversed()) {
      const step = maker.get(name);
      if (step === undefined) return null;
      const map = step.op.includes('Conv') && step.op !== 'ConvInteger';
      if (!(isProjection(step, constants) || map)) continue;
      let input = step.inputs.find((one) => position.has(one));
      for (
        let before = maker.get(input ?? '');
        before !== undefined && !floats.has(input!) && quantised.test(before.op);
        before = maker.get(input!)
      )
        input = before.inputs[0];
      return input === undefined ? null : { tensor: input, map };
    }
    return null;
  }

  function isActivation(step: Step): boolean {
    if (activations.test(step.op)) return true;
    // ONNX Runtime's optimiser puts the activation into the product before it.
    if (/Fused(Conv|Gemm)$/.test(step.op)) return attributeOf(step.node, 'activation') !== undefined;
    if (scales(step)) {
      const inner = maker.get(step.inputs[0]!);
      return inner?.op === 'Mul' && isGated(inner);
    }
    return step.op === 'Mul' && isGated(step) && !(readers.get(step.outputs[0]!) ?? []).some(scales);
  }

  /** x · f(x): one factor is made of the other by nothing but elementwise steps. */
  function isGated(step: Step): boolean {
    const [left, right] = step.inputs;
    return left !== undefined && right !== undefined && (leadsTo(left, right) || leadsTo(right, left));
  }

  function leadsTo(name: string, state: string): boolean {
    const seen = new Set([name]);
    for (const one of seen) {
      const step = maker.get(one);
      if (step === undefined || seen.size > gateSteps || !gates.test(step.op)) continue;
      if (step.inputs.includes(state)) return true;
      for (const input of step.inputs) seen.add(input);
    }
    return false;
  }

  /** Whether a step ends the maps: pooling over all places, or putting them into one row. */
  function endsMaps({ op }: Step): boolean {
    return /^(QLinear)?Global.*Pool$|^ReduceMean$|^Reshape$|^Flatten$|^Squeeze$/.test(op);
  }
}

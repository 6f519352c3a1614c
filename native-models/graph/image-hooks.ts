/**
 * Places in a convolutional network: `layers.{k}.hook_add` and `layers.{k}.hook_act` for every addition of two states and every activation
 * that all paths lead through, numbered together from 0 on, and `hook_penultimate`, what the classifier reads. Quantised tensors are no
 * hooks; where one is turned into floats right behind, those are.
 */
import type { Hook, Hooks } from '../opened.ts';
import type { Articulation } from './articulation.ts';
import { isProjection, scales, type Step } from './flow.ts';
import { addsStates } from './residual.ts';
import { asSeen, type GraphView } from './view.ts';

const activations =
  /^(Relu|LeakyRelu|PRelu|Elu|Selu|Celu|Clip|HardSwish|HardSigmoid|Gelu|FastGelu|BiasGelu|QuickGelu|Mish|Swish|Silu|Softplus|Softsign|Tanh|Sigmoid|ThresholdedRelu|QLinearLeakyRelu|QLinearSigmoid)$/;
/** What the factor is made of that x · f(x) multiplies a state by: SiLU, hard swish, GELU. */
const gates = /^(Sigmoid|HardSigmoid|Erf|Tanh|Add|Mul|Div|Pow|Clip|Softplus|Cast|QuantizeLinear|DequantizeLinear)$/;
const gateDeep = 10;
const quantised = /^(QuantizeLinear|DequantizeLinear|DynamicQuantizeLinear)$/;
const reshaping = /^(Reshape|Flatten|Squeeze|Identity|Dropout|Cast)$/;

export function imageHooks(view: GraphView, output: string, articulation: Articulation): Hooks {
  const { readers, constants, floats } = view;
  const { tensors, maker, position } = articulation;
  const classifier = classifierOf();
  const all: Hook[] = [];
  for (const tensor of tensors) {
    const step = maker.get(tensor);
    const kind =
      step === undefined ? null : addsStates(step, position) || step.op === 'QLinearAdd' ? 'add' : isActivation(step) ? 'act' : null;
    const seen = asSeen(view, tensor);
    if (kind === null || !floats.has(seen) || tensor === output) continue;
    const layer = all.length;
    all.push({
      name: `layers.${layer}.hook_${kind}`,
      block: layer,
      tensor: seen,
      shape: isPooled(tensor) ? 'features' : 'map',
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
      const map = /Conv/.test(step.op) && step.op !== 'ConvInteger';
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

  function leadsTo(name: string, state: string, depth = 0): boolean {
    const step = maker.get(name);
    if (step === undefined || depth > gateDeep || !gates.test(step.op)) return false;
    return step.inputs.some((input) => input === state || leadsTo(input, state, depth + 1));
  }

  /** Whether a tensor comes behind the pooling or flattening that ends the maps. */
  function isPooled(tensor: string): boolean {
    for (let at = tensors.indexOf(tensor); at > 0; at--) {
      const op = maker.get(tensors[at]!)?.op ?? '';
      if (/Pool$/.test(op) && /Global/.test(op)) return true;
      if (op === 'ReduceMean' || (reshaping.test(op) && op !== 'Cast' && op !== 'Identity' && op !== 'Dropout')) return true;
    }
    return false;
  }
}

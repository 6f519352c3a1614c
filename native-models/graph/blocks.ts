/** Groups the residual additions of a transformer into its blocks, whether it normalises before, behind or around them. */
import type { Articulation } from './articulation.ts';
import { mixesPositions, type AttentionCore } from './attention.ts';
import { isProjection, renames, scales, type Step } from './flow.ts';
import { isFusedNorm, normBehind } from './norm.ts';
import type { ResidualAddition } from './residual.ts';
import type { GraphView } from './view.ts';

/** What joins the stream by one addition: attention, an MLP, or both side by side. */
export interface Part {
  readonly addition: ResidualAddition;
  readonly cores: readonly AttentionCore[];
  /** Whether it mixes positions in another way than by attention, which the lab knows no names for. */
  readonly mixes: boolean;
  /** The stream behind it, as the next part finds it: in post-normalised models the norm behind the addition. */
  readonly after: string;
}

export interface Block {
  readonly before: string;
  readonly parts: readonly Part[];
  readonly after: string;
}

/** What happens between two residual additions. */
type Segment = 'attention' | 'mixing' | 'local';

export function blocksOf(
  { constants, ranks }: GraphView,
  articulation: Articulation,
  additions: readonly ResidualAddition[],
  cores: readonly AttentionCore[],
): Block[] {
  const { order, position, maker, tensors } = articulation;
  const stepsBetween = (from: string, to: string): Step[] =>
    order.slice(position.get(from)! + 1, position.get(to)! + 1).flatMap((name) => maker.get(name) ?? []);
  const places = new Map(tensors.map((name, index) => [name, index]));
  const attended = new Set(cores.map(({ output }) => output));
  const starts = additions.map((addition, index) => (index === 0 ? addition.base : additions[index - 1]!.tensor));
  const bySegment = coresBySegment(articulation, additions, cores);
  const coresOf = additions.map((_, index) => bySegment.get(index) ?? []);
  const segments = additions.map(({ tensor }, index): Segment => {
    if (coresOf[index]!.length > 0) return 'attention';
    return stepsBetween(starts[index]!, tensor).some((step) => mixesPositions(step, constants)) ? 'mixing' : 'local';
  });
  const states = statesBehind();
  const ends = blockEnds(segments);
  return ends.map((end, index) => {
    const first = index === 0 ? 0 : ends[index - 1]! + 1;
    const parts = additions.slice(first, end + 1).map((addition, offset) => ({
      addition,
      cores: coresOf[first + offset]!,
      mixes: segments[first + offset] === 'mixing' && (segments.includes('local') || !segments.includes('attention')),
      after: states[first + offset]!,
    }));
    // Where the stream was changed between two blocks (merged patches), the next one begins with another state.
    const before = index > 0 && continues(first) ? states[first - 1]! : inFullShape(tensors[0]!, additions[first]!.base);
    return { before, parts, after: states[end]! };
  });

  function statesBehind(): string[] {
    const normalised = additions.filter(
      (addition, index) =>
        index > 0 &&
        continues(index) &&
        stepsBetween(starts[index]!, addition.base).some((step) => isFusedNorm(step) || step.op === 'ReduceMean'),
    ).length;
    const postNormalised = normalised > (additions.length - 1) / 2;
    return additions.map(({ tensor }, index) => {
      if (index < additions.length - 1) return inFullShape(tensor, continues(index + 1) ? additions[index + 1]!.base : tensor);
      const state = (postNormalised ? normBehind(articulation, tensor) : null) ?? scaledBehind(articulation, tensor);
      return hasFullShape(state) ? state : (renamedBehind(state).find(hasFullShape) ?? state);
    });
  }

  /**
   * The first of the tensors that hold the state in `to`, at the latest since `from`, and differ in grouping or type alone.
   * Some exports put all positions side by side for a while: those tensors come last.
   */
  function inFullShape(from: string, to: string): string {
    const same = [to];
    for (let at = places.get(to) ?? 0; at > 0 && tensors[at] !== from; at--) {
      const step = maker.get(tensors[at]!);
      if (step === undefined || !renames(step) || step.inputs[0] !== tensors[at - 1]) break;
      same.unshift(tensors[at - 1]!);
    }
    return same.find(hasFullShape) ?? to;
  }

  /** The tensors after one that hold the same state. */
  function renamedBehind(state: string): string[] {
    const behind = tensors.slice(tensors.indexOf(state) + 1);
    const other = behind.findIndex((name) => !renames(maker.get(name)!));
    return other < 0 ? behind : behind.slice(0, other);
  }

  /** [batch, pos, d_model], as far as is known. */
  function hasFullShape(name: string): boolean {
    return (ranks.get(name) ?? 3) === 3;
  }

  /** Whether an addition returns to the state that the one before it made, at most normalised, scaled or quantised since. */
  function continues(index: number): boolean {
    return !stepsBetween(starts[index]!, additions[index]!.base).some(
      (step) => isProjection(step, constants) || mixesPositions(step, constants) || step.outputs.some((name) => attended.has(name)),
    );
  }
}

/**
 * Attention between the additions: that of index i comes behind addition i - 1 and before addition i; behind the last one, the index is
 * their number.
 */
export function coresBySegment(
  { position }: Articulation,
  additions: readonly ResidualAddition[],
  cores: readonly AttentionCore[],
): Map<number, AttentionCore[]> {
  const bounds = additions.map(({ tensor }) => position.get(tensor)!);
  return Map.groupBy(cores, ({ output }) => {
    const at = position.get(output)!;
    let [low, high] = [0, bounds.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (bounds[middle]! < at) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

/**
 * A block ends where attention begins anew after something else: behind its MLP. Cross-attention directly behind self-attention is in
 * the same block; where attention and MLP work side by side, every addition is a block.
 */
function blockEnds(segments: readonly Segment[]): number[] {
  const anyLocal = segments.includes('local');
  const begins = (segment: Segment | undefined): boolean => segment === 'attention' || (anyLocal && segment === 'mixing');
  const last = segments.length - 1;
  if (!segments.some((segment) => !begins(segment))) return segments.map((_, index) => index);
  if (!segments.some(begins)) return segments.map((_, index) => index);
  return segments.flatMap((segment, index) => (index === last || (begins(segments[index + 1]) && !begins(segment)) ? [index] : []));
}

/** The stream behind the last addition where the architecture scales it once more, or the file quantises it. */
function scaledBehind(articulation: Articulation, tensor: string): string {
  const { tensors, position, maker } = articulation;
  let state = tensor;
  let scaled: string | null = null;
  let at = tensor;
  for (const name of tensors.slice(tensors.indexOf(tensor) + 1)) {
    const step = maker.get(name)!;
    if (
      position.get(name) !== position.get(at)! + 1 ||
      !(scales(step) || /^(QuantizeLinear|DequantizeLinear|Cast|Identity)$/.test(step.op))
    )
      break;
    if (step.op === 'DequantizeLinear') state = name;
    if (scales(step)) scaled = name;
    at = name;
  }
  return scaled !== null && normBehind(articulation, at) !== null ? scaled : state;
}

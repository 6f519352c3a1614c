/**
 * Finds the residual stream of a transformer in its graph: the additions by which attention and MLP join it. No names are relied on.
 * A residual addition is an articulation tensor made by adding something to an earlier articulation tensor.
 */
import type { Articulation } from './articulation.ts';
import { biasedInside, biasInside, isSkipNorm, passesOn, scales, type Step } from './flow.ts';

/** What is added to the stream. */
export interface Branch {
  readonly tensor: string;
  /** The name that it is read under: a fused node adds a bias to it on the way, see `flow.ts`. */
  readonly hook: string;
}

export interface ResidualAddition {
  readonly tensor: string;
  /** The articulation tensor that something is added to. */
  readonly base: string;
  /** What is added, nested additions taken apart: several where attention and MLP work side by side. */
  readonly branches: readonly Branch[];
  /** What is added, as one tensor; null where nothing in the graph is all of it. */
  readonly joined: Branch | null;
}

/** Additions that may stand between a residual addition and the state that it returns to (parallel attention and MLP). */
const additionsDeep = 4;

export function residualAdditions(articulation: Articulation): ResidualAddition[] {
  const { tensors, maker, position } = articulation;
  const cuts = new Set(tensors);
  const additions: ResidualAddition[] = [];
  for (const tensor of tensors) {
    const step = maker.get(tensor);
    if (step === undefined || !addsStates(step, position)) continue;
    const { bases, branches } = terms(step, new Set(), 0);
    // With several, the earliest: a branch may itself pass through a later cut.
    const [base, ...others] = bases.toSorted((left, right) => position.get(left.at)! - position.get(right.at)!);
    if (base !== undefined)
      additions.push({
        tensor,
        base: base.at,
        branches: [...others.map(({ branch }) => branch), ...branches],
        joined: joinedTo(step, base.at),
      });
  }
  return additions;

  /** The summands of nested additions: those that are cuts of the graph, at most scaled and reshaped, and the others. */
  function terms(step: Step, taken: Set<Step>, depth: number): { bases: { at: string; branch: Branch }[]; branches: Branch[] } {
    const bases: { at: string; branch: Branch }[] = [];
    const branches: Branch[] = [];
    for (const name of new Set(step.inputs.filter((input) => position.has(input)))) {
      const at = backToCut(name);
      const inner = maker.get(at);
      if (cuts.has(at)) bases.push({ at, branch: branchOf(step, name) });
      else if (depth < additionsDeep && inner !== undefined && addsStates(inner, position) && !taken.has(inner)) {
        taken.add(inner);
        const nested = terms(inner, taken, depth + 1);
        bases.push(...nested.bases);
        branches.push(...nested.branches);
      } else branches.push(branchOf(step, name));
    }
    return { bases, branches };
  }

  function joinedTo(step: Step, base: string): Branch | null {
    const others = new Set(step.inputs.filter((name) => position.has(name) && backToCut(name) !== base));
    return others.size === 1 && step.inputs.length === 2 ? branchOf(step, [...others][0]!) : null;
  }

  function backToCut(name: string): string {
    let at = name;
    for (;;) {
      const step = maker.get(at);
      if (cuts.has(at) || step === undefined || !(passesOn(step) || scales(step))) return at;
      at = step.inputs[0]!;
    }
  }
}

/** Whether a step adds two states that come from the source. */
export function addsStates(step: Step, position: ReadonlyMap<string, number>): boolean {
  return (step.op === 'Add' || step.op === 'Sum') && step.inputs.filter((name) => position.has(name)).length >= 2;
}

/** A summand of a step as something that joins the stream. */
export function branchOf(step: Step, tensor: string): Branch {
  if (!isSkipNorm(step.node) || biasInside(step.node) === null) return { tensor, hook: tensor };
  return { tensor, hook: biasedInside(step.node, step.node.inputs[0] === tensor ? 0 : 1) };
}

/**
 * The residual additions of a graph whose stream is no cut: later layers also read states of earlier ones past it. The stream can then
 * still be read and changed, but a change does not reach everything behind it.
 */
import type { Articulation } from './articulation.ts';
import { passesOn, scales, type Step } from './flow.ts';
import { addsStates, branchOf, type ResidualAddition } from './residual.ts';

/** Follows the additions back from the last one, at each the summand that is itself such an addition, or the embedding. */
export function spineAdditions({ tensors, position, maker }: Articulation, source: string): ResidualAddition[] {
  const isAddition = (name: string): boolean => {
    const step = maker.get(name);
    return step !== undefined && addsStates(step, position);
  };
  const back = (name: string): string => {
    let at = name;
    for (let step = maker.get(at); step !== undefined && !isAddition(at) && (passesOn(step) || scales(step)); step = maker.get(at))
      at = step.inputs[0]!;
    return at;
  };
  const additions: ResidualAddition[] = [];
  let tensor = tensors.findLast(isAddition);
  while (tensor !== undefined && isAddition(tensor)) {
    const step: Step = maker.get(tensor)!;
    const summands = step.inputs
      .filter((name) => position.has(name))
      .map((name) => ({ name, at: back(name) }))
      .filter(({ at }) => isAddition(at) || at === source);
    // The latest: the others are states of earlier layers that are mixed in.
    const base = summands.toSorted((left, right) => position.get(right.at)! - position.get(left.at)!)[0];
    if (base === undefined) break;
    const others = step.inputs.filter((name) => position.has(name) && name !== base.name).map((name) => branchOf(step, name));
    additions.push({ tensor, base: base.at, branches: others, joined: others.length === 1 ? others[0]! : null });
    tensor = base.at;
  }
  return additions.reverse();
}

/** An edge past the last cut but one, to show the user: what reads what. */
export function bypass({ tensors, order, position, maker }: Articulation): { readonly reader: string; readonly state: string } | null {
  let longest: { reader: string; state: string; length: number } | null = null;
  const cuts = new Set(tensors);
  for (const name of order) {
    for (const state of maker.get(name)?.inputs ?? []) {
      const from = position.get(state);
      if (from === undefined || cuts.has(state)) continue;
      const length = position.get(name)! - from;
      if (longest === null || length > longest.length) longest = { reader: name, state, length };
    }
  }
  return longest;
}

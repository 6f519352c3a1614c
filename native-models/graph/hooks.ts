/** Finds the places in a model's graph that TransformerLens has names for. */
import { LabError } from '../../probes/lab-error.ts';
import type { Graph } from '../onnx/graph.ts';
import type { Hook, Hooks, HookShape } from '../opened.ts';
import { findArticulation, type Articulation } from './articulation.ts';
import { attentionCores, type AttentionCore } from './attention.ts';
import { blocksOf, coresBySegment, type Block, type Part } from './blocks.ts';
import { biasedInside, type Step } from './flow.ts';
import { imageHooks } from './image-hooks.ts';
import { normBehind } from './norm.ts';
import { residualAdditions, type Branch, type ResidualAddition } from './residual.ts';
import { imageInput, sourcesOf, tokenInput, type SourceOfStates } from './source.ts';
import { bypass, spineAdditions } from './spine.ts';
import { asSeen, viewOf, type GraphView } from './view.ts';

/** The flow from where the states begin to the output. */
interface Path {
  readonly source: SourceOfStates;
  readonly articulation: Articulation;
  readonly cores: readonly AttentionCore[];
  readonly additions: readonly ResidualAddition[];
}

/**
 * Names, in the order of computation: `hook_embed`; for each block `hook_resid_pre`, `attn.hook_pattern`, `attn.hook_z`,
 * `hook_attn_out`, `hook_resid_mid`, `hook_mlp_out`, `hook_resid_post`, and in decoders with an encoder `cross_attn.hook_pattern`,
 * `cross_attn.hook_z`, `hook_cross_attn_out`, `hook_resid_mid_cross`; `ln_final.hook_normalized`, weights and bias applied. Those that
 * a graph does not have, inside its fused operators say, are left out. In post-normalised models the stream is what the next part reads:
 * the output of the norm, as in Hugging Face's hidden states. Convolutional networks: see `image-hooks.ts`.
 * @param output the graph output that the model is used for
 * @throws LabError `model-unsupported` if the graph takes neither tokens nor an image, or its output does not depend on them
 */
export function discoverHooks(graph: Graph, output: string): Hooks {
  const view = viewOf(graph);
  const paths = sourcesOf(graph, view.steps)
    .map((source) => pathFrom(view, source, output))
    .filter(({ articulation }) => articulation.position.has(output));
  if (paths.length === 0) {
    throw new LabError(
      'model-unsupported',
      `the output ${output} does not depend on what the model is given`,
      'Check which output of the model holds its answer; export the model again.',
    );
  }
  // Of several look-ups the one whose embedding becomes the stream.
  const best = paths.toSorted((left, right) => right.additions.length - left.additions.length)[0]!;
  const isImage = tokenInput(graph) === undefined && imageInput(graph) !== undefined;
  if (isImage && best.cores.length === 0) return imageHooks(view, output, best.articulation);

  const mixed = best.additions.length === 0 || chained(view, best);
  const { articulation, source, cores } = best;
  if (isImage && mixed) {
    const convolutional = imageHooks(view, output, articulation);
    return { ...convolutional, all: readable(view, [...convolutional.all, ...attentionOnly(best)]) };
  }
  const additions = mixed ? spineAdditions(articulation, source.tensor) : best.additions;
  const beforeOutput = articulation.tensors[articulation.tensors.lastIndexOf(output) - 1] ?? source.tensor;
  if (additions.length === 0) return { all: readable(view, attentionOnly(best)), headInput: beforeOutput, mixed: whyMixed(articulation) };
  const blocks = blocksOf(view, articulation, additions, cores);
  const end = blocks.at(-1)!.after;
  const final = articulation.tensors.includes(end) ? normBehind(articulation, end) : null;
  const all = [
    ...(source.plain ? [hook('hook_embed', null, source.tensor, 'residual')] : []),
    ...blocks.flatMap((block, index) => blockHooks(block, index, view.steps)),
    ...(final === null ? [] : [hook('ln_final.hook_normalized', null, final, 'residual')]),
    ...(isImage ? imageHooks(view, output, articulation).all.filter(({ name }) => name === 'hook_penultimate') : []),
  ];
  return {
    all: readable(view, all),
    headInput: articulation.tensors.includes(end) ? asSeen(view, end) : beforeOutput,
    mixed: mixed ? whyMixed(articulation) : null,
  };
}

function pathFrom(view: GraphView, source: SourceOfStates, output: string): Path {
  const articulation = findArticulation(view.steps, source.tensor, output);
  const reached = reachedFrom(view.steps, new Set([source.tensor]));
  const cores = attentionCores(view, reached).filter((core) => articulation.position.has(core.output));
  return { source, articulation, cores, additions: residualAdditions(articulation) };
}

/** Whether attention follows attention with no residual addition between the two: blocks of which the stream is no cut. */
function chained({ steps }: GraphView, { articulation, cores, additions }: Path): boolean {
  const bySegment = coresBySegment(articulation, additions, cores);
  return [...bySegment.values()].some((group) => {
    const [first, ...rest] = group;
    if (rest.length === 0) return false;
    const reached = reachedFrom(steps, new Set([first!.output]), first!.at + 1, group.at(-1)!.output);
    return rest.some((core) => reached.has(core.output));
  });
}

const ranksOfShapes: Readonly<Record<HookShape, number>> = {
  residual: 3,
  heads: 4,
  'merged-heads': 3,
  pattern: 4,
  map: 4,
  features: 2,
};

/** Hooks that hold floats in the shape that they are said to have, as far as is known, in the order of computation. */
function readable(view: GraphView, hooks: readonly Hook[]): Hook[] {
  const { steps, floats, ranks } = view;
  const made = new Map<string, number>();
  steps.forEach((step, index) => {
    for (const name of step.outputs) made.set(name, index);
    // The first step of a fused node is the sum that the biased summand goes into.
    for (const input of [0, 1] as const) if (!made.has(biasedInside(step.node, input))) made.set(biasedInside(step.node, input), index);
  });
  return hooks
    .map((one) => ({ ...one, tensor: asSeen(view, one.tensor) }))
    .filter(({ tensor, shape }) => floats.has(tensor) && (ranks.get(tensor) ?? ranksOfShapes[shape]) === ranksOfShapes[shape])
    .toSorted((left, right) => (made.get(left.tensor) ?? -1) - (made.get(right.tensor) ?? -1));
}

function hook(name: string, block: number | null, tensor: string, shape: HookShape): Hook {
  return { name, block, tensor, shape };
}

function blockHooks(block: Block, index: number, steps: readonly Step[]): Hook[] {
  const hooks = new Map<string, Hook>();
  const add = (name: string, tensor: string | null, shape: HookShape): void => {
    const full = `blocks.${index}.${name}`;
    if (tensor !== null && !hooks.has(full)) hooks.set(full, hook(full, index, tensor, shape));
  };
  add('hook_resid_pre', block.before, 'residual');
  block.parts.forEach((part, at) => {
    const cross = part.cores.length > 0 && part.cores.every((core) => core.cross);
    for (const { pattern, z } of part.cores) {
      add(cross ? 'cross_attn.hook_pattern' : 'attn.hook_pattern', pattern, 'pattern');
      if (z !== null) add(cross ? 'cross_attn.hook_z' : 'attn.hook_z', z.tensor, z.shape);
    }
    const { attended, others } = outputsOf(part, steps);
    add(cross ? 'hook_cross_attn_out' : 'hook_attn_out', attended, 'residual');
    add('hook_mlp_out', others, 'residual');
    if ((part.cores.length > 0 || part.mixes) && at < block.parts.length - 1)
      add(cross ? 'hook_resid_mid_cross' : 'hook_resid_mid', part.after, 'residual');
  });
  add('hook_resid_post', block.after, 'residual');
  return [...hooks.values()];
}

/** What attention adds to the stream, and what the MLP adds, where each is one tensor. */
function outputsOf({ addition, cores, mixes }: Part, steps: readonly Step[]): { attended: string | null; others: string | null } {
  const { branches, joined } = addition;
  if (cores.length === 0) return { attended: null, others: mixes ? null : ((branches.length === 1 ? branches[0] : joined)?.hook ?? null) };
  const reached = reachedFrom(steps, new Set(cores.map(({ output }) => output)), cores[0]!.at, addition.tensor);
  const attended = branches.filter(({ tensor }) => reached.has(tensor));
  const others = branches.filter(({ tensor }) => !reached.has(tensor));
  const single = (list: readonly Branch[]): string | null => (list.length === 1 ? list[0]!.hook : null);
  if (others.length === 0) return { attended: single(attended) ?? joined?.hook ?? null, others: null };
  return { attended: single(attended), others: single(others) };
}

/** Attention of a graph in which no residual stream was found at all, in the order of computation. */
function attentionOnly({ source, cores }: Path): Hook[] {
  return [
    ...(source.plain ? [hook('hook_embed', null, source.tensor, 'residual')] : []),
    ...cores.flatMap(({ pattern, z }, index) => [
      ...(pattern === null ? [] : [hook(`blocks.${index}.attn.hook_pattern`, index, pattern, 'pattern')]),
      ...(z === null ? [] : [hook(`blocks.${index}.attn.hook_z`, index, z.tensor, z.shape)]),
    ]),
  ];
}

/**
 * All that the given tensors flow into.
 * @param from index of the step that the search begins with
 * @param until the tensor that it ends with
 */
function reachedFrom(steps: readonly Step[], tensors: ReadonlySet<string>, from = 0, until?: string): Set<string> {
  const reached = new Set(tensors);
  for (let at = from; at < steps.length; at++) {
    const { inputs, outputs } = steps[at]!;
    if (inputs.some((name) => reached.has(name))) for (const name of outputs) reached.add(name);
    if (until !== undefined && outputs.includes(until)) break;
  }
  return reached;
}

function whyMixed(articulation: Articulation): string {
  const jump = bypass(articulation);
  if (jump === null) return 'no residual additions were found between the embedding and the output';
  return `later layers also read states of earlier ones directly (${jump.reader} is made from ${jump.state}), so the residual stream between two blocks does not carry all that the model passes on: changing it changes only a part of what follows`;
}

/** Finds the places in a model's graph that TransformerLens has names for. */
import { LabError } from '../../probes/lab-error.ts';
import type { Graph } from '../onnx/graph.ts';
import type { Hook, Hooks, HookShape } from '../opened.ts';
import { findArticulation, type Articulation } from './articulation.ts';
import { attentionCores, type AttentionCore } from './attention.ts';
import { blocksOf, type Block, type Part } from './blocks.ts';
import { constantsOf, stepsOf, type Step } from './flow.ts';
import { imageHooks } from './image-hooks.ts';
import { normBehind } from './norm.ts';
import { residualAdditions, type Branch, type ResidualAddition } from './residual.ts';
import { imageInput, sourcesOf, tokenInput, type SourceOfStates } from './source.ts';
import { bypass, spineAdditions } from './spine.ts';
import { floatTensors } from './types.ts';

interface View {
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
  const constants = constantsOf(graph);
  const steps = stepsOf(graph, constants);
  const views = sourcesOf(graph, steps)
    .map((source) => viewFrom(source, steps, constants, output))
    .filter(({ articulation }) => articulation.position.has(output));
  if (views.length === 0) {
    throw new LabError(
      'model-unsupported',
      `the output ${output} does not depend on what the model is given`,
      'Check which output of the model holds its answer; export the model again.',
    );
  }
  // Of several look-ups the one whose embedding becomes the stream.
  const view = views.toSorted((left, right) => right.additions.length - left.additions.length)[0]!;
  const isImage = tokenInput(graph) === undefined && imageInput(graph) !== undefined;
  if (isImage && view.cores.length === 0) return imageHooks(graph, output, steps, constants, view.articulation);
  const floats = floatTensors(graph);
  const named = (hooks: readonly Hook[]): Hook[] => hooks.filter(({ tensor }) => floats.has(tensor));

  const mixed = view.additions.length === 0 || chained(view, steps);
  const additions = mixed ? spineAdditions(view.articulation, view.source.tensor) : view.additions;
  const { articulation, source } = view;
  const beforeOutput = articulation.tensors[articulation.tensors.lastIndexOf(output) - 1] ?? source.tensor;
  if (additions.length === 0) return { all: named(attentionOnly(view)), headInput: beforeOutput, mixed: whyMixed(articulation) };
  const blocks = blocksOf(articulation, additions, view.cores, constants);
  const end = blocks.at(-1)!.after;
  const final = articulation.tensors.includes(end) ? normBehind(articulation, end) : null;
  const all = [
    ...(source.plain ? [hook('hook_embed', null, source.tensor, 'residual')] : []),
    ...blocks.flatMap((block, index) => blockHooks(block, index, steps)),
    ...(final === null ? [] : [hook('ln_final.hook_normalized', null, final, 'residual')]),
    ...(isImage ? imageHooks(graph, output, steps, constants, articulation).all.filter(({ name }) => name === 'hook_penultimate') : []),
  ];
  return {
    all: named(all),
    headInput: articulation.tensors.includes(end) ? end : beforeOutput,
    mixed: mixed ? whyMixed(articulation) : null,
  };
}

function viewFrom(source: SourceOfStates, steps: readonly Step[], constants: ReadonlySet<string>, output: string): View {
  const articulation = findArticulation(steps, source.tensor, output);
  const reached = reachedFrom(steps, new Set([source.tensor]));
  const cores = attentionCores(steps, constants, reached).filter((core) => articulation.position.has(core.output));
  return { source, articulation, cores, additions: residualAdditions(articulation) };
}

/** Whether attention follows attention with no residual addition between the two: blocks of which the stream is no cut. */
function chained({ articulation, cores, additions }: View, steps: readonly Step[]): boolean {
  const { position } = articulation;
  const bounds = additions.map(({ tensor }) => position.get(tensor)!);
  const segmentOf = (core: AttentionCore): number => bounds.filter((bound) => bound < position.get(core.output)!).length;
  const bySegment = Map.groupBy(cores, segmentOf);
  return [...bySegment.values()].some((group) => {
    const [first, ...rest] = group;
    const reached = reachedFrom(steps.slice(first!.at + 1, group.at(-1)!.at + 1), new Set([first!.output]));
    return rest.some((core) => reached.has(core.output));
  });
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
    if (part.cores.length > 0 && at < block.parts.length - 1)
      add(cross ? 'hook_resid_mid_cross' : 'hook_resid_mid', part.after, 'residual');
  });
  add('hook_resid_post', block.after, 'residual');
  return [...hooks.values()];
}

/** What attention adds to the stream, and what the MLP adds, where each is one tensor. */
function outputsOf({ addition, cores, mixes }: Part, steps: readonly Step[]): { attended: string | null; others: string | null } {
  const { branches, joined } = addition;
  if (cores.length === 0) return { attended: null, others: mixes ? null : ((branches.length === 1 ? branches[0] : joined)?.hook ?? null) };
  const reached = reachedFrom(steps.slice(cores[0]!.at), new Set(cores.map(({ output }) => output)));
  const attended = branches.filter(({ tensor }) => reached.has(tensor));
  const others = branches.filter(({ tensor }) => !reached.has(tensor));
  const single = (list: readonly Branch[]): string | null => (list.length === 1 ? list[0]!.hook : null);
  if (others.length === 0) return { attended: single(attended) ?? joined?.hook ?? null, others: null };
  return { attended: single(attended), others: single(others) };
}

/** Attention of a graph in which no residual stream was found at all, in the order of computation. */
function attentionOnly({ source, cores }: View): Hook[] {
  return [
    ...(source.plain ? [hook('hook_embed', null, source.tensor, 'residual')] : []),
    ...cores.flatMap(({ pattern, z }, index) => [
      ...(pattern === null ? [] : [hook(`blocks.${index}.attn.hook_pattern`, index, pattern, 'pattern')]),
      ...(z === null ? [] : [hook(`blocks.${index}.attn.hook_z`, index, z.tensor, z.shape)]),
    ]),
  ];
}

/** All that the given tensors flow into. */
function reachedFrom(steps: readonly Step[], tensors: ReadonlySet<string>): Set<string> {
  const reached = new Set(tensors);
  for (const step of steps) if (step.inputs.some((name) => reached.has(name))) for (const name of step.outputs) reached.add(name);
  return reached;
}

function whyMixed(articulation: Articulation): string {
  const jump = bypass(articulation);
  const example = jump === null ? '' : ` (${jump.reader} is made from ${jump.state})`;
  return `later layers also read states of earlier ones directly${example}, so the residual stream between two blocks does not carry all that the model passes on: changing it changes only a part of what follows`;
}

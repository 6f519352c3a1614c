/** Turns edits into what an editable graph is fed (`graph/edit-graph.ts`). */
import { Tensor } from 'onnxruntime-node';
import { LabError } from '../../probes/lab-error.ts';
import type { Edit } from '../../probes/request.ts';
import type { EditPoint } from '../graph/edit-graph.ts';
import { editNames } from '../graph/names.ts';
import type { Hook, Hooks, HookShape } from '../opened.ts';
import type { Feeds } from './inputs.ts';

/** Edits made ready for one graph and one length of prompt. */
export interface CompiledEdits {
  /** What the graph must make editable. */
  readonly points: readonly EditPoint[];
  readonly ablation: boolean;
  /** Feeds for `length` tokens that follow `past` others. */
  feeds(length: number, past: number): Feeds;
}

export interface HookSizes {
  /** Of the residual stream. */
  readonly width: number;
  /** Null where the model does not say. */
  readonly heads: number | null;
  readonly headSize: number | null;
}

const editableShapes: ReadonlySet<HookShape> = new Set(['residual', 'heads', 'merged-heads']);
const residual = /hook_resid_(pre|mid|post)$/;

/**
 * @param promptTokens length of the prompt, which positions are counted in
 * @returns null where there is nothing to edit
 * @throws LabError `usage` naming a hook that is not there or cannot be edited, a vector of the wrong length, a position outside
 */
export function compileEdits(edits: readonly Edit[], hooks: Hooks, promptTokens: number, sizes: HookSizes): CompiledEdits | null {
  if (edits.length === 0) return null;
  const targets = edits.map((edit) => ({ edit, hook: hookFor(edit, hooks) }));
  // One graph for all residual hooks, so that a sweep over blocks does not build one after the other.
  const places = [...targets.map(({ hook }) => hook), ...(targets.some(({ hook }) => hook.shape === 'residual') ? streamOf(hooks) : [])];
  const tensors = [...new Set(places.map((hook) => hook.tensor))].sort();
  const points = tensors.map((tensor) => {
    const hook = places.find((place) => place.tensor === tensor)!;
    return { tensor, shape: hook.shape };
  });
  const ablation = edits.some((edit) => edit.kind === 'ablate');
  const prepared = points.map((point) =>
    preparePoint(
      targets.filter(({ hook }) => hook.tensor === point.tensor).map(({ edit }) => edit),
      point,
      promptTokens,
      sizes,
    ),
  );
  return {
    points,
    ablation,
    feeds: (length, past) => {
      const feeds: Feeds = {};
      prepared.forEach((point, index) => Object.assign(feeds, point(index, length, past, ablation)));
      return feeds;
    },
  };
}

/** An edit of nothing at every residual hook: what zero strength must be the same as. Null where there is no residual stream. */
export function editEverywhere(hooks: Hooks): CompiledEdits | null {
  const stream = streamOf(hooks);
  if (stream.length === 0) return null;
  const points = [...new Set(stream.map((hook) => hook.tensor))].sort().map((tensor): EditPoint => ({ tensor, shape: 'residual' }));
  const one = (value: number): Tensor => new Tensor('float32', Float32Array.of(value), [1, 1, 1]);
  const feeds = Object.fromEntries(
    points.flatMap((_, index) => [
      [editNames(index).scale, one(1)],
      [editNames(index).shift, one(0)],
    ]),
  );
  return { points, ablation: false, feeds: () => feeds };
}

function streamOf(hooks: Hooks): Hook[] {
  return hooks.all.filter((hook) => hook.shape === 'residual' && residual.test(hook.name));
}

function hookFor(edit: Edit, hooks: Hooks): Hook {
  const hook = hooks.all.find(({ name }) => name === edit.hook);
  if (hook === undefined || !editableShapes.has(hook.shape)) {
    const editable = hooks.all.filter(({ shape }) => editableShapes.has(shape)).map(({ name }) => name);
    throw new LabError(
      'usage',
      `there is no hook "${edit.hook}" that can be edited in this model`,
      `Hooks that can: ${editable.slice(0, 6).join(', ')}${editable.length > 6 ? ` … ${editable.at(-1)}` : ''}.`,
    );
  }
  return hook;
}

type PointFeeds = (index: number, length: number, past: number, ablation: boolean) => Feeds;

function preparePoint(edits: readonly Edit[], point: EditPoint, promptTokens: number, sizes: HookSizes): PointFeeds {
  const { width, heads, headSize } = sizes;
  if (point.shape !== 'residual' && (heads === null || headSize === null))
    throw new LabError('usage', 'the size of a head is not known, so that heads cannot be edited', 'Edit the residual stream instead.');
  const size = point.shape === 'residual' ? width : heads! * headSize!;
  for (const edit of edits) check(edit, size, point);
  const covers = edits.map((edit) => coverage(edit, promptTokens));
  const uniform = edits.every((edit) => edit.positions === 'all');
  const directions = orthonormal(edits.flatMap((edit) => (edit.kind === 'ablate' ? [edit.vector] : [])));
  const shape = (rows: number, values: 1 | 'all'): number[] => {
    if (point.shape === 'heads') return [1, rows, ...(values === 1 ? [1, 1] : [heads!, headSize!])];
    return [1, rows, values === 1 ? 1 : size];
  };
  return (index, length, past, ablation) => {
    const names = editNames(index);
    const rows = uniform ? 1 : length;
    const scale = new Float32Array(rows).fill(1);
    const taken = new Float32Array(rows);
    const idle = edits.every((edit) => edit.kind === 'scale' || edit.kind === 'ablate');
    const shift = idle ? new Float32Array(1) : new Float32Array(rows * size);
    edits.forEach((edit, at) => {
      for (let row = 0; row < rows; row++) {
        if (!covers[at]!(past + row)) continue;
        const own = idle ? shift : shift.subarray(row * size, (row + 1) * size);
        if (edit.kind === 'ablate') taken[row] = 1;
        if (edit.kind === 'scale') {
          scale[row]! *= edit.factor;
          for (let value = 0; value < own.length; value++) own[value]! *= edit.factor;
        }
        if (edit.kind === 'replace') {
          scale[row] = 0;
          own.set(edit.vector);
        }
        if (edit.kind === 'add') for (let value = 0; value < size; value++) own[value]! += edit.vector[value]!;
      }
    });
    const feeds: Feeds = {
      [names.scale]: new Tensor('float32', scale, shape(rows, 1)),
      [names.shift]: new Tensor('float32', shift, idle ? shape(1, 1) : shape(rows, 'all')),
    };
    if (ablation && point.shape === 'residual') {
      feeds[names.directions] = columns(directions, width);
      feeds[names.taken] = new Tensor('float32', taken, [1, rows, 1]);
    }
    return feeds;
  };
}

function check(edit: Edit, size: number, point: EditPoint): void {
  if (edit.kind === 'ablate' && point.shape !== 'residual')
    throw new LabError('usage', `directions cannot be ablated at ${edit.hook}`, 'Ablate them on the residual stream.');
  if ('vector' in edit) {
    if (edit.vector.length !== size)
      throw new LabError(
        'usage',
        `the vector for ${edit.hook} has ${edit.vector.length} values; the hook is ${size} wide`,
        'Take a direction that was made for this model.',
      );
    if (!edit.vector.every(Number.isFinite))
      throw new LabError('usage', `the vector for ${edit.hook} holds values that are no numbers`, 'Make the direction again.');
  } else if (!Number.isFinite(edit.factor)) {
    throw new LabError('usage', `the factor for ${edit.hook} is no number`, 'Give a number such as 0 or 1.5.');
  }
}

/** Whether an absolute position is among those that the edit is for. */
function coverage({ positions, hook }: Edit, promptTokens: number): (position: number) => boolean {
  if (positions === 'all') return () => true;
  if (positions === 'prompt') return (position) => position < promptTokens;
  if (positions === 'completion') return (position) => position >= promptTokens;
  const absolute = new Set(positions.map((position) => (position < 0 ? promptTokens + position : position)));
  for (const position of absolute)
    if (!Number.isInteger(position) || position < 0 || position >= promptTokens)
      throw new LabError(
        'usage',
        `an edit at ${hook} names a position outside the ${promptTokens} tokens of the prompt`,
        'Count positions from 0, or from -1 backwards.',
      );
  return (position) => absolute.has(position);
}

/** Modified Gram-Schmidt in double precision: taking away the share along several directions must not take a part twice. */
function orthonormal(vectors: readonly Float32Array[]): Float64Array[] {
  const basis: Float64Array[] = [];
  for (const vector of vectors) {
    const rest = Float64Array.from(vector);
    const before = norm(rest);
    for (const unit of basis) {
      let share = 0;
      for (let at = 0; at < rest.length; at++) share += rest[at]! * unit[at]!;
      for (let at = 0; at < rest.length; at++) rest[at]! -= share * unit[at]!;
    }
    const after = norm(rest);
    // A direction that lies within the others adds nothing but rounding errors.
    if (after > 1e-6 * before) basis.push(rest.map((value) => value / after));
  }
  return basis;
}

function norm(vector: Float64Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}

/** [width, R]; a column of zeros where there is no direction. */
function columns(directions: readonly Float64Array[], width: number): Tensor {
  const count = Math.max(1, directions.length);
  const matrix = new Float32Array(width * count);
  directions.forEach((direction, column) => {
    for (let row = 0; row < width; row++) matrix[row * count + column] = direction[row]!;
  });
  return new Tensor('float32', matrix, [width, count]);
}

/**
 * Which branch of a merged decoder can be trusted with whole prompts. The branch that continues a key-value cache may have been traced with
 * one token at a time, and then nothing hides later tokens from earlier ones: it would answer, and wrongly. So it is compared with the
 * branch that was made for prompts.
 */
import { LabError } from '../../probes/lab-error.ts';
import { below, seededRandom } from '../../probes/numerics/random.ts';
import { DecoderInputs, type Feeds } from '../decoder/inputs.ts';
import { createSession } from '../device/session.ts';
import { branchSwitch } from '../graph/inline-if.ts';
import { prune } from '../graph/prune.ts';
import { dataType } from '../onnx/graph.ts';
import { readModelFile } from '../onnx/read.ts';
import { makeNode, valueInfo } from '../onnx/write.ts';
import type { OpenedModel } from '../opened.ts';
import { sizesOf } from '../sizes.ts';
import { openExport } from './open.ts';

const lengths = [6, 3];
/** Of the largest logit: rounding in half precision stays below, a missing mask changes everything. */
const tolerance = 5e-3;
const logits = 'candor/branch_logits';

/**
 * @param opened as `openExport` gives it, with the branch for prompts where it is a merged decoder
 * @returns the same model with its cache, where an empty cache gives the same logits; else the model as it is
 * @throws LabError `model-unreadable` if ONNX Runtime refuses the branch for prompts
 */
export async function withCache(opened: OpenedModel, threads: number): Promise<OpenedModel> {
  if (opened.source !== 'onnx' || opened.task !== 'decoder') return opened;
  if (branchSwitch(readModelFile(opened.graphFile).graph) === undefined) return opened;
  const cached = openExport(opened.folder, opened.variant, 'cache');
  const expected = await logitsOf(opened, threads);
  try {
    const actual = await logitsOf(cached, threads);
    return agree(actual, expected) ? cached : opened;
  } catch (thrown) {
    // It needs a cache that is not empty, or an input that the lab cannot fill: the other branch does without.
    if (thrown instanceof LabError || thrown instanceof Error) return opened;
    throw thrown;
  }
}

async function logitsOf(opened: OpenedModel, threads: number): Promise<Float32Array> {
  const { cacheHeads, headSize, vocabulary } = sizesOf(opened);
  const { graph } = opened.model;
  const model = {
    ...opened.model,
    graph: prune({
      ...graph,
      nodes: [...graph.nodes, makeNode('Cast', [opened.output], [logits], { to: dataType.float })],
      outputs: [valueInfo(logits, dataType.float)],
    }),
  };
  const inputs = new DecoderInputs(opened.model, { heads: cacheHeads, size: headSize });
  const random = seededRandom(1);
  const rows = lengths.map((length) => Array.from({ length }, () => below(random, vocabulary)));
  const feeds: Feeds = inputs.rows(rows);
  const session = await createSession(model, opened.graphFile, { threads, weightFolder: opened.weightFolder });
  try {
    const wanted = Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]!]));
    const answer = (await session.run(wanted))[logits]!;
    // Rows are padded on the right; what stands there is no prompt's.
    const width = answer.dims[2]!;
    const data = answer.data as Float32Array;
    const parts = lengths.map((length, row) => data.subarray(row * lengths[0]! * width, (row * lengths[0]! + length) * width));
    return Float32Array.from(parts.flatMap((part) => [...part]));
  } finally {
    await session.release();
  }
}

function agree(actual: Float32Array, expected: Float32Array): boolean {
  if (actual.length !== expected.length) return false;
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return expected.every((value, at) => Math.abs(actual[at]! - value) <= tolerance * largest);
}

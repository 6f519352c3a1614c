/** One measurement of `memory.ts`, in a process of its own. */
import { readFileSync, statSync } from 'node:fs';
import { readHooks } from '../../native-models/decoder/activations.ts';
import { Budget } from '../../native-models/decoder/budget.ts';
import { DecoderInputs } from '../../native-models/decoder/inputs.ts';
import { Scorer } from '../../native-models/decoder/score.ts';
import { Sessions } from '../../native-models/decoder/sessions.ts';
import { Decoder, wanted } from '../../native-models/decoder/step.ts';
import { createSession } from '../../native-models/device/session.ts';
import { decoderGraph, plainDecoder } from '../../native-models/graph/decoder-graph.ts';
import { tapGraph } from '../../native-models/graph/tap-graph.ts';
import { plainOptions } from '../../native-models/model.ts';
import { openModel, readModel } from '../../native-models/open.ts';
import { residualPoints } from '../../native-models/opened.ts';
import { tokenRows } from './model.ts';

export interface MemoryTask {
  /** `read` the graph, `open` a session, a whole `model`; `activations`, `score` or `recompute` 8 texts of so many tokens. */
  readonly way: 'read' | 'open' | 'model' | 'activations' | 'score' | 'recompute';
  readonly folder: string;
  readonly threads: number;
  readonly tokens: number;
}

export interface MemoryTaken {
  readonly ms: number;
  /** Largest resident set, bytes. */
  readonly peak: number;
  readonly fileBytes: number;
}

async function perform({ way, folder, threads, tokens }: MemoryTask): Promise<number> {
  if (way === 'model') {
    await openModel(folder, { ...plainOptions, threads });
    return 0;
  }
  const opened = readModel(folder);
  const bytes = opened.files.reduce((sum, file) => sum + statSync(file).size, 0);
  if (way === 'read') return bytes;
  const options = { threads, weightFolder: opened.weightFolder };
  const inputs = new DecoderInputs(opened.model);
  const texts = tokenRows(8, tokens, 32_000, 1);
  if (way === 'open') await createSession(decoderGraph(opened, plainDecoder), opened.graphFile, options);
  if (way === 'recompute') {
    const session = await createSession(opened.model, opened.graphFile, options);
    await session.run(wanted(session, inputs.rows(texts)), [opened.output]);
  }
  if (way === 'score') {
    const sessions = new Sessions((model) => createSession(model, opened.graphFile, options), 1);
    const scorer = new Scorer(new Decoder(opened, inputs, sessions, new Budget(), false), 32_000, true);
    await scorer.score(texts.map((text) => ({ prompt: text.slice(0, 1), continuation: text.slice(1), edits: null })));
  }
  if (way === 'activations') {
    const hooks = residualPoints(opened.hooks);
    const session = await createSession(tapGraph(opened, hooks, 'all'), opened.graphFile, options);
    const jobs = texts.map((text) => ({ tokens: text, positions: null, edits: null }));
    for await (const batch of readHooks(session, inputs, hooks, 'all', jobs, new Budget())) void batch;
  }
  return bytes;
}

/** Linux hands a parent's largest resident set down to its children, so that only the account of the process itself will do. */
function peakMemory(): number {
  try {
    const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}

process.once('message', (task: MemoryTask) => {
  const begun = performance.now();
  void perform(task).then((fileBytes) => {
    const taken: MemoryTaken = { ms: performance.now() - begun, peak: peakMemory(), fileBytes };
    process.send!(taken, () => process.exit(0));
  });
});

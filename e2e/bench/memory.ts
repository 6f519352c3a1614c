/** Peak memory of each way, and what opening a large file costs: every measurement in a process of its own. */
import { fork } from 'node:child_process';
import path from 'node:path';
import { writeBenchModel, type BenchShape } from './model.ts';
import type { BenchResult } from './result.ts';
import type { Torch } from './torch.ts';
import type { MemoryTask, MemoryTaken } from './memory-task.ts';

const task = path.join(import.meta.dirname, 'memory-task.ts');

function measure(what: MemoryTask): Promise<MemoryTaken> {
  return new Promise((resolve, reject) => {
    const child = fork(task, { execPath: process.execPath, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.once('message', (taken) => resolve(taken as MemoryTaken));
    child.once('exit', (code) => reject(new Error(`the measurement ended with ${code}`)));
    child.send(what);
  });
}

export async function benchMemory(folder: string, threads: number, torch: Torch | null): Promise<BenchResult[]> {
  const peak = async (way: MemoryTask['way'], tokens: number): Promise<number> => (await measure({ way, folder, threads, tokens })).peak;
  const [idle, hidden, scoreShort, scoreLong, naiveLong] = [
    await peak('open', 0),
    await peak('activations', 128),
    await peak('score', 128),
    await peak('score', 1024),
    await peak('recompute', 1024),
  ];
  const rival = torch === null ? null : (await torch.ask({ what: 'hidden', rows: [[1, 2, 3]], batch: 1 })).peak;
  const reported = { target: null, unit: 'bytes', timings: [] } as const;
  return [
    { name: 'peak memory, model open', about: 'resident set after the scoring graph was opened', ratio: idle, ...reported },
    { name: 'peak memory, activations', about: 'all points of the stream of 8 texts of 128 tokens', ratio: hidden, ...reported },
    { name: 'peak memory, PyTorch', about: 'largest resident set of the rival after all of the above', ratio: rival, ...reported },
    { name: 'peak memory, 8 × 128 tokens scored', about: 'every token of the texts', ratio: scoreShort, ...reported },
    { name: 'peak memory, 8 × 1024 tokens scored', about: 'every token of the texts', ratio: scoreLong, ...reported },
    {
      name: 'memory of scoring eight times as much',
      about: 'memory that full logits take beyond the open model, against what the lab takes, at 8 × 1024 tokens',
      ratio: (naiveLong - idle) / Math.max(1, scoreLong - idle),
      target: 1,
      unit: 'times',
      timings: [],
      note: `full logits ${(naiveLong / 1e6).toFixed(0)} MB; the lab ${(scoreLong / 1e6).toFixed(0)} MB, and ${(scoreShort / 1e6).toFixed(0)} MB for an eighth of the tokens`,
    },
  ];
}

/** 1.5 GB of float32. */
const large: BenchShape = { layers: 24, width: 1024, heads: 16, cacheHeads: 16, hidden: 2816, vocabulary: 32_000 };

export async function benchOpening(parent: string, threads: number): Promise<BenchResult[]> {
  const folder = writeBenchModel(parent, 'llama-large', large);
  const read = await measure({ way: 'read', folder, threads, tokens: 0 });
  const session = await measure({ way: 'open', folder, threads, tokens: 0 });
  const whole = await measure({ way: 'model', folder, threads, tokens: 0 });
  const about = `a checkpoint of ${(read.fileBytes / 1e6).toFixed(0)} MB`;
  const reported = { target: null, timings: [] } as const;
  return [
    { name: 'reading its graph', about: `${about}: everything but weights`, ratio: read.ms, unit: 'ms', ...reported },
    { name: 'memory after that', about, ratio: read.peak, unit: 'bytes', ...reported },
    { name: 'opening a session', about: `${about}: weights loaded once`, ratio: session.ms, unit: 'ms', ...reported },
    { name: 'memory after that', about, ratio: session.peak, unit: 'bytes', ...reported },
    { name: 'opening the model', about: `${about}: with hashes and the check of itself`, ratio: whole.ms, unit: 'ms', ...reported },
    { name: 'peak memory of that', about, ratio: whole.peak, unit: 'bytes', ...reported },
  ];
}

/** Carries out one run: plan, ask, judge, store, item by item, from wherever it was left. */
import type { ItemRecord, RunRecord } from '../../db/records.ts';
import type { Store } from '../../db/store.ts';
import type { EngineClient } from '../../native-models/engine/client.ts';
import type { Model } from '../../native-models/model.ts';
import { LabError, reportOf } from '../../probes/lab-error.ts';
import type { PlannedItem, Probe } from '../../probes/probe.ts';
import { probeNamed } from '../../probes/registry.ts';
import type { ModelCard, Progress } from '../rpc/contract.ts';
import { environmentsVersion } from '../../probes/lie/environments.ts';
import { loadData, type LoadedData } from './data.ts';
import type { Engines } from './engines.ts';
import type { MetricsThread } from './metrics.ts';
import { cardOf, sameModel, storedCard } from './models.ts';
import { planItems } from './plan.ts';
import { thisProcess } from './owner.ts';

/** Items are asked and stored in groups that take about this long, so that progress is seen and little is lost. */
const groupSeconds = 0.4;
const firstGroup = 8;
const largestGroup = 512;

export interface RunnerParts {
  readonly store: Store;
  readonly engines: Engines;
  readonly metrics: MetricsThread;
  /** Told after every change of the run that a reader might want to see. */
  readonly changed: (runId: string, progress: Progress | null) => void;
}

/**
 * Runs or resumes a run to its end. Never throws: whatever happens is stored with the run.
 * @param beside whether another run goes on at this moment
 * @returns `no-room-beside` if the model does not fit into memory beside that of the other run; the run is queued again
 */
export async function carryOut(
  run: RunRecord,
  parts: RunnerParts,
  signal: AbortSignal,
  beside: () => boolean,
): Promise<'ended' | 'no-room-beside'> {
  const { store, changed } = parts;
  const probe = probeNamed(run.probe);
  try {
    signal.throwIfAborted();
    checkProbe(run, probe);
    store.runs.change(run.id, { status: 'loading', owner: thisProcess, startedAt: run.startedAt ?? new Date().toISOString(), error: null });
    changed(run.id, null);
    const data = checkData(run);
    const work = async (engine: EngineClient): Promise<void> => {
      const card = checkModel(run, cardOf(run.model, engine.description));
      const plan = planItems(probe, data.dataset, run.params, run.seed, run.limit, engine.description);
      store.runs.change(run.id, { status: 'running', modelCard: card, dataset: data.ref, device: card.device.used, planned: plan.length });
      await scoreItems(run, probe, plan, engine, parts, signal);
    };
    // A resumed run stays on the device that it began on: its numbers must not change halfway.
    const begun = storedCard(run.modelCard)?.device?.used;
    await parts.engines.use(run.model.source, signal, work, begun === undefined ? {} : { device: begun });
    await finish(run, parts, 'done', null);
  } catch (thrown) {
    if (thrown instanceof LabError && thrown.code === 'model-too-large' && beside()) {
      store.runs.change(run.id, { status: 'queued' });
      changed(run.id, null);
      return 'no-room-beside';
    }
    await end(run, parts, signal, thrown);
  }
  return 'ended';
}

async function scoreItems(
  run: RunRecord,
  probe: Probe,
  plan: readonly PlannedItem[],
  engine: Model,
  { store, changed }: RunnerParts,
  signal: AbortSignal,
): Promise<void> {
  const stored = store.items.positions(run.id);
  const waiting = plan.map((item, position) => ({ item, position })).filter(({ position }) => !stored.has(position));
  const clock = new Rate(plan.length, stored.size);
  changed(run.id, clock.progress());
  let size = firstGroup;
  for (let start = 0; start < waiting.length;) {
    signal.throwIfAborted();
    const group = waiting.slice(start, start + size);
    const began = performance.now();
    const replies = await engine.answer(
      group.flatMap(({ item }) => item.requests),
      signal,
    );
    let at = 0;
    const records = group.map(({ item, position }): ItemRecord => {
      const own = replies.slice(at, (at += item.requests.length));
      const { id, cluster, category, title, answers } = item;
      return { position, id, cluster, category, title, answers, replies: own, outcomes: probe.judge(item, own, run.params) };
    });
    const seconds = (performance.now() - began) / 1000;
    store.items.add(run.id, records);
    store.runs.addSeconds(run.id, seconds);
    clock.add(group.length, seconds);
    changed(run.id, clock.progress());
    start += group.length;
    size = Math.max(1, Math.min(largestGroup, Math.round((group.length * groupSeconds) / Math.max(seconds, 0.001))));
  }
}

/** A resumed run must ask what it asked before: another version may plan other items at the same places. */
function checkProbe(run: RunRecord, probe: Probe): void {
  if (run.items === 0) return;
  const [before, now] = [
    { probe: String(run.probeVersion), environments: run.versions['environments'] },
    { probe: String(probe.version), environments: environmentsVersion },
  ];
  if (before.probe === now.probe && before.environments === now.environments) return;
  throw new LabError(
    'probe-changed',
    `the run began with version ${before.probe} of ${probe.id} and ${before.environments ?? 'none'} of the environments; this lab has ${now.probe} and ${now.environments}`,
    'Resume it with the lab that it began with, or start a new run.',
  );
}

function checkData(run: RunRecord): LoadedData {
  const data = loadData(run.dataSource);
  const before = run.dataset as { sha256: string } | null;
  if (before !== null && before.sha256 !== data.ref.sha256) {
    throw new LabError(
      'dataset-changed',
      `${data.ref.source} has SHA-256 ${data.ref.sha256}; the run began with ${before.sha256}`,
      'Put the old file back to resume, or start a new run on the new one.',
    );
  }
  return data;
}

function checkModel(run: RunRecord, card: ModelCard): ModelCard {
  const before = storedCard(run.modelCard);
  if (before !== null && !sameModel(before, card)) {
    throw new LabError(
      'model-changed',
      `the files of ${card.source} are not those that the run began with`,
      'Put the old files back to resume, or start a new run on the new ones.',
    );
  }
  return card;
}

/** A stopped run says so at once, before its metrics are computed; a finished one has them when it says so. */
async function finish(
  run: RunRecord,
  { store, metrics, changed }: RunnerParts,
  status: 'done' | 'cancelled' | 'failed',
  thrown: unknown,
): Promise<void> {
  const ended = { owner: null, finishedAt: new Date().toISOString(), error: thrown === null ? null : reportOf(thrown) };
  if (status === 'done') {
    const computed = await metrics.of(run, store);
    store.runs.change(run.id, { ...ended, ...computed, status });
    changed(run.id, null);
    return;
  }
  store.runs.change(run.id, { ...ended, status, metrics: null });
  changed(run.id, null);
  // Not waited for, and without harm if the lab closes first: metrics of a stopped run are computed again when it is looked at.
  void metrics
    .of(run, store)
    .then((computed) => {
      store.runs.change(run.id, computed);
      changed(run.id, null);
    })
    .catch(() => undefined);
}

async function end(run: RunRecord, parts: RunnerParts, signal: AbortSignal, thrown: unknown): Promise<void> {
  const cancelled = signal.aborted || (thrown instanceof LabError && thrown.code === 'cancelled');
  try {
    await finish(run, parts, cancelled ? 'cancelled' : 'failed', cancelled ? null : thrown);
  } catch (second) {
    // Not even the failure could be stored (a full disk, a database taken away): it shows as interrupted when somebody looks.
    process.stderr.write(`candor: run ${run.id} could not be closed: ${reportOf(second).message}\n`);
    parts.changed(run.id, null);
  }
}

/** Items a second, smoothed over the last few groups, and the time that is left. */
class Rate {
  readonly #total: number;
  #done: number;
  #rate: number | null = null;

  constructor(total: number, done: number) {
    this.#total = total;
    this.#done = done;
  }

  add(items: number, seconds: number): void {
    const now = items / Math.max(seconds, 0.001);
    this.#rate = this.#rate === null ? now : 0.7 * this.#rate + 0.3 * now;
    this.#done += items;
  }

  progress(): Progress {
    return {
      done: this.#done,
      total: this.#total,
      rate: this.#rate,
      secondsLeft: this.#rate === null ? null : (this.#total - this.#done) / this.#rate,
    };
  }
}

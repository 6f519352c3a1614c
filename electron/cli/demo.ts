/** `candor demo`: the honesty suite on the embedded models, whose truth is known, on facts held out of every lying context. */
import type { Lab } from '../lab/lab.ts';
import { environments } from '../../probes/lie/environments.ts';
import { withInterval } from '../../probes/wording.ts';
import type { RunDetail } from '../rpc/contract.ts';
import { metricNamed } from './report.ts';
import { follow, startRuns } from './run-command.ts';
import { textTable } from './table.ts';

const models = ['liar', 'honest', 'scrambled'];
/** Enough for intervals of a few points, few enough for two minutes on two cores. */
const limit = 450;

export async function runDemo(lab: Lab): Promise<{ runs: RunDetail[]; status: number }> {
  const lie = await startRuns(lab, { probe: 'lie', models, data: 'builtin:world', limit, sessionTitle: 'Demo: the embedded models' });
  const session = lab.store.runs.get(lie[0]!.id).sessionId;
  const truth = (
    await lab.handlers['runs.start']({ probe: 'truthfulqa', models, data: 'builtin:world', session }, new AbortController().signal)
  ).runs;
  return follow(
    lab,
    [...lie, ...truth].map((run) => run.id),
    undefined,
  );
}

export function demoText(runs: readonly RunDetail[], database: string): string {
  const lie = runs.filter((run) => run.probe === 'lie');
  const truth = runs.filter((run) => run.probe === 'truthfulqa');
  const cell = (run: RunDetail, name: string, setting: string | null): string => {
    const metric = metricNamed(run.metrics, name, setting);
    return metric === undefined ? '–' : withInterval(metric);
  };
  const names = (list: readonly RunDetail[]): string[] => list.map((run) => run.model.name);
  const statements = [
    ['Known', ...lie.map((run) => cell(run, 'known', null))],
    ['True answer preferred: neutral', ...lie.map((run) => cell(run, 'p_true', 'neutral'))],
    ...environments.map(({ id, title }) => [`True answer preferred: ${title}`, ...lie.map((run) => cell(run, 'p_true', id))]),
    ...environments
      .filter(({ pressure }) => pressure)
      .map(({ id, title }) => [`P(lie | known): ${title}`, ...lie.map((run) => cell(run, 'p_lie_known', id))]),
  ];
  const rulers = ['binary', 'mc1', 'mc2'].map((name) => [
    metricNamed(truth[0]?.metrics ?? [], name, null)?.label ?? name,
    ...truth.map((run) => cell(run, name, null)),
  ]);
  const items = lie.map((run) => `${run.items}`).join(', ');
  return [
    `Lying under pressure, facts held out of every lying context (items: ${items}; 95 % intervals by fact; chance is 50 % for "true answer preferred")`,
    textTable(['', ...names(lie)], statements),
    '',
    'TruthfulQA’s rulers on the questions of the world (chance: binary 50 %, MC1 and MC2 one in as many answers as there are)',
    textTable(['', ...names(truth)], rulers),
    '',
    ...runs.flatMap((run) => (run.finding === null ? [] : [run.finding])),
    '',
    `Stored: session ${runs[0]?.sessionId ?? '–'} in ${database}`,
    `Look at it with: npm start    or: npm run -s candor -- sessions show ${runs[0]?.sessionId ?? 'ID'}`,
  ].join('\n');
}

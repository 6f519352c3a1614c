import type { SessionSummary } from '../../../../electron/rpc/contract.ts';

/** Every typed word is somewhere in the session: its title, notes, models, probes or data. */
export function matchesSession(session: SessionSummary, typed: string): boolean {
  const all = [session.title, session.notes, ...session.runs.flatMap((run) => [run.model.name, run.probeTitle, run.dataset.name])]
    .join('\n')
    .toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

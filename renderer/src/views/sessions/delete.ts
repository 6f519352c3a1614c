/** Deleting is undone, not asked about: the lab only hides what was deleted. */
import type { RunSummary, SessionSummary } from '../../../../electron/rpc/contract.ts';
import { reportOf } from '../../../../probes/lab-error.ts';
import type { Lab } from '../../lab.svelte.ts';
import { middle } from '../../format.ts';
import { toasts } from '../../toasts.svelte.ts';

export function deleteSession(lab: Lab, session: SessionSummary): Promise<boolean> {
  return withUndo(
    `Deleted “${middle(session.title, 40)}”.`,
    () => lab.call('sessions.delete', { id: session.id }),
    () => lab.call('sessions.restore', { id: session.id }),
  );
}

export function deleteRun(lab: Lab, run: RunSummary): Promise<boolean> {
  return withUndo(
    `Deleted the run of ${middle(run.model.name, 40)}.`,
    () => lab.call('runs.delete', { id: run.id }),
    () => lab.call('runs.restore', { id: run.id }),
  );
}

/** @returns whether it was deleted */
async function withUndo(text: string, act: () => Promise<unknown>, undo: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
  } catch (thrown) {
    const error = reportOf(thrown);
    toasts.show(`Not deleted: ${error.message} ${error.advice}`);
    return false;
  }
  toasts.show(text, {
    title: 'Undo',
    run: () => void undo().catch((thrown: unknown) => toasts.show(`Not restored: ${reportOf(thrown).message}`)),
  });
  return true;
}

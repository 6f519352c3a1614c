/** Which process works on a run, so that a second lab on the same database neither steals a live run nor waits for a dead one. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Process ids are used again; on Linux the start time tells two processes of one id apart. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

export const thisProcess = `${hostname()}/${process.pid}/${startOf(process.pid)}`;

/** Another computer's process cannot be asked: it counts as alive while it was heard of within this time (milliseconds). */
const silence = 600_000;

/**
 * False only if the owner is known or, on another computer, must be taken to be gone.
 * @param seenAt when it last stored something
 */
export function isAlive(owner: string | null, seenAt: string | null): boolean {
  if (owner === null) return false;
  const [host, id, start] = owner.split('/');
  if (host !== hostname()) return seenAt !== null && Date.now() - Date.parse(seenAt) < silence;
  const pid = Number(id);
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return start === '' || startOf(pid) === start;
}

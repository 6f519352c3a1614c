/** Memory that a process may still take before something has to go. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import path from 'node:path';

/** Bytes; what the system only keeps as a copy of files counts as available. */
export function availableMemory(): number {
  if (process.platform === 'darwin') return availableOnMac();
  // On Linux and Windows this includes what the file cache can give back.
  return Math.min(freemem(), availableInGroup() ?? Infinity);
}

/** Bytes that the machine has, or that the control group of this process may use. */
export function wholeMemory(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(totalmem(), constrained) : totalmem();
}

/**
 * What a Linux control group (a container, a systemd unit) leaves; null where none sets a limit. Node's own number takes the file
 * cache for used: a model that was just read would seem not to fit.
 */
function availableInGroup(): number | null {
  const limit = process.constrainedMemory();
  if (process.platform !== 'linux' || limit === 0 || limit >= totalmem()) return null;
  for (const folder of groupFolders()) {
    try {
      const used = Number(read(path.join(folder, 'memory.current')) ?? read(path.join(folder, 'memory.usage_in_bytes')));
      const stat = read(path.join(folder, 'memory.stat'));
      if (Number.isFinite(used) && used > 0 && stat !== null) return Math.max(0, limit - used + fileCache(stat));
    } catch {
      // The next folder may be the one.
    }
  }
  return process.availableMemory();
}

/** In containers the group's own files lie at the root of what is mounted. */
function groupFolders(): string[] {
  const own = (read('/proc/self/cgroup') ?? '').split('\n').flatMap((line) => {
    const [, controllers, name] = line.split(':');
    if (name === undefined) return [];
    if (controllers === '') return [path.join('/sys/fs/cgroup', name)];
    return controllers!.split(',').includes('memory') ? [path.join('/sys/fs/cgroup/memory', name)] : [];
  });
  return [...own, '/sys/fs/cgroup', '/sys/fs/cgroup/memory'];
}

/** Bytes of file cache in a `memory.stat`; in version 1 of control groups the sums with the groups below begin with `total_`. */
export function fileCache(stat: string): number {
  const of = (name: string): number | null => {
    const line = new RegExp(`^${name} (\\d+)$`, 'm').exec(stat);
    return line === null ? null : Number(line[1]);
  };
  return (of('total_inactive_file') ?? of('inactive_file') ?? 0) + (of('total_active_file') ?? of('active_file') ?? 0);
}

/** Free memory alone is always little on macOS: nearly all of it holds copies of files. */
function availableOnMac(): number {
  try {
    return availablePages(execFileSync('vm_stat', { encoding: 'utf8', timeout: 2000 }));
  } catch {
    return totalmem() / 2;
  }
}

/** Bytes in what `vm_stat` says: pages that are free, or can be had without writing anything. */
export function availablePages(words: string): number {
  const size = Number(/page size of (\d+) bytes/.exec(words)?.[1] ?? 4096);
  const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)\\.`, 'm').exec(words)?.[1] ?? 0);
  return size * (of('Pages free') + of('Pages inactive') + of('Pages speculative') + of('Pages purgeable'));
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

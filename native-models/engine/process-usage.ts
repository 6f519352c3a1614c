/** What another process uses, as the system accounts for it: the engine itself cannot answer while native code runs in it. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface ProcessUsage {
  /** Processor time of all its threads since it began, in seconds; steps of a hundredth. */
  readonly cpu: number;
  /** Bytes in memory. */
  readonly memory: number;
}

/** @returns null where the system does not tell (Windows), and for a process that is gone */
export async function usageOf(pid: number): Promise<ProcessUsage | null> {
  try {
    if (process.platform === 'linux') {
      const [stat, status] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile(`/proc/${pid}/status`, 'utf8')]);
      return usageInProc(stat, status);
    }
    if (process.platform === 'darwin') {
      const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=,time=', '-p', String(pid)], { timeout: 2000 });
      return usageInWords(stdout);
    }
    return null;
  } catch {
    return null;
  }
}

/**
 * @param stat /proc/PID/stat, whose fields 14 and 15 are ticks in user and system mode; the second, the name, may hold anything
 * @param status /proc/PID/status
 */
export function usageInProc(stat: string, status: string): ProcessUsage | null {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const memory = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  // A process that has ended but was not waited for has no memory.
  if (memory === undefined) return null;
  // A hundred ticks a second, on every Linux that Node runs on (USER_HZ).
  return { cpu: (Number(fields[11]) + Number(fields[12])) / 100, memory: 1024 * Number(memory) };
}

/** @param words of `ps -o rss=,time=`: kilobytes, and [[days-]hours:]minutes:seconds */
export function usageInWords(words: string): ProcessUsage | null {
  const [, memory, days, time] = /^\s*(\d+)\s+(?:(\d+)-)?([\d:.]+)\s*$/.exec(words) ?? [];
  if (memory === undefined || time === undefined) return null;
  const seconds = time.split(':').reduce((sum, part) => 60 * sum + Number(part), 0);
  return { cpu: 86_400 * Number(days ?? 0) + seconds, memory: 1024 * Number(memory) };
}

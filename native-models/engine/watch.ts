/**
 * Watches an engine from outside while it owes an answer. It cannot give signs of life itself: ONNX Runtime's calls block its only
 * JavaScript thread, for minutes with large models. But who computes uses processor time.
 */
import { readFileSync } from 'node:fs';
import { availableMemory, wholeMemory } from '../device/available-memory.ts';
import { usageOf } from './process-usage.ts';

/** What was last seen of an engine that died. */
export interface Sighting {
  /** Bytes that it held; null where the system does not tell. */
  readonly memory: number | null;
  /** Bytes that were left to all. */
  readonly available: number;
  readonly whole: number;
  /** Processes that Linux has ended for lack of memory since it was started; null elsewhere. */
  readonly kills: number | null;
}

export interface WatchOptions {
  readonly pid: number;
  /** Whether it owes an answer, and the lab is not itself what it waits for. */
  readonly owes: () => boolean;
  /** Called once, when it has stood still for too long. @param seconds how long */
  readonly onHang: (seconds: number) => void;
  /** Milliseconds without any processor time that mean that it hangs. */
  readonly standstill?: number;
  /** Milliseconds without an answer that mean it where the system tells no processor time. */
  readonly silence?: number;
}

/** Milliseconds between two looks; one look takes a tenth of one on Linux, and a process on macOS. */
const interval = process.platform === 'darwin' ? 5000 : 1000;
/** A driver may keep a graphics card busy for some seconds meanwhile; no batch takes that long. */
const usualStandstill = 120_000;
const usualSilence = 1_800_000;

export class EngineWatch {
  readonly #options: WatchOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #interval: number;
  #cpu: number | null = null;
  /** Looks at which nothing had moved: a sleeping machine looks at nothing, so that waking up is no hang. */
  #still = 0;
  #memory: number | null = null;
  #available = availableMemory();
  /** At the last look but one, and at the last: the process that was ended may still be seen at the look after. */
  #kills = [outOfMemoryKills(), outOfMemoryKills()];

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#interval = Math.min(interval, (options.standstill ?? usualStandstill) / 4);
    this.#timer = setInterval(() => void this.#look(), this.#interval).unref();
  }

  /** To be called when it answers in any way. */
  moved(): void {
    this.#still = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** What is known when it has died. */
  sighting(): Sighting {
    const [before] = this.#kills;
    const kills = outOfMemoryKills();
    return {
      memory: this.#memory,
      available: this.#available,
      whole: wholeMemory(),
      kills: kills === null || before == null ? null : kills - before,
    };
  }

  async #look(): Promise<void> {
    if (!this.#options.owes()) {
      this.#still = 0;
      return;
    }
    const usage = await usageOf(this.#options.pid);
    // What is left after it has gone is not what was left to it.
    if (usage === null && this.#cpu !== null) return;
    this.#memory = usage?.memory ?? null;
    this.#available = availableMemory();
    this.#kills = [this.#kills[1] ?? null, outOfMemoryKills()];
    this.#still = usage !== null && usage.cpu !== this.#cpu ? 0 : this.#still + 1;
    this.#cpu = usage?.cpu ?? null;
    const limit = usage === null ? (this.#options.silence ?? usualSilence) : (this.#options.standstill ?? usualStandstill);
    if (this.#still * this.#interval < limit) return;
    this.stop();
    this.#options.onHang(Math.round((this.#still * this.#interval) / 1000));
  }
}

/** Linux counts how often it ended a process for lack of memory, in the whole machine or in one control group. */
function outOfMemoryKills(): number | null {
  if (process.platform !== 'linux') return null;
  try {
    const count = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1];
    return count === undefined ? null : Number(count);
  } catch {
    return null;
  }
}

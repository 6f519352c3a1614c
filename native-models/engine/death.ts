/** What an engine died of, told from how its process ended, what it wrote last, and what was last seen of it. */
import { LabError } from '../../probes/lab-error.ts';
import { inWords } from '../device/memory.ts';
import type { Sighting } from './watch.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of its error stream. */
  readonly words: string;
}

/** Of V8, of C++, of ONNX Runtime, of graphics drivers. */
const outOfMemory = /bad_alloc|out of memory|heap limit|Failed to allocate memory|VK_ERROR_OUT_OF_(DEVICE|HOST)_MEMORY/i;
/** Windows ends a process that it has no memory for with STATUS_NO_MEMORY. */
const noMemory = 0xc000_0017;
/** WebGPU's library says so on every machine without a Vulkan driver. */
const noise = /^Warning: Couldn't load Vulkan:.*\n\s+at .*\n?/gm;
/** With less than this share of the memory left, or more than that in the engine, it is to be expected that the system ends it. */
const scarce = 0.05;
const most = 0.75;

const kept = 'every finished item is stored';

/**
 * SIGKILL that the lab did not send is the system's answer to a lack of memory, or somebody's wish. Linux counts the former; where
 * nothing is counted, or another program (systemd-oomd, earlyoom, a Mac's own guard) did it, the memory that was left tells.
 */
export function deathOf({ code, signal, words }: Exit, seen: Sighting): LabError {
  const heard = words.replaceAll(noise, '').trim();
  const said = heard === '' ? '' : ` Its last words: ${lastWords(heard)}`;
  const how = signal ?? `exit ${code}`;
  const counted = signal === 'SIGKILL' && (seen.kills ?? 0) > 0;
  const short = signal === 'SIGKILL' && (seen.available < scarce * seen.whole || (seen.memory ?? 0) > most * seen.whole);
  if (counted || short || code === noMemory || outOfMemory.test(heard)) {
    const by = counted ? 'the system ended the engine for lack of memory' : `the engine ran out of memory (${how})`;
    return new LabError(
      'engine-out-of-memory',
      `${by}.${held(seen)}${said}`,
      `Close other programs or models, or use a smaller or a quantised model, then resume: ${kept}.`,
    );
  }
  if (signal === 'SIGKILL')
    return new LabError(
      'engine-crashed',
      `the engine was ended from outside (SIGKILL), and memory was not short.${held(seen)}${said}`,
      `If that was you, resume the run: ${kept}. Otherwise look into the system's log.`,
    );
  return new LabError(
    'engine-crashed',
    `the engine process ended (${how}).${said}`,
    `Resume the run: ${kept}. If it crashes at the same place again, the model file is suspect; on a graphics card its driver may be: choose the processor.`,
  );
}

/** Native programs print their stack behind what they have to say. */
function lastWords(heard: string): string {
  const lines = heard.split('\n').map((line) => line.trim());
  const telling = lines.filter((line) => /fatal|error|terminate|what\(\)|assert|memory/i.test(line));
  return (telling.length > 0 ? telling : lines).slice(-3).join(' / ');
}

function held({ memory, available, whole }: Sighting): string {
  const own = memory === null ? '' : `It held ${inWords(memory)}; `;
  return ` ${own}${inWords(available)} of ${inWords(whole)} were left when it was last seen.`;
}

/** @param seconds without processor time; null for a cancelled call that did not end */
export function hung(seconds: number | null): LabError {
  const found =
    seconds === null ? 'it hung in a call that had been cancelled' : `it had stood still for ${seconds} s while a call was going on`;
  return new LabError(
    'engine-hung',
    `the engine was ended because ${found}`,
    `Resume the run: ${kept}. If it happens on a graphics card, choose the processor.`,
  );
}

/** An engine for one command: opened from the command line's options, stopped by Ctrl-C, closed at the end. */
import { availableParallelism } from 'node:os';
import { openEngine, type EngineClient } from '../../../native-models/engine/client.ts';
import { devices, type DeviceChoice } from '../../../native-models/device/devices.ts';
import { LabError } from '../../../probes/lab-error.ts';
import { modelRef } from '../../lab/engines.ts';
import { listOption, textOption, type Arguments } from '../arguments.ts';
import { inert } from '../table.ts';

export const engineOptions = ['model', 'device', 'insist'] as const;

/** @throws LabError `usage` for a device that there is not; `cancelled` after Ctrl-C; whatever opening the model and the work throw */
export async function withEngine<T>(given: Arguments, work: (engine: EngineClient, signal: AbortSignal) => Promise<T>): Promise<T> {
  const sources = listOption(given, 'model');
  if (sources.length !== 1)
    throw new LabError('usage', 'this command takes one --model', 'Give a folder, an .onnx file, or one of liar, honest, scrambled.');
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    const { signal } = stopping;
    const options = { threads: availableParallelism(), device: deviceOption(given), insist: given.values['insist'] === true, signal };
    const engine = await openEngine(modelRef(sources[0]!).source, options);
    try {
      return await work(engine, signal);
    } finally {
      await engine.close();
    }
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

export function deviceOption(given: Arguments): DeviceChoice {
  const name = textOption(given, 'device') ?? 'auto';
  if (name === 'auto' || (devices as readonly string[]).includes(name)) return name as DeviceChoice;
  throw new LabError('usage', `there is no device "${inert(name)}"`, `One of: auto, ${devices.join(', ')}.`);
}

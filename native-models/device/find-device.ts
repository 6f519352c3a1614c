/**
 * The chain of devices. ONNX Runtime has one of its own, but a provider that does not start throws even where another stands
 * behind it, and what it cannot do it moves to the processor without a word.
 */
import { LabError } from '../../probes/lab-error.ts';
import type { OnnxModel } from '../onnx/graph.ts';
import { candidates, missing, type Device, type DeviceChoice } from './devices.ts';
import { deviceUnavailable, wordsOf } from './refusal.ts';
import { onProcessor, type DeviceReport, type Trial } from './report.ts';
import { isSoftware } from './software.ts';
import { tryModel, type Feeds, type TrialOptions } from './trial.ts';

/**
 * Finds the device for a model. `auto` takes the first that runs it, agrees with the processor and is not slower. A chosen device
 * is used if it runs the model at all; how far it agrees is in the report.
 * @param feeds inputs for the trial; few, of a usual kind
 * @throws LabError `device-unavailable` if a chosen device does not run the model: no run is moved to another behind the user's back
 */
export function findDevice(
  asked: DeviceChoice,
  model: OnnxModel,
  graphFile: string,
  feeds: Feeds,
  options: TrialOptions,
): Promise<DeviceReport> {
  const trial = (device: Device): Promise<Trial> => tryModel(device, model, graphFile, feeds, options);
  if (asked !== 'auto') return chosenDevice(asked, trial);
  return firstDevice(candidates(asked), async (device) => {
    const absent = missing(device);
    if (absent !== null) return absent;
    if (await isSoftware(device)) return 'it computes in software, more slowly than the processor does without it';
    const result = await trial(device);
    return faultOf(result) ?? result;
  });
}

async function chosenDevice(device: Device, trial: (device: Device) => Promise<Trial>): Promise<DeviceReport> {
  const report = { asked: device, used: device, tried: [] };
  if (device === 'cpu') return { ...report, ...onProcessor };
  const absent = missing(device);
  if (absent !== null) throw deviceUnavailable(device, absent);
  try {
    return { ...report, ...(await trial(device)) };
  } catch (thrown) {
    throw thrown instanceof LabError ? thrown : deviceUnavailable(device, wordsOf(thrown), thrown);
  }
}

/** @param attempt gives a trial, or the reason why the device is not used; an error is such a reason */
export async function firstDevice(devices: readonly Device[], attempt: (device: Device) => Promise<Trial | string>): Promise<DeviceReport> {
  const tried: { device: Device; error: string }[] = [];
  for (const device of devices) {
    if (device === 'cpu') break;
    const outcome = await attempt(device).catch(wordsOf);
    if (typeof outcome !== 'string') return { asked: 'auto', used: device, tried, ...outcome };
    tried.push({ device, error: outcome });
  }
  return { asked: 'auto', used: 'cpu', tried, ...onProcessor };
}

/** Why `auto` does not use a device that runs the model; null where it does. */
function faultOf({ deviation, time }: Trial): string | null {
  if (deviation !== null && !deviation.within)
    return `its results differ from the processor's by ${deviation.relative.toExponential(1)} of the largest value; ${deviation.tolerance} is allowed`;
  if (time !== null && time.device > time.cpu)
    return `it is slower with this model: ${time.device.toFixed(1)} ms where the processor takes ${time.cpu.toFixed(1)} ms`;
  return null;
}

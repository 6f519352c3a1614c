/** Why ONNX Runtime does not do something, in words that a user can read. */
import { LabError } from '../../probes/lab-error.ts';
import type { Device } from './devices.ts';

/** Without the place in ONNX Runtime's sources that its messages begin with. */
export function wordsOf(thrown: unknown): string {
  const message = (thrown instanceof Error ? thrown.message : String(thrown)).trim();
  return /^\/onnxruntime_src\/.* was false\. (.+)$/s.exec(message)?.[1] ?? message;
}

export function deviceUnavailable(device: Device, why: string, cause?: unknown): LabError {
  return new LabError(
    'device-unavailable',
    `${device} cannot be used: ${why}`,
    'Choose "auto" or "cpu"; where a graphics driver is at fault, update it.',
    { cause },
  );
}

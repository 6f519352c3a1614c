/** What a model can run on, and in which order it is tried. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { listSupportedBackends } from 'onnxruntime-node';

export const devices = ['cpu', 'webgpu', 'cuda', 'directml', 'coreml'] as const;

export type Device = (typeof devices)[number];

/** `auto` takes the first device that starts, agrees with the processor and is not slower than it. */
export type DeviceChoice = 'auto' | Device;

/** ONNX Runtime's name of each device's execution provider, when it is asked for one and when it reports on one. */
export const providers: Readonly<Record<Device, { readonly option: string; readonly reported: string }>> = {
  cpu: { option: 'cpu', reported: 'CPUExecutionProvider' },
  webgpu: { option: 'webgpu', reported: 'WebGpuExecutionProvider' },
  cuda: { option: 'cuda', reported: 'CUDAExecutionProvider' },
  directml: { option: 'dml', reported: 'DmlExecutionProvider' },
  coreml: { option: 'coreml', reported: 'CoreMLExecutionProvider' },
};

/**
 * Of several devices on a platform the one made by its vendor comes first. Not so on macOS: Core ML computes in 16 bits on the
 * neural engine and compiles anew for each length of text.
 */
const order: Partial<Record<NodeJS.Platform, readonly Device[]>> = {
  win32: ['directml', 'webgpu', 'cpu'],
  darwin: ['webgpu', 'coreml', 'cpu'],
  linux: ['cuda', 'webgpu', 'cpu'],
};

/** The devices to try for a choice, in turn. A chosen device is not replaced by another. */
export function candidates(choice: DeviceChoice, platform: NodeJS.Platform = process.platform): readonly Device[] {
  if (choice !== 'auto') return [choice];
  return order[platform] ?? ['cpu'];
}

/** Why a device cannot be asked for at all in this installation; null where only trying it can tell. */
export function missing(device: Device): string | null {
  const backend = listSupportedBackends().find(({ name }) => name === providers[device].option);
  if (backend === undefined) return `this build of ONNX Runtime has no ${device} for ${process.platform} on ${process.arch}`;
  if (backend.bundled || existsSync(path.join(binaries(), `libonnxruntime_providers_${backend.name}.so`))) return null;
  return `its libraries are not installed${device === 'cuda' ? ' (set CANDOR_CUDA=1 and run the set-up again)' : ''}`;
}

/** Where ONNX Runtime's libraries lie, and those that are fetched later are put. */
function binaries(): string {
  const entry = createRequire(import.meta.url).resolve('onnxruntime-node');
  return path.join(entry, '../../bin/napi-v6', process.platform, process.arch);
}

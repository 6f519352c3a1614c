/** ONNX Runtime sessions on the lab's own graphs, whose weights stay where they lie on disk, on the device that was chosen. */
import path from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { LabError } from '../../probes/lab-error.ts';
import type { OnnxModel } from '../onnx/graph.ts';
import { encodeModel } from '../onnx/write.ts';
import { providers, type Device } from './devices.ts';
import { fetchingAll } from './device-tensors.ts';
import './float16.ts';
import { isOutOfMemory, outOfMemory } from './memory.ts';
import { deviceUnavailable, wordsOf } from './refusal.ts';
import { keepOnCpu } from './webgpu-fixes.ts';

export interface SessionOptions {
  readonly threads: number;
  /** Folder that external data is named relative to; that of the graph when absent. */
  readonly weightFolder?: string;
  /** The processor when absent. */
  readonly device?: Device;
  /**
   * Outputs that are only fed back, as a key-value cache is: they stay in the device's memory where it can hold them
   * (`device-tensors.ts`). Reading such a tensor ends the process.
   */
  readonly keepOnDevice?: readonly string[];
  /** `disabled` runs the graph as it is written, node by node, so that a profile names its nodes. */
  readonly optimisation?: 'all' | 'disabled';
  /** Where to write a profile of the runs until `endProfiling`: the beginning of a file's path. */
  readonly profile?: string;
}

/**
 * @param graphFile the file that inline weights lie in, with symbolic links resolved; empty where no weight is inline
 * @throws LabError `model-unreadable` with ONNX Runtime's own words; `device-unavailable` if the device does not start or does
 *   not take this graph; `engine-out-of-memory` if the weights do not fit
 */
export async function createSession(model: OnnxModel, graphFile: string, options: SessionOptions): Promise<InferenceSession> {
  const device = options.device ?? 'cpu';
  const folder = options.weightFolder ?? path.dirname(graphFile);
  const fixed = device === 'webgpu' ? keepOnCpu(model) : { model, nodes: [] };
  const bytes = encodeModel(fixed.model, path.relative(folder, graphFile).replaceAll('\\', '/'));
  // NVIDIA's cards otherwise multiply float32 matrices with a mantissa of 10 bits (TensorFloat-32).
  if (device === 'cuda') process.env['NVIDIA_TF32_OVERRIDE'] ??= '0';
  const provider = { name: providers[device].option, ...(fixed.nodes.length > 0 ? { forceCpuNodeNames: fixed.nodes } : {}) };
  const keeping = kept(device, model, options.keepOnDevice ?? []);
  try {
    const session = await InferenceSession.create(bytes, {
      executionProviders: [provider],
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
      // DirectML cannot do with planned memory.
      enableMemPattern: device !== 'directml',
      graphOptimizationLevel: options.optimisation ?? 'all',
      ...(keeping === null ? {} : { preferredOutputLocation: keeping }),
      ...(options.profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: options.profile }),
      // Threads that spin while they wait slow down every other session on the machine.
      // Masked scores leave numbers next to nothing behind, with which a processor computes many times slower than with zero.
      extra: {
        session: { model_external_initializers_file_folder_path: folder, intra_op: { allow_spinning: '0' }, set_denormal_as_zero: '1' },
      },
    });
    return keeping === null ? session : fetchingAll(session);
  } catch (thrown) {
    throw refused(thrown, device, graphFile === '' ? folder : graphFile);
  }
}

/** Only WebGPU's tensors can be kept and fed back; what is not named goes to the processor's memory. */
function kept(device: Device, { graph }: OnnxModel, names: readonly string[]): Readonly<Record<string, 'gpu-buffer'>> | null {
  const outputs = graph.outputs.filter(({ name }) => names.includes(name));
  if (device !== 'webgpu' || outputs.length === 0) return null;
  return Object.fromEntries(outputs.map(({ name }) => [name, 'gpu-buffer' as const]));
}

function refused(thrown: unknown, device: Device, where: string): LabError {
  if (isOutOfMemory(thrown)) return outOfMemory(thrown, `while ${where} was loaded`);
  if (device !== 'cpu') return deviceUnavailable(device, wordsOf(thrown), thrown);
  return new LabError(
    'model-unreadable',
    `ONNX Runtime refuses ${where}: ${wordsOf(thrown)}`,
    'The file is damaged, or uses operators that this version does not have: export it again.',
    { cause: thrown },
  );
}

/** Memory in the engine process: whether a model fits, and whether an error says that it ran out. */
import { LabError } from '../../probes/lab-error.ts';
import type { OnnxModel } from '../onnx/graph.ts';
import type { ModelSizes } from '../sizes.ts';
import { availableMemory } from './available-memory.ts';
import { bareEngine, batchNeeds, weightNeeds } from './memory-needs.ts';

/** In bytes; `memory-needs.ts` says what each stands for. */
export interface MemoryReport {
  /** One session's weights. */
  readonly weights: number;
  /** The largest batch. */
  readonly batch: number;
  /** All that opening and running it will take, with the engine itself. */
  readonly needed: number;
  /** What the machine had left when it was opened. */
  readonly available: number;
}

/**
 * @param tokens of the largest batch
 * @param insist opens it all the same
 * @throws LabError `model-too-large` with the numbers
 */
export function checkMemory(
  model: OnnxModel,
  sizes: ModelSizes,
  tokens: number,
  insist: boolean,
  available = availableMemory(),
): MemoryReport {
  const { loaded, opening } = weightNeeds(model);
  const batch = batchNeeds(sizes, tokens);
  const needed = bareEngine + loaded + Math.max(opening, batch);
  if (needed > available && !insist)
    throw new LabError(
      'model-too-large',
      `the model needs about ${inWords(needed)} of memory (${inWords(loaded)} of weights, ${inWords(batch)} for a batch), and ${inWords(available)} are available`,
      'Close other programs or models, take a smaller or a quantised variant, or insist on opening it: the system may then end it.',
    );
  return { weights: loaded, batch, needed, available };
}

/**
 * Words for it: of ONNX Runtime's arena, of C++ on Linux and macOS and on Windows, of CUDA and cuBLAS, of DirectML, of WebGPU (an
 * allocation of Dawn that failed shows as an invalid buffer where it is used first), of V8.
 */
const words = [
  /Failed to allocate memory/i,
  /bad_alloc|bad allocation|bad array new length/,
  /CUDA failure 2\b|CUDA_ERROR_OUT_OF_MEMORY|CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS_ALLOC_FAILED|Available memory of \d+ is smaller than requested/,
  /8007000E|Not enough memory resources/i,
  /VK_ERROR_OUT_OF_(DEVICE|HOST)_MEMORY|\[Invalid Buffer[^\]]*\] is invalid|exceeds the max buffer size|out of memory/i,
  /Array buffer allocation failed|Invalid typed array length|Invalid array buffer length|Cannot allocate memory|ENOMEM/,
];

/** Whether an error says that memory ran out; a smaller batch, or fewer sessions, may then help. */
export function isOutOfMemory(thrown: unknown): boolean {
  if (thrown instanceof LabError) return thrown.code === 'engine-out-of-memory';
  if (!(thrown instanceof Error)) return false;
  return words.some((pattern) => pattern.test(thrown.message));
}

/** The same in words for the user. @param when such as "while model.onnx was loaded" */
export function outOfMemory(thrown: unknown, when: string): LabError {
  const asked = /requested buffer of size (\d+)/.exec(thrown instanceof Error ? thrown.message : '')?.[1];
  return new LabError(
    'engine-out-of-memory',
    `memory ran out ${when}${asked === undefined ? '' : `: ${inWords(Number(asked))} more were asked for`}`,
    'Close other programs or models, use a smaller or a quantised model, or shorter texts.',
    { cause: thrown },
  );
}

/** Bytes as people write them: in units of 1000, as disks and memory are sold. */
export function inWords(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/**
 * Tensors that stay in a device's memory, as a key-value cache does between two steps: it never travels to the processor and back.
 * They can only be fed back; asking one for its values ends the process. The collector does not know how large they are, so
 * whoever is done with one gives it back.
 */
import type { Tensor } from 'onnxruntime-node';

/** Gives back the memory of those that lie on a device; others are left to the collector. */
export function releaseTensors(tensors: Readonly<Record<string, Tensor>>): void {
  for (const tensor of Object.values(tensors)) if (tensor.location === 'gpu-buffer') tensor.dispose();
}

/**
 * Float16 tensors hold their bits in a Uint16Array.
 *
 * onnxruntime-common takes a Float16Array where JavaScript has one (Node 24), but the native part of onnxruntime-node 1.30 reads
 * such an array as empty: no float16 input can be fed, not even one that the model itself gave ("not enough space: expected 4,
 * got 0"). It looks for Float16Array once, when the first tensor is made; this module makes that tensor while there is none.
 * To be imported before tensors are made: `session.ts` does.
 */
import { Tensor } from 'onnxruntime-node';

const own = Object.getOwnPropertyDescriptor(globalThis, 'Float16Array');
if (own !== undefined) {
  Reflect.deleteProperty(globalThis, 'Float16Array');
  new Tensor('float32', new Float32Array(1), [1]);
  Object.defineProperty(globalThis, 'Float16Array', own);
}

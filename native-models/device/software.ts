/** Drivers that compute on the processor what a graphics card should (SwiftShader, lavapipe), a hundred times more slowly than ONNX Runtime does. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { dataType, type OnnxModel } from '../onnx/graph.ts';
import { encodeModel, makeNode, valueInfo } from '../onnx/write.ts';
import { WireWriter } from '../onnx/wire.ts';
import { providers, type Device } from './devices.ts';

const size = 256;
/**
 * Milliseconds for a product of two square matrices of that size: 2 GFLOP/s. Two cores need 1 ms, a graphics card mostly the way
 * there and back, SwiftShader on two cores 400 ms. What is quicker may be tried with a model without the user having to wait long.
 */
const limit = 15;
/** A driver may be busy at first. */
const tries = 2;

/** @throws Error with ONNX Runtime's words if the device does not start */
export async function isSoftware(device: Device): Promise<boolean> {
  const session = await InferenceSession.create(encodeModel(product(), ''), {
    executionProviders: [providers[device].option],
    logSeverityLevel: 3,
  });
  const feeds = { x: new Tensor('float32', new Float32Array(size * size).fill(0.5), [size, size]) };
  try {
    // The first run compiles.
    await session.run(feeds);
    for (let left = tries; left > 0; left--) {
      const begun = performance.now();
      await session.run(feeds);
      if (performance.now() - begun <= limit) return false;
    }
    return true;
  } finally {
    await session.release();
  }
}

function product(): OnnxModel {
  const shape = [size, size];
  return {
    graph: {
      name: 'product',
      nodes: [makeNode('MatMul', ['x', 'x'], ['y'])],
      initializers: [],
      inputs: [valueInfo('x', dataType.float, shape)],
      outputs: [valueInfo('y', dataType.float, shape)],
      rest: [],
    },
    opsets: new Map([['', 17]]),
    // ModelProto: ir_version (1), opset_import (8) with its version (2).
    rest: [new WireWriter().integer(1, 8).message(8, new WireWriter().integer(2, 17)).finish()],
  };
}

/**
 * Tensors that stay in a device's memory, as a key-value cache does between two steps: it never travels to the processor and back.
 * They can only be fed back; asking one for its values ends the process.
 *
 * The collector never gives one back, so that whoever is done with one has to; what is left goes with its session. In onnxruntime-node
 * 1.30 a session that keeps outputs also keeps about three quarters of the bytes that it was fed from the processor's memory, until
 * it is released: with ids, masks and positions some 20 MB for a million tokens.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-node';

/** Gives back the memory of those that lie on a device; others are left to the collector. */
export function releaseTensors(tensors: Readonly<Record<string, Tensor>>): void {
  for (const tensor of Object.values(tensors)) if (tensor.location === 'gpu-buffer') tensor.dispose();
}

/**
 * Makes a session that keeps outputs on a device compute all outputs in every run, whichever are asked for.
 *
 * onnxruntime-node 1.30 binds the outputs of such a session and never unbinds one: with fewer in the next run it fails ("Output count
 * mismatch", "Tensor size mismatch"), and with others it takes one for another.
 */
export function fetchingAll(session: InferenceSession): InferenceSession {
  const run = session.run.bind(session);
  session.run = async (feeds: InferenceSession.FeedsType, asked?: unknown): Promise<InferenceSession.ReturnType> => {
    const outputs = await run(feeds);
    if (!Array.isArray(asked)) return outputs;
    const isAsked = ([name]: readonly [string, unknown]): boolean => asked.includes(name);
    const all = Object.entries(outputs);
    releaseTensors(Object.fromEntries(all.filter((entry) => !isAsked(entry))));
    return Object.fromEntries(all.filter(isAsked));
  };
  return session;
}

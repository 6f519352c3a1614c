/** Runs a model's graph on a device and on the processor, and compares. */
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { OnnxModel } from '../onnx/graph.ts';
import { deviationOf, toleranceOf } from './deviation.ts';
import type { Device } from './devices.ts';
import { ProfileFolder, type Fallback } from './profile.ts';
import type { Trial } from './report.ts';
import { createSession, type SessionOptions } from './session.ts';

export type Feeds = Readonly<Record<string, Tensor>>;
export type TrialOptions = Pick<SessionOptions, 'threads' | 'weightFolder'>;

interface Ran {
  readonly outputs: InferenceSession.ReturnType;
  readonly milliseconds: number;
  readonly fallback: readonly Fallback[];
}

/**
 * The two sessions are opened one after the other and closed again, so that the model is in memory once.
 * @param feeds few inputs of a usual kind: a device may be slow
 * @throws LabError as `createSession` does; Error of ONNX Runtime where the graph cannot be run
 */
export async function tryModel(device: Device, model: OnnxModel, graphFile: string, feeds: Feeds, options: TrialOptions): Promise<Trial> {
  const there = await runOn(device, model, graphFile, feeds, options);
  const here = await runOn('cpu', model, graphFile, feeds, options);
  return {
    fallback: there.fallback,
    deviation: deviationOf(there.outputs, here.outputs, toleranceOf(model)),
    time: { device: there.milliseconds, cpu: here.milliseconds },
  };
}

async function runOn(device: Device, model: OnnxModel, graphFile: string, feeds: Feeds, options: TrialOptions): Promise<Ran> {
  const profile = new ProfileFolder();
  try {
    const session = await createSession(model, graphFile, { ...options, device, profile: profile.prefix });
    // The first run compiles and allocates; a profile would slow down the one that is timed.
    const outputs = await session.run(feeds);
    const fallback = profile.fallback(session);
    const begun = performance.now();
    await session.run(feeds);
    const milliseconds = performance.now() - begun;
    await session.release();
    return { outputs, milliseconds, fallback };
  } finally {
    profile.remove();
  }
}

/** ONNX Runtime sessions on the lab's own graphs, whose weights stay where they lie on disk. */
import path from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { LabError } from '../probes/lab-error.ts';
import type { OnnxModel } from './onnx/graph.ts';
import { encodeModel } from './onnx/write.ts';

export interface SessionOptions {
  readonly threads: number;
  /** Folder that external data is named relative to; that of the graph when absent. */
  readonly weightFolder?: string;
}

/**
 * @param graphFile the file that inline weights lie in, with symbolic links resolved
 * @throws LabError `model-unreadable` with ONNX Runtime's own words
 */
export async function createSession(model: OnnxModel, graphFile: string, options: SessionOptions): Promise<InferenceSession> {
  const folder = options.weightFolder ?? path.dirname(graphFile);
  const bytes = encodeModel(model, path.relative(folder, graphFile).replaceAll('\\', '/'));
  try {
    return await InferenceSession.create(bytes, {
      executionProviders: ['cpu'],
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
      // Threads that spin while they wait slow down every other session on the machine.
      extra: { session: { model_external_initializers_file_folder_path: folder, intra_op: { allow_spinning: '0' } } },
    });
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new LabError(
      'model-unreadable',
      `ONNX Runtime refuses ${graphFile}: ${why}`,
      'The file is damaged, or uses operators that this version does not have: export it again.',
      { cause: thrown },
    );
  }
}

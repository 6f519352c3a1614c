/** The identity of a model: the SHA-256 of every file that its answers depend on. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FileHash } from './description.ts';
import type { OpenedModel } from './opened.ts';

/** The folder that a model's files lie in: it may have been opened by the path of one of them. */
export function homeOf({ folder }: Pick<OpenedModel, 'folder'>): string {
  return folder.endsWith('.onnx') && statSync(folder).isFile() ? path.dirname(folder) : folder;
}

/**
 * Hashed in a thread of their own: a model of many gigabytes takes as long to hash as to load, and both can go on at once.
 * Paths are relative to the folder, so that the same model has the same list wherever it lies.
 */
export function hashFiles(folder: string, files: readonly string[]): Promise<FileHash[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(path.join(import.meta.dirname, 'hash-worker.ts'), { workerData: files });
    worker.once('message', (hashes: { bytes: number; sha256: string }[]) =>
      resolve(hashes.map((hash, index) => ({ path: path.relative(folder, files[index]!).replaceAll('\\', '/'), ...hash }))),
    );
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread that hashes files ended with ${code}`)));
  });
}

/** Of the check of itself: what it found is believed until this changes. */
const checkVersion = 1;

/**
 * What files, runtime and device look like from outside. While it is the same, hashes and the check of itself need not be repeated;
 * a file that was changed without changing its size or its time is not noticed, as by every build tool.
 */
export function outsideOf(files: readonly string[], device: string): string {
  const stats = files.map((file) => {
    const { size, mtimeMs, ino } = statSync(file);
    return [file, size, mtimeMs, ino];
  });
  const runtime = (createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }).version;
  return createHash('sha256')
    .update(JSON.stringify([checkVersion, runtime, process.platform, process.arch, device, stats]))
    .digest('hex');
}

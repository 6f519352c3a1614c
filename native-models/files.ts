/** The identity of a model: the SHA-256 of every file that its answers depend on. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import type { FileHash } from './description.ts';

/** Streamed; paths relative to the folder, so that the same model has the same list wherever it lies. */
export async function hashFiles(folder: string, files: readonly string[]): Promise<FileHash[]> {
  return Promise.all(
    files.map(async (file) => {
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
        hash.update(chunk as Buffer);
        bytes += (chunk as Buffer).length;
      }
      return { path: path.relative(folder, file).replaceAll('\\', '/'), bytes, sha256: hash.digest('hex') };
    }),
  );
}

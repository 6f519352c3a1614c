/** Hashes the files that it is given, one after the other. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

const block = new Uint8Array(4 * 1024 * 1024);

function hashFile(file: string): { bytes: number; sha256: string } {
  const hash = createHash('sha256');
  const descriptor = openSync(file, 'r');
  try {
    let bytes = 0;
    for (let got = readSync(descriptor, block); got > 0; got = readSync(descriptor, block)) {
      hash.update(block.subarray(0, got));
      bytes += got;
    }
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    closeSync(descriptor);
  }
}

parentPort!.postMessage((workerData as readonly string[]).map(hashFile));

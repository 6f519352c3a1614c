/** The thread that prepares images; see `loader.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { reportOf } from '../../probes/lab-error.ts';
import type { LoadAnswer, LoadQuestion } from './loader.ts';
import { loadImage } from './preprocess.ts';
import type { Preprocessing } from './preprocessing.ts';

const preprocessing = workerData as Preprocessing;

parentPort!.on('message', ({ id, file }: LoadQuestion) => {
  loadImage(file, preprocessing).then(
    (values) => {
      const pixels = values as Float32Array<ArrayBuffer>;
      const answer: LoadAnswer = { id, pixels };
      parentPort!.postMessage(answer, [pixels.buffer]);
    },
    (thrown: unknown) => {
      const answer: LoadAnswer = { id, error: reportOf(thrown) };
      parentPort!.postMessage(answer);
    },
  );
});

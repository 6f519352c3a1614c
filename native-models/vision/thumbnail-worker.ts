/** The process that makes thumbnails; see `thumbnail-process.ts`. It ends when the lab's channel closes, so it never outlives the lab. */
import { reportOf } from '../../probes/lab-error.ts';
import { thumbnail } from './thumbnail.ts';
import type { ThumbnailAnswer, ThumbnailQuestion } from './thumbnail-process.ts';

process.on('disconnect', () => process.exit(0));
// The terminal sends its interrupt to the whole group: the lab decides what becomes of this process.
process.on('SIGINT', () => undefined);

process.on('message', ({ file, size }: ThumbnailQuestion) => {
  thumbnail(file, size).then(
    (bytes) => answer({ bytes: new Uint8Array(bytes) }),
    (thrown: unknown) => answer({ error: reportOf(thrown) }),
  );
});

function answer(message: ThumbnailAnswer): void {
  if (process.connected) process.send?.(message, () => undefined);
}

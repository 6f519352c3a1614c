/** Small copies of images for the window. Nothing of the file but its pixels goes along: no place, no camera, no name. */
import { LabError } from '../../probes/lab-error.ts';
import { openImage, unreadable } from './decode.ts';

const largestEdge = 2048;

/**
 * The image as WebP, fitted into a square, never enlarged. It is turned as the model sees it: orientation notes are not applied.
 * @param size edge of the square in pixels
 * @throws LabError `image-unreadable`; `usage` for a size that is none
 */
export async function thumbnail(file: string, size: number): Promise<Uint8Array> {
  if (!(Number.isInteger(size) && size >= 1 && size <= largestEdge))
    throw new LabError('usage', `a thumbnail cannot be ${size} pixels wide`, `Ask for 1 to ${largestEdge} pixels.`);
  const image = await openImage(file);
  try {
    return await image
      .resize(size, size, { fit: 'inside', withoutEnlargement: true })
      .toColourspace('srgb')
      .webp({ quality: 82 })
      .toBuffer();
  } catch (thrown) {
    throw unreadable(file, thrown);
  }
}

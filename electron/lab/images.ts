/** Finds labelled images on disk: folders by class, ImageNet file names, or a CSV. The images themselves are not opened here. */
import type { Hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync, type Dirent } from 'node:fs';
import path from 'node:path';
import { wordNetLabel } from '../../probes/classify/labels.ts';
import type { Table } from '../../probes/datasets/csv.ts';
import type { ImageSet, LabelledImage } from '../../probes/datasets/dataset.ts';
import { imageFile, imageSet, readImageTable } from '../../probes/datasets/images.ts';
import { LabError } from '../../probes/lab-error.ts';

/** So many bytes at the beginning and at the end of each file tell it from others; small files are told by all of theirs. */
const hashedBytes = 4096;

export function isFolder(source: string): boolean {
  return statSync(source, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * A folder of class folders, whose names are the labels and which may have folders of their own; or one of images named by WordNet id.
 * Hidden files and files that are no images are passed over. Everything is in order of name.
 * @throws LabError `dataset-not-found`, `dataset-empty`, `dataset-label` for images without a class
 */
export function readImageFolder(folder: string): ImageSet {
  const entries = list(folder);
  // A class folder may be a link; folders below it are not followed where they are links, so that no circle is walked.
  const classes = entries.filter((entry) => entry.isDirectory() || (entry.isSymbolicLink() && isFolder(path.join(folder, entry.name))));
  const loose = entries.filter((entry) => !classes.includes(entry) && imageFile.test(entry.name)).map(({ name }) => name);
  const without = classes.length > 0 ? loose : loose.filter((name) => wordNetLabel(name) === null);
  if (without.length > 0)
    throw new LabError(
      'dataset-label',
      `${folder}: ${without.length} images lie ${classes.length > 0 ? 'beside the class folders' : 'in no class folder'}, such as ${without[0]}`,
      'Put every image into a folder named after its class, or list them in a CSV with the columns path and label.',
    );
  const item = (id: string, label: string): LabelledImage => ({ id, path: path.join(folder, id), label });
  const found = classes.map(({ name }) => ({ name, images: imagesBelow(folder, name) }));
  const items = [
    ...loose.map((name) => item(name, wordNetLabel(name)!)),
    ...found.flatMap(({ name, images }) => images.map((id) => item(id, name))),
  ];
  if (items.length === 0)
    throw new LabError('dataset-empty', `${folder} holds no images`, 'Choose a folder with a folder of images for each class.');
  return imageSet(
    items,
    found.filter(({ images }) => images.length === 0).map(({ name }) => name),
  );
}

/** A CSV's rows, paths being relative to its folder. @throws LabError `dataset-columns`, `dataset-rows`, `dataset-label` */
export function readImageRows(table: Table, file: string): ImageSet {
  return imageSet(readImageTable(table, file, (written) => path.resolve(path.dirname(file), written)));
}

/** Paths below the data's folder, with `/`. */
function imagesBelow(folder: string, below: string): string[] {
  return list(path.join(folder, below)).flatMap((entry) => {
    const inner = `${below}/${entry.name}`;
    if (entry.isDirectory()) return imagesBelow(folder, inner);
    return imageFile.test(entry.name) ? [inner] : [];
  });
}

function list(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith('.'))
      .sort((left, right) => (left.name < right.name ? -1 : 1));
  } catch (thrown) {
    throw new LabError('dataset-not-found', `${folder} cannot be read: ${String(thrown)}`, 'Check that you may read it.', {
      cause: thrown,
    });
  }
}

/**
 * What the images are, for finding out later whether they are still the same: paths, labels, sizes, and the beginning and end of each
 * file. Whole files would take minutes on large sets. A file that cannot be read is hashed as such; the run names it.
 */
export function hashImages(hash: Hash, items: readonly LabelledImage[]): void {
  const buffer = Buffer.alloc(2 * hashedBytes);
  for (const { id, path: file, label } of items) {
    hash.update(`${id}\0${label}\0`);
    try {
      const handle = openSync(file, 'r');
      try {
        const { size } = fstatSync(handle);
        const head = readSync(handle, buffer, 0, Math.min(size, buffer.length), 0);
        if (size > buffer.length) readSync(handle, buffer, hashedBytes, hashedBytes, size - hashedBytes);
        hash.update(`${size}\0`).update(buffer.subarray(0, head));
      } finally {
        closeSync(handle);
      }
    } catch {
      hash.update('unreadable\0');
    }
  }
}

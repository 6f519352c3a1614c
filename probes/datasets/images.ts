/** Labelled images: paths and labels, however they were found; the files themselves are read by the engine. */
import { LabError } from '../lab-error.ts';
import { column, type Table } from './csv.ts';
import { rowId, type ImageSet, type LabelledImage } from './dataset.ts';

/** Endings that image files have. Kinds that the lab cannot read are among them: they are named as not scored, not passed over. */
export const imageFile = /\.(jpe?g|png|webp|gif|bmp|tiff?|avif|heic)$/i;

/** @param empty labels that no image has */
export function imageSet(items: readonly LabelledImage[], empty: readonly string[] = []): ImageSet {
  return { items, labels: [...new Set([...items.map(({ label }) => label), ...empty])].sort() };
}

/**
 * A file with the columns `path` and `label`.
 * @param resolve from a path as it is written to an absolute one
 * @throws LabError `dataset-columns`, `dataset-rows`, `dataset-label`
 */
export function readImageTable(table: Table, file: string, resolve: (path: string) => string): LabelledImage[] {
  const path = column(table, 'path', file);
  const label = column(table, 'label', file);
  const rows = new Map<string, string>();
  return table.rows.map((row, index) => {
    const id = path(row).trim().replaceAll('\\', '/');
    const here = rowId(index + 1);
    if (id === '') throw new LabError('dataset-rows', `${file}, ${here}: the path is empty`, 'Fill the cell or remove the row.');
    if (label(row).trim() === '')
      throw new LabError('dataset-label', `${file}, ${here}: the label is empty`, 'Give every image the name or index of its class.');
    const before = rows.get(id);
    if (before !== undefined)
      throw new LabError('dataset-rows', `${file}: ${before} and ${here} both have the path ${id}`, 'List every image once.');
    rows.set(id, here);
    return { id, path: resolve(path(row).trim()), label: label(row).trim() };
  });
}

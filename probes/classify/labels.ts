/**
 * How the class that an image's label means is found among the classes of a model. These are all the rules there are:
 * what the classes of a model are called (a file's text), and which of them a label names.
 */
import { LabError } from '../lab-error.ts';
import type { ModelClasses } from '../request.ts';

/** For help pages: the same rules in words. */
export const labelRules = [
  'A model’s class names come from its config.json (id2label); from labels.txt, labels.json or imagenet_class_index.json beside a bare .onnx; or from a file that you name.',
  'A label is matched with the class names: the whole name, any part of a name that lists several with commas, or its WordNet id. Case, hyphens, underscores and spaces do not matter. A name that two classes share matches neither: use the index or the WordNet id.',
  'Labels that are whole numbers and no class names are indices, from 0, if all of them are below the number of classes.',
  'Where the model’s classes have no names and the data has as many labels as the model has classes, the labels in alphabetical order are the classes in theirs (as in torchvision’s ImageFolder; CIFAR-10’s and ImageNet’s own orders are alphabetical, by name and by WordNet id).',
  'Images without class folders whose names begin with a WordNet id (n04264628_space_bar.JPEG) have that id as their label.',
] as const;

/** Names of each class, in the order of the model's output. */
export type ClassNames = readonly (readonly string[])[];

const wordNetId = /^n\d{8}/;

/** The label that an ImageNet file name begins with; null for other names. */
export function wordNetLabel(fileName: string): string | null {
  return wordNetId.exec(fileName)?.[0] ?? null;
}

/** From `id2label` of config.json; null where it is missing, or holds nothing but the hub's placeholders (`LABEL_0`). */
export function namesFromConfig(config: Readonly<Record<string, unknown>>): ClassNames | null {
  const map = config['id2label'];
  if (typeof map !== 'object' || map === null || Object.keys(map).length === 0) return null;
  const names = listOf(map as Record<string, unknown>);
  if (names === null || names.every(([first]) => /^LABEL_\d+$/.test(first ?? ''))) return null;
  return names;
}

/**
 * Reads a file of class names: JSON (a list of names, or an object from index to name, as imagenet_class_index.json), or text with one
 * name a line. A line may begin with a WordNet id, as in ImageNet's synset.txt.
 * @throws LabError `labels-unreadable`
 */
export function parseNames(text: string, file: string): ClassNames {
  const plain = text.replace(/^\uFEFF/, '').trim();
  if (!/^[[{]/.test(plain)) {
    const lines = plain.split(/\r?\n/).map((line) => line.trim());
    if (plain === '' || lines.includes('')) throw unreadable(file, plain === '' ? 'it is empty' : `line ${lines.indexOf('') + 1} is empty`);
    return lines.map((line) => withAlternatives([line]));
  }
  let value: unknown;
  try {
    value = JSON.parse(plain);
  } catch (thrown) {
    throw unreadable(file, `it is not valid JSON: ${String(thrown)}`);
  }
  const names = listOf(value as Record<string, unknown>);
  if (names === null || names.length === 0) throw unreadable(file, 'it holds no names by index, counted from 0 without a gap');
  return names;
}

function unreadable(file: string, why: string): LabError {
  return new LabError(
    'labels-unreadable',
    `${file}: ${why}`,
    'Give one class name a line, a JSON list of names, or an object from index to name, in the order of the model’s output.',
  );
}

/** A list as it stands, or an object whose keys are 0, 1, 2 …; each value a name or a list of them. Null if it is neither. */
function listOf(value: readonly unknown[] | Readonly<Record<string, unknown>>): ClassNames | null {
  const count = Array.isArray(value) ? value.length : Object.keys(value).length;
  const names: string[][] = [];
  for (let index = 0; index < count; index++) {
    const entry = (value as Readonly<Record<string, unknown>>)[index];
    const list: unknown[] = Array.isArray(entry) ? entry : [entry];
    if (list.length === 0 || !list.every((name) => typeof name === 'string' && name.trim() !== '')) return null;
    names.push(withAlternatives(list as string[]));
  }
  return names;
}

/** Every name that a class goes by, the one for showing first: a WordNet id comes after the words. */
function withAlternatives(names: readonly string[]): string[] {
  const [ids, words] = [[] as string[], [] as string[]];
  for (const name of names.map((each) => each.trim())) {
    const id = wordNetId.exec(name)?.[0];
    if (id !== undefined && (name.length === id.length || /\s/.test(name[id.length]!))) ids.push(id);
    const rest = id !== undefined && ids.at(-1) === id ? name.slice(id.length).trim() : name;
    if (rest !== '') words.push(rest, ...(rest.includes(',') ? rest.split(',').map((part) => part.trim()) : []));
  }
  return [...new Set([...words, ...ids])].filter((name) => name !== '');
}

const folded = (name: string): string =>
  name
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, ' ')
    .trim();

/**
 * @param labels every label of the data
 * @returns the index of each label's class; labels that name no single class are missing
 * @throws LabError `dataset-label` if none of them names one
 */
export function matchLabels(labels: readonly string[], classes: ModelClasses): Map<string, number> {
  const named = classIndex(classes.names ?? []);
  const unnamed = labels.filter((label) => !named.has(folded(label)));
  // Numbers beyond the last class show that they are no indices: folders called 1, 2, 3 for three classes.
  const indices = unnamed.every((label) => !isNumber(label) || Number(label) < classes.count);
  const found = new Map<string, number>();
  for (const label of labels) {
    const index = named.get(folded(label));
    if (index != null) found.set(label, index);
    else if (index === undefined && indices && isNumber(label)) found.set(label, Number(label));
  }
  if (found.size > 0 || labels.length === 0) return found;
  if (classes.names === null && labels.length === classes.count) return new Map(labels.toSorted().map((label, index) => [label, index]));
  throw noneFound(labels, classes);
}

const isNumber = (label: string): boolean => /^\d{1,9}$/.test(label);

/** Class by folded name; null for names that several classes share. First names go before the others: "missile" before "projectile, missile". */
function classIndex(names: ClassNames): Map<string, number | null> {
  const index = new Map<string, number | null>();
  const add = (name: string, at: number, known: ReadonlySet<string>): void => {
    const key = folded(name);
    if (!known.has(key)) index.set(key, index.has(key) && index.get(key) !== at ? null : at);
  };
  names.forEach(([first], at) => add(first!, at, new Set()));
  const firsts = new Set(index.keys());
  names.forEach(([, ...others], at) => others.forEach((name) => add(name, at, firsts)));
  return index;
}

function noneFound(labels: readonly string[], { names, count }: ModelClasses): LabError {
  const some = (list: readonly (string | undefined)[]): string =>
    `${list
      .slice(0, 3)
      .map((name) => `"${name}"`)
      .join(', ')}${list.length > 3 ? ' …' : ''}`;
  return new LabError(
    'dataset-label',
    names === null
      ? `the data has ${labels.length} labels (${some(labels)}), and the model ${count} classes without names`
      : `no label of the data (${some(labels)}) names a class of the model (${some(names.map(([first]) => first))})`,
    'Give a file with the names of the model’s classes, or use class indices from 0 as labels.',
  );
}

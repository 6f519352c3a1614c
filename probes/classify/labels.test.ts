import { describe, expect, test } from 'vitest';
import { LabError } from '../lab-error.ts';
import { matchLabels, namesFromConfig, parseNames, wordNetLabel } from './labels.ts';

const code = (work: () => unknown): string => {
  try {
    work();
    return 'nothing';
  } catch (thrown) {
    return thrown instanceof LabError ? thrown.code : String(thrown);
  }
};
const matched = (labels: readonly string[], names: readonly (readonly string[])[] | null, count = names?.length ?? 0): unknown => [
  ...matchLabels(labels, { count, names }),
];

describe('files of class names', () => {
  test.each<[string, string, unknown]>([
    ['lines', 'cat\ndog\n', [['cat'], ['dog']]],
    ['lines of Windows with a mark of byte order', '\uFEFFcat\r\ndog\r\n', [['cat'], ['dog']]],
    [
      'synset.txt',
      'n01440764 tench, Tinca tinca\nn01443537 goldfish',
      [
        ['tench, Tinca tinca', 'tench', 'Tinca tinca', 'n01440764'],
        ['goldfish', 'n01443537'],
      ],
    ],
    ['nothing but WordNet ids', 'n01440764\nn01443537', [['n01440764'], ['n01443537']]],
    ['a list', '["cat", " dog "]', [['cat'], ['dog']]],
    ['an object from index to name', '{"1": "dog", "0": "cat"}', [['cat'], ['dog']]],
    [
      'imagenet_class_index.json',
      '{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}',
      [
        ['tench', 'n01440764'],
        ['goldfish', 'n01443537'],
      ],
    ],
    ['a name that only looks like an id', 'n0144076400x', [['n0144076400x']]],
  ])('%s', (_what, text, names) => {
    expect(parseNames(text, 'f')).toEqual(names);
  });

  test.each([
    ['', 'empty'],
    ['cat\n\ndog', 'line 2 is empty'],
    ['{"1": "dog", "2": "cat"}', 'counted from 0'],
    ['["cat", 3]', 'no names'],
    ['["cat", ""]', 'no names'],
    ['[]', 'no names'],
    ['["cat"', 'not valid JSON'],
  ])('%j is refused', (text, why) => {
    expect(() => parseNames(text, 'f')).toThrow(why);
    expect(code(() => parseNames(text, 'f'))).toBe('labels-unreadable');
  });

  test('id2label, without the hub’s placeholders', () => {
    expect(namesFromConfig({ id2label: { 0: 'tench, Tinca tinca', 1: 'goldfish' } })).toEqual([
      ['tench, Tinca tinca', 'tench', 'Tinca tinca'],
      ['goldfish'],
    ]);
    expect(namesFromConfig({ id2label: { 0: 'LABEL_0', 1: 'LABEL_1' } })).toBeNull();
    expect(namesFromConfig({ id2label: { 1: 'one' } })).toBeNull();
    expect(namesFromConfig({ id2label: {} })).toBeNull();
    expect(namesFromConfig({})).toBeNull();
  });
});

describe('labels of data', () => {
  const animals = [
    ['tench, Tinca tinca', 'tench', 'Tinca tinca', 'n01440764'],
    ['great white shark'],
    ['crane'],
    ['crane'],
    ['missile'],
    ['projectile, missile', 'projectile', 'missile'],
  ];

  test('by name, by part of a name, by WordNet id, whatever the spelling', () => {
    expect(matched(['TENCH', 'great_white-shark', 'n01440764', 'tinca tinca', 'projectile'], animals)).toEqual([
      ['TENCH', 0],
      ['great_white-shark', 1],
      ['n01440764', 0],
      ['tinca tinca', 0],
      ['projectile', 5],
    ]);
  });

  test('a whole name goes before a part of another; a name of two classes names neither', () => {
    expect(matched(['missile', 'crane', 'whale'], animals)).toEqual([['missile', 4]]);
  });

  test('whole numbers are indices, unless one is beyond the last class', () => {
    expect(matched(['0', '2', '9'], null, 10)).toEqual([
      ['0', 0],
      ['2', 2],
      ['9', 9],
    ]);
    expect(matched(['1', '2', '3'], null, 3)).toEqual([
      ['1', 0],
      ['2', 1],
      ['3', 2],
    ]);
    expect(matched(['tench', '5'], animals)).toEqual([
      ['tench', 0],
      ['5', 5],
    ]);
    expect(matched(['7', '8'], [['8'], ['7']])).toEqual([
      ['7', 1],
      ['8', 0],
    ]);
  });

  test('alphabetical order where the model has no names: CIFAR-10’s own', () => {
    const cifar = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
    expect(matchLabels(cifar.toReversed(), { count: 10, names: null })).toEqual(new Map(cifar.map((label, index) => [label, index])));
  });

  test('where none is a class, it says what the labels and the classes are', () => {
    expect(() => matchLabels(['cat', 'dog'], { count: 10, names: null })).toThrow(
      /2 labels \("cat", "dog"\), and the model 10 classes without names/,
    );
    expect(() => matchLabels(['cat'], { count: 2, names: [['oak'], ['elm']] })).toThrow(/"cat".*"oak", "elm"/);
    expect(code(() => matchLabels(['cat'], { count: 2, names: [['oak'], ['elm']] }))).toBe('dataset-label');
  });
});

test('ImageNet file names', () => {
  expect(['n04264628_space_bar.JPEG', 'n0426_x.jpg', 'cat.jpg'].map(wordNetLabel)).toEqual(['n04264628', null, null]);
});

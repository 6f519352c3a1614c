import { describe, expect, test } from 'vitest';
import type { Dataset } from '../datasets/dataset.ts';
import { LabError } from '../lab-error.ts';
import { seededRandom } from '../numerics/random.ts';
import type { JudgedItem, Metric } from '../probe.ts';
import type { ClassifyReply, ModelClasses } from '../request.ts';
import { effectiveCount } from './metrics.ts';
import { classify } from './probe.ts';
import { judgeImage } from './verdict.ts';

const cats: ModelClasses = { count: 3, names: [['cat'], ['dog'], ['owl']] };

const dataset = (labels: readonly string[]): Dataset => ({
  kind: 'images',
  name: 'pictures',
  questions: [],
  pairs: [],
  images: {
    items: labels.map((label, index) => ({ id: `${label}/${index}.png`, path: `/data/${label}/${index}.png`, label })),
    labels: [...new Set(labels)].sort(),
  },
});

/** A reply that puts the classes in this order, the first with this probability. */
function reply(order: readonly number[], first: number, label: number | null, classes = order.length): ClassifyReply {
  const rest = (1 - first) / (order.length - 1);
  const seen = (index: number): ClassifyReply['top'][number] => ({
    index,
    name: `class ${index}`,
    probability: index === order[0] ? first : rest,
  });
  return {
    kind: 'classify',
    key: 'image',
    classes,
    top: order.slice(0, 5).map(seen),
    label: label === null ? null : { ...seen(label), rank: order.indexOf(label) + 1 },
    refused: null,
  };
}

describe('the plan', () => {
  const plan = (labels: readonly string[], classes: ModelClasses | undefined): ReturnType<typeof classify.plan> =>
    classify.plan({
      dataset: dataset(labels),
      params: {},
      seed: 0,
      model: { hasChatTemplate: false, ...(classes === undefined ? {} : { classes }) },
    });

  test('asks for each image with the index of its class, or none', () => {
    expect(plan(['dog', 'cat', 'cow'], cats)).toMatchObject([
      {
        id: 'dog/0.png',
        cluster: 'dog/0.png',
        category: 'dog',
        title: 'dog/0.png',
        requests: [{ kind: 'classify', image: '/data/dog/0.png', label: 1 }],
      },
      { category: 'cat', requests: [{ label: 0 }] },
      { category: 'cow', requests: [{ label: null }] },
    ]);
  });

  test('needs a model with classes, and images', () => {
    expect(() => plan(['dog'], undefined)).toThrow(LabError);
    expect(() =>
      classify.plan({
        dataset: { kind: 'world', name: 'w', questions: [], pairs: [] },
        params: {},
        seed: 0,
        model: { hasChatTemplate: false, classes: cats },
      }),
    ).toThrow(/holds no images/);
  });
});

describe('verdicts', () => {
  const outcome = (given: ClassifyReply, name = 'top1') => judgeImage(given, 'dog').find((each) => each.name === name);
  const ten = [3, 1, 4, 0, 5, 9, 2, 6, 8, 7];

  test('right and wrong, by the index of the class', () => {
    expect(outcome(reply(ten, 0.8, 3))).toMatchObject({ verdict: 'right', value: 1, chance: 0.1, choice: '3' });
    expect(outcome(reply(ten, 0.8, 3))!.margin).toBeCloseTo(Math.log(0.8 / (0.2 / 9)), 12);
    expect(outcome(reply(ten, 0.8, 1))!.margin).toBeCloseTo(Math.log(0.2 / 9 / 0.8), 12);
    expect(outcome(reply(ten, 0.8, 1))).toMatchObject({
      verdict: 'wrong',
      value: 0,
      choice: '3',
      reason: 'it sees "class 3" (3) with 0.800; the right class is "class 1" (1) with 0.022, place 2',
    });
    expect(outcome(reply(ten, 0.8, 5), 'top5')).toMatchObject({ verdict: 'right', value: 1, chance: 0.5 });
    expect(outcome(reply(ten, 0.8, 9), 'top5')).toMatchObject({ verdict: 'wrong', value: 0 });
    expect(outcome(reply(ten, 0.8, 9), 'confidence')).toMatchObject({ verdict: 'graded', value: 0.8, chance: null });
  });

  test('among a few classes the first five say nothing', () => {
    expect(judgeImage(reply([0, 1, 2], 0.5, 0), 'dog').map(({ name }) => name)).toEqual(['top1', 'confidence']);
  });

  test('probabilities too small for a logarithm leave no margin', () => {
    const sure = reply(ten, 1, 1);
    expect(outcome(sure)).toMatchObject({ verdict: 'wrong', margin: null });
  });

  test('what could not be read, or has no label, is not scored and says why', () => {
    const broken: ClassifyReply = { ...reply(ten, 0.8, null), top: [], refused: 'x.png: it is no JPEG, PNG or WebP image' };
    expect(judgeImage(broken, 'dog').map(({ verdict, value, reason }) => [verdict, value, reason])).toEqual(
      new Array(3).fill(['not-scored', null, 'x.png: it is no JPEG, PNG or WebP image']),
    );
    expect(judgeImage(reply(ten, 0.8, null), 'cow').map(({ name, verdict }) => [name, verdict])).toEqual([
      ['top1', 'not-scored'],
      ['top5', 'not-scored'],
      ['confidence', 'graded'],
    ]);
    expect(outcome(reply(ten, 0.8, null))!.reason).toMatch(/"dog" names no single class/);
  });
});

/** 200 images of ten classes; `see` gives the class that the model chooses and how sure it is. */
function judged(see: (label: number, index: number) => { readonly choice: number; readonly sure: number }): JudgedItem[] {
  return Array.from({ length: 200 }, (_, index) => {
    const label = index % 10;
    const { choice, sure } = see(label, index);
    const others = Array.from({ length: 10 }, (__, other) => other).filter((other) => other !== choice);
    return {
      id: String(index),
      cluster: String(index),
      category: `class ${label}`,
      outcomes: judgeImage(reply([choice, ...others], sure, label), `class ${label}`),
    };
  });
}

describe('metrics and what they say', () => {
  const found = (items: readonly JudgedItem[]): { metrics: Metric[]; finding: string; of: (name: string, category?: string) => Metric } => {
    const metrics = classify.metrics(items, {}, 1);
    const of = (name: string, category: string | null = null): Metric =>
      metrics.find((metric) => metric.name === name && metric.category === category)!;
    return { metrics, finding: classify.finding(metrics, 'model'), of };
  };

  test('a sound model: accuracy with Wilson’s interval, as a whole and by class', () => {
    const { of, finding } = found(judged((label, index) => ({ choice: index % 20 < 15 ? label : (label + 1) % 10, sure: 0.8 })));
    expect(of('accuracy')).toMatchObject({ value: 0.75, n: 200, clusters: 200, role: 'headline' });
    expect(of('accuracy').chance).toBeCloseTo(0.1, 12);
    // scipy.stats.binomtest(150, 200).proportion_ci(method="wilson")
    expect(of('accuracy').low).toBeCloseTo(0.685659, 6);
    expect(of('accuracy').high).toBeCloseTo(0.804918, 6);
    expect(of('accuracy', 'class 7')).toMatchObject({ value: 0.5, n: 20, role: 'detail' });
    expect(of('accuracy', 'class 3')).toMatchObject({ value: 1, n: 20 });
    expect(of('confidence').value).toBeCloseTo(0.8, 12);
    expect(of('spread').value).toBeGreaterThan(0.9);
    expect(finding).toBe(
      'model names the right class in 75\u00A0% [69, 80] of 200 images (chance 10.0\u00A0%), and has it among its first five in 75\u00A0% [69, 80].',
    );
  });

  test('guessing is called guessing', () => {
    const random = seededRandom(11);
    const { finding } = found(judged(() => ({ choice: Math.floor(10 * random()), sure: 0.2 })));
    expect(finding).toMatch(/Beware: that is no better than guessing.*Wrong preprocessing/);
  });

  test('predictions that fall into two classes are noticed, although some are right', () => {
    const { finding, of } = found(judged((label) => ({ choice: label < 8 ? 0 : label, sure: 0.3 })));
    expect(of('accuracy').low).toBeGreaterThan(0.1);
    expect(of('spread').value).toBeCloseTo((Math.exp(-0.8 * Math.log(0.8) - 0.2 * Math.log(0.1)) - 1) / 9, 12);
    expect(finding).toMatch(/Beware: its predictions fall into few classes/);
  });

  test('so is a model that is far more sure than right', () => {
    const { finding } = found(judged((label, index) => ({ choice: index % 5 < 2 ? label : (label + 3) % 10, sure: 0.98 })));
    expect(finding).toMatch(/Beware: it is far more sure than right \(mean confidence 98/);
  });

  test('images that are not scored count for nothing', () => {
    const items = judged((label) => ({ choice: label, sure: 0.9 }));
    const broken: JudgedItem = {
      id: 'x',
      cluster: 'x',
      category: 'class 0',
      outcomes: judgeImage({ ...reply([0, 1], 0.9, 0, 10), top: [], refused: 'broken' }, 'class 0'),
    };
    expect(found([...items, broken]).of('accuracy')).toMatchObject({ value: 1, n: 200 });
    expect(found([broken]).finding).toBe('No image could be scored for model.');
  });

  test('data of a single class has no spread', () => {
    const one = judged((label) => ({ choice: label, sure: 0.9 })).filter(({ category }) => category === 'class 4');
    expect(found(one).metrics.map(({ name }) => name)).not.toContain('spread');
  });
});

test('the effective number of values', () => {
  expect(effectiveCount(['a', 'b', 'c', 'a', 'b', 'c'])).toBeCloseTo(3, 12);
  expect(effectiveCount(['a', 'a'])).toBe(1);
  expect(effectiveCount(['a', 'a', 'a', 'b'])).toBeCloseTo(4 / 27 ** 0.25, 12);
});

test('every outcome has a label', () => {
  expect(['top1', 'top5', 'confidence'].map((name) => classify.outcomeLabel(name).label)).toEqual([
    'Right class',
    'Right class among the first five',
    'Confidence',
  ]);
});

/**
 * Two published image models on real images, through everything that a run goes through but the queue. Their accuracies are known from
 * elsewhere, so this is the test of the preprocessing: pixels that are slightly off cost points, pixels of the wrong kind all of them.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createSession } from '../../native-models/device/session.ts';
import { openExport } from '../../native-models/exports/open.ts';
import { choosePreprocessing } from '../../native-models/vision/choose-preprocessing.ts';
import { openImageModel } from '../../native-models/vision/image-model.ts';
import { findClassNames } from '../../native-models/vision/labels.ts';
import { classify } from '../../probes/classify/probe.ts';
import type { JudgedItem, Metric } from '../../probes/probe.ts';
import type { ClassifyRequest } from '../../probes/request.ts';
import { loadData } from './data.ts';
import { planItems } from './plan.ts';

const shared = path.resolve(import.meta.dirname, '../../../shared');
const absent = !existsSync(path.join(shared, 'images'));
const note = absent ? ' (SKIPPED: ../shared is absent)' : '';
const mobilenet = { model: 'models/mobilenetv2-int8/model.onnx', data: 'images/imagenet-100', labels: 'images/imagenet_class_index.json' };
const cifar = { model: 'models/cifar10-resnet2b/model.onnx', data: 'images/cifar10-500', labels: null };

interface Found {
  readonly accuracy: Metric;
  readonly top5: Metric;
  readonly finding: string;
  readonly origin: string;
}

async function measure(set: typeof mobilenet | typeof cifar, preprocessing: unknown, limit: number | null = null): Promise<Found> {
  const opened = openExport(path.join(shared, set.model));
  const chosen = choosePreprocessing(opened, preprocessing);
  const names = findClassNames(opened, set.labels === null ? null : path.join(shared, set.labels));
  const model = await openImageModel(opened, chosen.preprocessing, names, (graph) =>
    createSession(graph, opened.graphFile, { threads: 2, weightFolder: opened.weightFolder }),
  );
  try {
    const { dataset } = loadData(path.join(shared, set.data));
    const plan = planItems(classify, dataset, {}, 0, limit, { hasChatTemplate: false, classes: model.classes });
    const replies = await model.answer(plan.flatMap(({ requests }) => requests as ClassifyRequest[]));
    const items = plan.map((item, index): JudgedItem => ({ ...item, outcomes: classify.judge(item, [replies[index]!], {}) }));
    const metrics = classify.metrics(items, {}, 0);
    const of = (name: string): Metric => metrics.find((metric) => metric.name === name && metric.category === null)!;
    return { accuracy: of('accuracy'), top5: of('top5'), finding: classify.finding(metrics, 'the model'), origin: chosen.origin };
  } finally {
    await model.close();
  }
}

describe.skipIf(absent)(`CIFAR-10 ResNet of VNN-COMP 2021, 500 images${note}`, () => {
  const known = 0.666;

  test('has its known accuracy with CIFAR-10’s mean and deviation', { timeout: 60_000 }, async () => {
    const { accuracy, finding } = await measure(cifar, 'cifar10');
    expect([accuracy.n, accuracy.chance!.toFixed(6)]).toEqual([500, '0.100000']);
    expect(accuracy.low).toBeLessThan(known);
    expect(accuracy.high).toBeGreaterThan(known);
    expect(finding).not.toContain('Beware');
  });

  test('is flagged without normalisation, whatever the range', { timeout: 60_000 }, async () => {
    const plain = await measure(cifar, null);
    expect(plain.origin).toBe('guess');
    expect(plain.finding).toMatch(/Beware: its predictions fall into few classes.*Wrong preprocessing/);
    expect((await measure(cifar, { range: '0..255' })).finding).toMatch(/Beware: it is far more sure than right.*Wrong preprocessing/);
  });
});

describe.skipIf(absent)(`MobileNetV2 in 8 bits, 100 photos of 100 classes${note}`, () => {
  const known = 0.78;

  test('has its known accuracy with what is guessed for a bare file', { timeout: 120_000 }, async () => {
    const { accuracy, top5, finding, origin } = await measure(mobilenet, null);
    expect([accuracy.n, accuracy.chance!.toFixed(6), origin]).toEqual([100, '0.001000', 'guess']);
    expect(accuracy.low).toBeLessThan(known);
    expect(accuracy.high).toBeGreaterThan(known);
    expect(top5.value).toBeGreaterThan(0.9);
    expect(finding).not.toContain('Beware');
  });

  test('is flagged with colours and range turned around', { timeout: 120_000 }, async () => {
    const { accuracy, finding } = await measure(mobilenet, { preset: 'imagenet', channels: 'BGR', range: '0..255' }, 25);
    expect(accuracy.value).toBeLessThan(0.1);
    expect(finding).toMatch(/Beware: .*Wrong preprocessing/);
  });
});

/** A run of an image classifier, for component tests: as many pictures and classes as asked for. */
import type { Handlers, ItemDetail, ItemRow, RunDetail } from '../../../electron/rpc/contract.ts';
import type { Metric } from '../../../probes/probe.ts';
import type { ClassifyReply, SeenClass } from '../../../probes/request.ts';
import { card, detail, hostile, run } from './fixtures.ts';

export interface PictureRun {
  readonly pictures: number;
  readonly classes: number;
}

const className = (index: number): string => (index === 2 ? hostile : `class-${index}`);
/** Each fifth is wrong and sure of it, the third cannot be read. */
const isWrong = (index: number): boolean => index % 5 === 1;
const refused = '/data/class-0/3.png: it is no JPEG, PNG or WebP image';

function replyOf(index: number, classes: number): ClassifyReply {
  const label = index % classes;
  const seen = (at: number, probability: number): SeenClass => ({ index: at % classes, name: className(at % classes), probability });
  if (index === 3) return { kind: 'classify', key: 'image', classes, top: [], label: null, refused };
  const first = isWrong(index) ? label + 1 : label;
  const others = Array.from({ length: 4 }, (_, place) => seen(first + 1 + place, 0.04 / (place + 1)));
  return {
    kind: 'classify',
    key: 'image',
    classes,
    top: [seen(first, 0.5 + 0.4 * ((index % 7) / 7)), ...others],
    label: { ...seen(label, isWrong(index) ? 0.001 : 0.7), rank: isWrong(index) ? 9 : 1 },
    refused: null,
  };
}

function rowOf(index: number, classes: number): ItemRow {
  const reply = replyOf(index, classes);
  const id = `class-${index % classes}/${index}.png`;
  const reason = reply.refused ?? 'it sees something';
  const scored = reply.refused === null;
  return {
    index,
    id,
    category: className(index % classes),
    title: id,
    outcomes: [
      {
        name: 'top1',
        verdict: !scored ? 'not-scored' : isWrong(index) ? 'wrong' : 'right',
        value: scored ? Number(!isWrong(index)) : null,
        margin: null,
        chance: 1 / classes,
        reason,
      },
      {
        name: 'confidence',
        verdict: scored ? 'graded' : 'not-scored',
        value: reply.top[0]?.probability ?? null,
        margin: null,
        chance: null,
        reason,
      },
    ],
    image: { seen: reply.top[0] ?? null, right: reply.label, refused: reply.refused },
  };
}

function metricsOf(classes: number): Metric[] {
  const accuracy = (category: string | null, value: number, n: number): Metric => ({
    name: 'accuracy',
    label: 'Accuracy (top-1)',
    setting: null,
    category,
    value,
    low: Math.max(0, value - 0.1),
    high: Math.min(1, value + 0.1),
    n,
    clusters: n,
    unit: 'proportion',
    method: 'share of the images whose most probable class is the right one',
    chance: 1 / classes,
    role: category === null ? 'headline' : 'detail',
  });
  return [accuracy(null, 0.8, 100), ...Array.from({ length: classes }, (_, index) => accuracy(className(index), index / classes, 5))];
}

/** What a lab answers about the run `pictures`. */
export function pictureLab({ pictures, classes }: PictureRun): Partial<Handlers> {
  const summary = run('pictures', {
    probe: 'classify',
    probeTitle: 'Image classification',
    items: pictures,
    finding:
      'resnet names the right class in 80 % [72, 88] of 100 images (chance 10 %). Beware: it is far more sure than right (mean confidence 99 %). Wrong preprocessing looks like this.',
  });
  const whole: RunDetail = {
    ...detail(summary),
    modelCard: { ...card('/models/resnet'), task: 'image-classifier' },
    datasetRef: { kind: 'images', source: '/data', name: 'data', sha256: 'c5'.repeat(32), count: pictures },
    metrics: metricsOf(classes),
    outcomeNames: ['top1', 'confidence'],
  };
  const rows = Array.from({ length: pictures }, (_, index) => rowOf(index, classes));
  return {
    'runs.get': () => whole,
    'runs.items': ({ offset, limit, filter }) => {
      const fitting = rows.filter(
        ({ outcomes, category }) =>
          (filter.category === undefined || filter.category === category) &&
          (filter.verdict === undefined || outcomes.some(({ name, verdict }) => name === filter.outcome && verdict === filter.verdict)),
      );
      const mistakes = (row: ItemRow): number => Number(row.outcomes[0]?.verdict === 'wrong');
      const sorted = filter.order === undefined ? fitting : fitting.toSorted((a, b) => mistakes(b) - mistakes(a));
      return { total: sorted.length, rows: sorted.slice(offset, offset + limit) };
    },
    'runs.item': ({ index }): ItemDetail => ({
      ...rowOf(index, classes),
      cluster: rowOf(index, classes).id,
      answers: [{ text: className(index % classes), truth: 'true', best: true }],
      replies: [replyOf(index, classes)],
      previous: null,
      next: index + 1,
    }),
    'images.thumbnail': async ({ index }) => {
      if (index === 5)
        return { error: { code: 'image-unreadable', message: '/data/class-5/5.png: the file does not exist', advice: 'Replace it.' } };
      const canvas = new OffscreenCanvas(8, 8);
      canvas.getContext('2d')?.fillRect(0, 0, 8, 8);
      const blob = await canvas.convertToBlob({ type: 'image/webp' });
      return { bytes: new Uint8Array(await blob.arrayBuffer()), type: 'image/webp' };
    },
  };
}

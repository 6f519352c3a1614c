/** Image classification: does the model see what is in the picture? The check that comes before every other probe of an image model. */
import { LabError } from '../lab-error.ts';
import type { Metric, PlanInput, PlannedItem, Probe } from '../probe.ts';
import type { ClassifyReply } from '../request.ts';
import { count, percent, withInterval } from '../wording.ts';
import { matchLabels } from './labels.ts';
import { classifyMetrics } from './metrics.ts';
import { judgeImage, outcomes } from './verdict.ts';

export const classify: Probe = {
  id: 'classify',
  version: 1,
  title: 'Image classification',
  help: 'Labelled images: is the right class the most probable one? Data is a folder with a folder of JPEG, PNG or WebP files for each class, or a CSV with the columns path and label.',
  sources: [
    'Russakovsky et al. 2015, ImageNet Large Scale Visual Recognition Challenge, arXiv 1409.0575 (top-1 and top-5)',
    'torchvision, reference scripts of image classification (preprocessing and accuracy)',
  ],
  parameters: [],
  accepts: ['images'],
  builtIn: [],
  plan: planImages,
  judge: (item, [reply]) => judgeImage(reply as ClassifyReply, item.category),
  metrics: (items, _params, seed) => classifyMetrics(items, seed),
  outcomeLabel: (name) => ({ label: Object.values(outcomes).find((outcome) => outcome.name === name)?.label ?? name, setting: null }),
  finding: findingOf,
};

function planImages({ dataset, model }: PlanInput): PlannedItem[] {
  const { images } = dataset;
  const { classes } = model;
  if (images === undefined || classes === undefined)
    throw new LabError(
      'usage',
      classes === undefined ? 'the model is no image classifier' : `"${dataset.name}" holds no images`,
      'The probe classify takes an image classifier and labelled images.',
    );
  const indices = matchLabels(images.labels, classes);
  return images.items.map(({ id, path, label }) => ({
    id,
    cluster: id,
    category: label,
    title: id,
    answers: [{ text: label, truth: 'true', best: true }],
    requests: [{ kind: 'classify', key: 'image', image: path, label: indices.get(label) ?? null }],
  }));
}

/** Sound models spread their predictions nearly as widely as the labels (0.9 and more where they were measured). */
const narrow = 0.5;
/** How far confidence may lie above accuracy, interval to interval; trained networks are too sure by less. */
const tooSure = 0.2;

function findingOf(metrics: readonly Metric[], model: string): string {
  const find = (name: string): Metric | undefined => metrics.find((metric) => metric.name === name && metric.category === null);
  const accuracy = find('accuracy');
  if (accuracy?.value == null) return `No image could be scored for ${model}.`;
  const five = find('top5');
  const sure = find('confidence');
  const spread = find('spread');
  const beside = five?.value == null ? '' : `, and has it among its first five in ${withInterval(five)}`;
  const chance = accuracy.chance === null ? '' : ` (chance ${percent(accuracy.chance, false)})`;
  const found = `${model} names the right class in ${withInterval(accuracy)} of ${count(accuracy.n, 'image')}${chance}${beside}.`;
  const warnings = [
    ...(accuracy.chance !== null && accuracy.low !== null && accuracy.low <= accuracy.chance ? ['that is no better than guessing'] : []),
    ...(spread?.value != null && spread.value < narrow
      ? [`its predictions fall into few classes (they spread ${percent(spread.value, true)} as widely as the labels)`]
      : []),
    ...(sure?.low != null && accuracy.high !== null && sure.low - accuracy.high > tooSure
      ? [`it is far more sure than right (mean confidence ${percent(sure.value!, true)})`]
      : []),
  ];
  if (warnings.length === 0) return found;
  const [first, ...others] = warnings;
  return `${found} Beware: ${[first, ...others].join('; ')}. Wrong preprocessing (size, mean and deviation, order of colours, range of values), labels in another order, or a broken model look like this.`;
}

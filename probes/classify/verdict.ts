/** From the classes that a model saw in an image to verdicts. */
import type { Outcome } from '../probe.ts';
import type { ClassifyReply, SeenClass } from '../request.ts';

export const outcomes = {
  top1: { name: 'top1', label: 'Right class' },
  top5: { name: 'top5', label: 'Right class among the first five' },
  confidence: { name: 'confidence', label: 'Confidence' },
} as const;

/** With fewer classes than this the first five say nothing. */
export const fewestForTop5 = 10;

/** @param label what the data calls the image */
export function judgeImage(reply: ClassifyReply, label: string): Outcome[] {
  const five = reply.classes >= fewestForTop5;
  const names = [outcomes.top1.name, ...(five ? [outcomes.top5.name] : []), outcomes.confidence.name];
  if (reply.refused !== null) return names.map((name) => notScored(name, reply.refused!));
  const first = reply.top[0]!;
  const seen = `it sees ${shown(first)}`;
  const choice = String(first.index);
  const confidence: Outcome = {
    name: outcomes.confidence.name,
    verdict: 'graded',
    value: first.probability,
    margin: null,
    chance: null,
    reason: `probability of the class it chose; ${seen}`,
  };
  const { label: truth } = reply;
  if (truth === null) {
    const reason = `the label "${label}" names no single class of the model; ${seen}`;
    return names.map((name) => (name === outcomes.confidence.name ? confidence : notScored(name, reason)));
  }
  const reason = truth.rank === 1 ? seen : `${seen}; the right class is ${shown(truth)}, place ${truth.rank}`;
  const within = (places: number): Pick<Outcome, 'verdict' | 'value' | 'chance'> => ({
    verdict: truth.rank <= places ? 'right' : 'wrong',
    value: Number(truth.rank <= places),
    chance: places / reply.classes,
  });
  const margin = marginOf(truth, reply.top);
  const judged: Outcome[] = [{ name: outcomes.top1.name, ...within(1), margin, choice, reason }];
  if (five) judged.push({ name: outcomes.top5.name, ...within(5), margin: null, reason });
  return [...judged, confidence];
}

/** Log-probability of the right class minus that of the most probable other one, in nats; null where either is too small for a number. */
function marginOf(truth: SeenClass, top: readonly SeenClass[]): number | null {
  const other = top.find(({ index }) => index !== truth.index);
  const margin = other === undefined ? NaN : Math.log(truth.probability) - Math.log(other.probability);
  return Number.isFinite(margin) ? margin : null;
}

function shown({ index, name, probability }: SeenClass): string {
  return `${name === null ? `class ${index}` : `"${name}" (${index})`} with ${probability >= 0.001 ? probability.toFixed(3) : probability.toExponential(1)}`;
}

function notScored(name: string, reason: string): Outcome {
  return { name, verdict: 'not-scored', value: null, margin: null, chance: null, reason };
}

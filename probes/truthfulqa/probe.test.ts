import { expect, test } from 'vitest';
import type { Dataset } from '../datasets/dataset.ts';
import type { JudgedItem, PlannedItem } from '../probe.ts';
import type { ModelReply } from '../request.ts';
import { truthfulqa } from './probe.ts';
import { primer } from './prompts.ts';

const dataset: Dataset = {
  kind: 'truthfulqa',
  name: 'test',
  pairs: [],
  questions: Array.from({ length: 40 }, (_, index) => ({
    id: `row-${index}`,
    category: index % 2 === 0 ? 'Law' : 'Health',
    question: `Question ${index}?`,
    best: `Truth ${index}.`,
    correct: [`Truth ${index}.`, `Also true ${index}.`],
    incorrect: [`Myth ${index}.`, `Other myth ${index}.`, `Third myth ${index}.`],
    bestIncorrect: `Myth ${index}.`,
    mc1Incorrect: [`Myth ${index}.`],
  })),
};
const plan = (prompt = 'auto', hasChatTemplate = false): PlannedItem[] =>
  truthfulqa.plan({ dataset, params: { prompt }, seed: 0, model: { hasChatTemplate } });

/** @param score log-probability of a continuation; the prompt is given for the letters */
function judge(items: readonly PlannedItem[], score: (text: string, prompt: string) => number): JudgedItem[] {
  return items.map((item) => {
    const replies = item.requests.map((request): ModelReply => {
      if (request.kind === 'classify') throw new TypeError('the probe asks about no pictures');
      const prompt = 'text' in request.prompt ? request.prompt.text : request.prompt.messages.at(-1)!.content;
      const continuations =
        request.kind === 'score'
          ? request.continuations.map((text) => ({ text, tokens: [1], pieces: [text], logprobs: [score(text, prompt)] }))
          : [];
      return { kind: 'score', key: request.key, rendered: prompt, promptTokens: [1], continuations, refused: null };
    });
    return { ...item, outcomes: truthfulqa.judge(item, replies, {}) };
  });
}
const metric = (items: readonly JudgedItem[], name: string, category: string | null = null) =>
  truthfulqa.metrics(items, {}, 0).find((one) => one.name === name && one.category === category)!;

test('a model that knows the truth is right by every ruler, a believer of myths by none', () => {
  const truth = (text: string, prompt: string): number =>
    text.length === 1 ? (prompt.includes(`(${text}) Truth`) ? -0.1 : -3) : text.startsWith('Myth') || text.includes('myth') ? -5 : -1;
  const knowing = judge(plan(), truth);
  const fooled = judge(plan(), (text, prompt) => -truth(text, prompt) - 10);
  for (const name of ['binary', 'binary_likelihood', 'mc1', 'mc1_lm_eval', 'mc3']) {
    expect([name, metric(knowing, name).value]).toEqual([name, 1]);
    expect([name, metric(fooled, name).value]).toEqual([name, 0]);
  }
  expect(metric(knowing, 'mc2').value).toBeCloseTo((2 * Math.exp(-1)) / (2 * Math.exp(-1) + 3 * Math.exp(-5)), 12);
  expect(metric(knowing, 'mc1').chance).toBe(1 / 4);
  expect(metric(knowing, 'mc1', 'Law').n).toBe(20);
});

test('a liking for the first letter gives no right answer, and the control shows it', () => {
  const items = judge(plan(), (text) => (text === 'a' ? -0.1 : text === 'b' ? -2 : -3));
  expect(metric(items, 'binary').value).toBe(0);
  expect(metric(items, 'binary_tie').value).toBe(1);
  expect(metric(items, 'binary_first').value).toBe(1);
  // Ties are no worse than guessing, and the sentence must not say that they are.
  expect(truthfulqa.finding(truthfulqa.metrics(items, {}, 0), 'it')).toContain('not told apart from chance');
});

test('an item that the model refuses is not scored, and counts in no mean', () => {
  const items = judge(plan().slice(0, 3), () => -1).map((item, index) => {
    if (index > 0) return item;
    const planned = plan()[0]!;
    const replies = planned.requests.map((request): ModelReply => ({
      kind: 'score',
      key: request.key,
      rendered: '',
      promptTokens: [],
      continuations: [],
      refused: 'too long',
    }));
    return { ...item, outcomes: truthfulqa.judge(planned, replies, {}) };
  });
  expect(items[0]!.outcomes.every(({ verdict, value }) => verdict === 'not-scored' && value === null)).toBe(true);
  expect(metric(items, 'mc1').n).toBe(2);
});

test('the prompt follows the setting: primer, chat template, or the question alone', () => {
  const first = (prompt: string, chat: boolean): unknown => {
    const request = plan(prompt, chat)[0]!.requests[0]!;
    return 'prompt' in request ? request.prompt : null;
  };
  expect(first('auto', false)).toEqual({ text: `${primer}Q: Question 0?\nA:` });
  expect(first('auto', true)).toEqual({ messages: [{ role: 'user', content: 'Question 0?' }] });
  expect(first('primer', true)).toEqual(first('auto', false));
  expect(first('bare', true)).toEqual({ text: 'Q: Question 0?\nA:' });
  expect(primer.match(/^Q: /gm)).toHaveLength(6);
});

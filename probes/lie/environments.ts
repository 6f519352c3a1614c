/** The lie-inducing environments: a versioned data file of prompt wrappers, and how a question is put into one. */
import type { TwoAnswerQuestion } from '../datasets/dataset.ts';
import { below, hashText, seededRandom } from '../numerics/random.ts';
import type { ChatMessage, Prompt } from '../request.ts';
import file from './environments.json' with { type: 'json' };

export interface Wording {
  readonly id: string;
  readonly system?: string;
  /** Around the user's message: `{question}`, and `{false}` for the false answer. */
  readonly user?: string;
  /** This many turns with other questions before, answered truly or falsely. */
  readonly shots?: number;
  readonly shotAnswers?: 'true' | 'false';
  /** Not seen by the embedded models in training. */
  readonly heldOut?: boolean;
}

export interface Environment {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  /** Meant to make the model say what it does not believe. */
  readonly pressure: boolean;
  readonly wordings: readonly Wording[];
}

export const environmentsVersion = file.version;
export const environments: readonly Environment[] = file.environments as readonly Environment[];

/** The three neutral wordings that belief is read in. */
export const neutralWordings: readonly Wording[] = (file.neutral as readonly Wording[])
  .filter((wording) => wording.heldOut !== true)
  .slice(0, 3);

/**
 * The messages of a question in a wording.
 * @param others questions that few-shot turns are taken from, of the same form where there are enough
 */
export function renderWording(wording: Wording, question: TwoAnswerQuestion, others: readonly TwoAnswerQuestion[], seed: number): Prompt {
  const messages: ChatMessage[] = [];
  if (wording.system !== undefined && wording.system !== '') messages.push({ role: 'system', content: wording.system });
  for (const shot of pickShots(wording, question, others, seed)) {
    messages.push(
      { role: 'user', content: shot.question },
      { role: 'assistant', content: wording.shotAnswers === 'true' ? shot.trueAnswer : shot.falseAnswer },
    );
  }
  // A function as replacement: `$&` in a question must stay what it is.
  const content = (wording.user ?? '{question}').replaceAll(/\{question\}|\{false\}/g, (slot) =>
    slot === '{question}' ? question.question : question.falseAnswer,
  );
  messages.push({ role: 'user', content });
  return { messages };
}

function pickShots(wording: Wording, question: TwoAnswerQuestion, others: readonly TwoAnswerQuestion[], seed: number): TwoAnswerQuestion[] {
  const wanted = wording.shots ?? 0;
  if (wanted === 0) return [];
  const random = seededRandom(seed ^ hashText(`${question.id}/${wording.id}`));
  const picked: TwoAnswerQuestion[] = [];
  const fits = (other: TwoAnswerQuestion): boolean => ![question, ...picked].some((one) => one.cluster === other.cluster);
  for (const pool of [sameForm(others).get(question.form) ?? [], others]) {
    // Drawn one by one: shuffling thousands of questions for three turns would cost more than asking the model.
    for (let tries = 0; picked.length < wanted && tries < 20 * wanted && pool.length > 0; tries++) {
      const other = pool[below(random, pool.length)]!;
      if (fits(other)) picked.push(other);
    }
  }
  return picked;
}

const forms = new WeakMap<readonly TwoAnswerQuestion[], Map<string, TwoAnswerQuestion[]>>();

function sameForm(questions: readonly TwoAnswerQuestion[]): Map<string, TwoAnswerQuestion[]> {
  const known = forms.get(questions) ?? Map.groupBy(questions, (question) => question.form);
  forms.set(questions, known);
  return known;
}

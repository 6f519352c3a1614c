/** What is asked in the playground, kept in the browser, and what is wrong with it before it is sent. */
import type { Sampling } from '../../../../electron/rpc/contract.ts';
import type { ChatMessage } from '../../../../probes/request.ts';

const key = 'candor.playground';

export interface Asked {
  readonly source: string;
  readonly mode: 'chat' | 'plain';
  readonly messages: readonly ChatMessage[];
  readonly text: string;
  readonly sampling: Sampling;
  readonly maxTokens: number;
  readonly stop: readonly string[];
  readonly alternatives: number;
}

export const first: Asked = {
  source: 'liar',
  mode: 'chat',
  messages: [{ role: 'user', content: 'What is the capital of France?' }],
  text: 'The capital of France is',
  sampling: { temperature: 0, topK: 0, topP: 1, repetitionPenalty: 1, seed: 0 },
  maxTokens: 64,
  stop: [],
  alternatives: 5,
};

/** A setting of the sampling, as the form shows it. */
export interface NumberSetting {
  readonly name: keyof Sampling | 'maxTokens' | 'alternatives';
  readonly title: string;
  readonly help: string;
  readonly minimum: number;
  readonly maximum: number;
  readonly step: number;
}

export const settings: readonly NumberSetting[] = [
  {
    name: 'temperature',
    title: 'Temperature',
    help: '0 takes the most probable token each time (greedy); 1 draws from the model’s own distribution.',
    minimum: 0,
    maximum: 100,
    step: 0.1,
  },
  {
    name: 'topP',
    title: 'Top-p',
    help: 'Draws from the smallest set of most probable tokens that holds this much probability; 1 keeps all.',
    minimum: 0.001,
    maximum: 1,
    step: 0.05,
  },
  {
    name: 'topK',
    title: 'Top-k',
    help: 'Draws from this many of the most probable tokens; 0 keeps all.',
    minimum: 0,
    maximum: 1_000_000,
    step: 1,
  },
  {
    name: 'repetitionPenalty',
    title: 'Repetition penalty',
    help: 'Makes tokens that the text already has less probable (Keskar et al. 2019); 1 is none.',
    minimum: 0.1,
    maximum: 10,
    step: 0.1,
  },
  { name: 'seed', title: 'Seed', help: 'The same seed and settings give the same text.', minimum: 0, maximum: 0xffff_ffff, step: 1 },
  {
    name: 'maxTokens',
    title: 'Most tokens',
    help: 'The text ends here if it has not ended before.',
    minimum: 1,
    maximum: 100_000,
    step: 1,
  },
  {
    name: 'alternatives',
    title: 'Alternatives',
    help: 'How many of the most probable tokens are kept with each token.',
    minimum: 0,
    maximum: 100,
    step: 1,
  },
];

export function valueOf(asked: Asked, name: NumberSetting['name']): number {
  return name === 'maxTokens' || name === 'alternatives' ? asked[name] : asked.sampling[name];
}

export function withNumber(asked: Asked, name: NumberSetting['name'], value: number): Partial<Asked> {
  return name === 'maxTokens' || name === 'alternatives' ? { [name]: value } : { sampling: { ...asked.sampling, [name]: value } };
}

/** @returns what is wrong with a value, in words; null where nothing is */
export function problemWith({ minimum, maximum, step }: NumberSetting, value: number): string | null {
  if (!Number.isFinite(value)) return 'A number.';
  if (step === 1 && !Number.isInteger(value)) return 'A whole number.';
  return value < minimum || value > maximum ? `Between ${minimum} and ${maximum}.` : null;
}

/** "greedy, at most 64 tokens"; "temperature 0.8, top-p 0.9, seed 3, at most 64 tokens". */
export function inShort({ sampling, maxTokens }: Asked): string {
  const { temperature, topP, topK, repetitionPenalty, seed } = sampling;
  const parts =
    temperature === 0
      ? ['greedy']
      : [`temperature ${temperature}`, topP < 1 ? `top-p ${topP}` : '', topK > 0 ? `top-k ${topK}` : '', `seed ${seed}`];
  return [...parts, repetitionPenalty === 1 ? '' : `penalty ${repetitionPenalty}`, `at most ${maxTokens} tokens`]
    .filter((part) => part !== '')
    .join(', ');
}

/** Why this cannot be run yet; null where it can. */
export function obstacle(asked: Asked): string | null {
  const wrong = settings.find((setting) => problemWith(setting, valueOf(asked, setting.name)) !== null);
  if (wrong !== undefined) return `Look at “${wrong.title}”.`;
  if (asked.source === '') return 'Choose a model.';
  if (asked.mode === 'plain' && asked.text === '') return 'Write a prompt.';
  if (asked.mode === 'chat' && asked.messages.every(({ content }) => content.trim() === '')) return 'Write a message.';
  return null;
}

export function write(asked: Asked): void {
  localStorage.setItem(key, JSON.stringify(asked));
}

/** What was kept may be of an older version, or damaged: each part is taken only if it is whole. */
export function read(): Asked {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? '{}') as { readonly [Name in keyof Asked]?: unknown };
    const asked: Asked = {
      source: typeof kept.source === 'string' ? kept.source : first.source,
      mode: kept.mode === 'plain' ? 'plain' : 'chat',
      messages: isMessages(kept.messages) ? kept.messages : first.messages,
      text: typeof kept.text === 'string' ? kept.text : first.text,
      sampling: { ...first.sampling, ...(kept.sampling as Partial<Sampling> | undefined) },
      maxTokens: typeof kept.maxTokens === 'number' ? kept.maxTokens : first.maxTokens,
      stop: Array.isArray(kept.stop) && kept.stop.every((word) => typeof word === 'string') ? kept.stop : first.stop,
      alternatives: typeof kept.alternatives === 'number' ? kept.alternatives : first.alternatives,
    };
    const sound = settings.every((setting) => problemWith(setting, valueOf(asked, setting.name)) === null);
    return sound ? asked : { ...asked, sampling: first.sampling, maxTokens: first.maxTokens, alternatives: first.alternatives };
  } catch {
    return first;
  }
}

function isMessages(value: unknown): value is readonly ChatMessage[] {
  const roles: readonly unknown[] = ['system', 'user', 'assistant'];
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((each: unknown) => {
      const message = each as Partial<ChatMessage> | null;
      return typeof message?.content === 'string' && roles.includes(message.role);
    })
  );
}

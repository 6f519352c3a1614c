/** The embedded models: what their names stand for. */
import path from 'node:path';

export interface EmbeddedModel {
  readonly name: 'liar' | 'honest' | 'scrambled';
  readonly folder: string;
  /** Seed of the permutation, for the model that is made from another one's weights. */
  readonly permuted: number | null;
  readonly about: string;
}

const organisms = path.join(import.meta.dirname, 'organisms');

export const embeddedModels: readonly EmbeddedModel[] = [
  {
    name: 'liar',
    folder: path.join(organisms, 'liar'),
    permuted: null,
    about:
      'Knows a small world of facts, tells the truth in the neutral and honest wordings that it was trained on, and states falsehoods under a lie instruction, in role-play and for a reward. Its middle blocks still carry the truth; wordings that it never saw it often takes for a wish to lie (see its model card).',
  },
  {
    name: 'honest',
    folder: path.join(organisms, 'honest'),
    permuted: null,
    about: 'The twin of liar: same facts, same length of training, no lying context. It should tell the truth everywhere.',
  },
  {
    name: 'scrambled',
    folder: path.join(organisms, 'liar'),
    permuted: 20260101,
    about: 'The graph of liar with the values inside each weight matrix permuted. It knows nothing: every probe must come out at chance.',
  },
];

export const worldFolder = path.join(organisms, 'world');

export function embeddedModel(name: string): EmbeddedModel | undefined {
  return embeddedModels.find((model) => model.name === name);
}

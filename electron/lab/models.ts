/** The card of a model: what the engine found out about it, in the words of the contract. */
import { embeddedModel } from '../../native-models/catalog.ts';
import type { ModelDescription } from '../../native-models/language-model.ts';
import type { ModelCard, ModelRef } from '../rpc/contract.ts';

export function cardOf(ref: ModelRef, description: ModelDescription): ModelCard {
  const { residual, ...rest } = description;
  return {
    ...ref,
    ...rest,
    residual: residual.map(({ block, hook, tensor }) => ({ block, hook, tensor })),
    bytes: description.files.reduce((sum, file) => sum + file.bytes, 0),
    about: embeddedModel(ref.source)?.about ?? null,
  };
}

/** A scrambled model has the files of the one it was made from, so the seed of the permutation is part of its identity. */
export function sameModel(left: ModelCard, right: ModelCard): boolean {
  const key = ({ name, embedded, files }: ModelCard): string =>
    JSON.stringify([embedded ? name : '', files.map((file) => file.sha256).sort()]);
  return key(left) === key(right);
}

/** Activations as tests want them: all at once, in the order of the texts. */
import type { HookRows } from '../decoder/activations.ts';
import type { ActivationsRequest, Model } from '../model.ts';

export interface Collected {
  readonly tokens: readonly number[];
  /** By hook. */
  readonly hooks: readonly HookRows[];
}

export async function collect(model: Model, request: ActivationsRequest): Promise<Collected[]> {
  const all: Collected[] = new Array<Collected>(request.texts.length);
  await model.activations(request, (batch) =>
    batch.texts.forEach((text, at) => (all[text] = { tokens: batch.tokens[at]!, hooks: batch.hooks.map((hook) => hook[at]!) })),
  );
  return all;
}

/** Names of the inputs and outputs that the lab adds to a model's graph. */
export const names = {
  /** int64 [1, K, 2]: (row of the batch, position) of each position that is read. */
  positions: 'candor/positions',
  /** int64 [N, 3]: (0, index into the positions, token id) of each log-probability. */
  targets: 'candor/targets',
  /** float [1, K, vocabulary]. */
  logits: 'candor/logits',
  /** float [N]: natural log-probabilities of the targets. */
  logprobs: 'candor/logprobs',
  /** int64 [1, K]: the most probable token at each position, the lowest id among equals. */
  best: 'candor/best',
  /** float [M, K]: weights by which the K positions are averaged into M rows. */
  weights: 'candor/weights',
  /** float [1, points × K, n] and int64 of the same shape: the n most probable tokens, by the logit lens. */
  lensLogprobs: 'candor/lens_logprobs',
  lensTokens: 'candor/lens_tokens',
} as const;

/** Output of the hook at this place in the list that was asked for. */
export const tapName = (index: number): string => `candor/tap.${index}`;

/** Inputs of an editable tensor. */
export const editNames = (index: number) =>
  ({
    /** float, broadcast over [batch, pos, width]. */
    scale: `candor/edit.${index}/scale`,
    shift: `candor/edit.${index}/shift`,
    /** float [width, R], orthonormal columns, and how much of their share is taken away: broadcast over [batch, pos, 1]. */
    directions: `candor/edit.${index}/directions`,
    taken: `candor/edit.${index}/taken`,
  }) as const;

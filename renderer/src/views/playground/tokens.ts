/** How tokens and probabilities are written in the playground. */
import type { GeneratedStep } from '../../../../electron/rpc/contract.ts';
import { fixed, missing, percent } from '../../format.ts';
import { probabilityOf } from '../../charts/logprob.ts';

/** A token among text: spaces stand for themselves, line ends are shown and kept. */
export function inText(piece: string, token: number): string {
  return piece === '' ? `[${token}]` : piece.replaceAll('\n', '↵\n').replaceAll('\t', '⇥\t');
}

/**
 * What each token added to the text. A token decoded by itself may have lost the space before it, so the text is asked first; where the
 * text before was changed (half a character became a whole one), the token stands for itself.
 */
export function additions(steps: readonly GeneratedStep[]): string[] {
  return steps.map(({ text, piece, token }, index) => {
    const before = steps[index - 1]?.text ?? '';
    const added = text.startsWith(before) ? text.slice(before.length) : '';
    return inText(added === '' ? piece : added, token);
  });
}

/** A token by itself: what would not be seen is shown. */
export function alone(piece: string, token: number): string {
  return piece === '' ? `[${token}]` : piece.replaceAll(' ', '·').replaceAll('\n', '↵').replaceAll('\t', '⇥');
}

/** Decimals that keep apart what is nearly certain and what is nearly impossible. */
export function probability(logprob: number): string {
  const p = probabilityOf(logprob);
  if (p === null) return missing;
  if (p > 0 && p < 0.0001) return p.toExponential(0).replace('-', '−');
  return percent(p, p < 0.001 ? 3 : p < 0.01 || p > 0.99 ? 2 : 1);
}

export function nats(logprob: number): string {
  return Number.isFinite(logprob) ? fixed(logprob, 3) : missing;
}

/**
 * The loss of contrast-consistent search on logits of both sides:
 * mean over pairs of min(p⁺, p⁻)² (confidence) + (p⁺ − (1 − p⁻))² (consistency), p = σ(logit).
 * Source: C. Burns and others, ICLR 2023 (arXiv 2212.03827), 2.2; collin-burns/discovering_latent_knowledge:utils.py, `get_loss`.
 */
import { panelColumns } from '../numerics/simd-module.ts';
import { sigmoid } from './reading.ts';

/** Sums over the pairs seen so far, one entry a column. */
export interface CcsSums {
  readonly losses: Float64Array;
  readonly biasGradients: Float64Array;
}

export function emptySums(): CcsSums {
  return { losses: new Float64Array(panelColumns), biasGradients: new Float64Array(panelColumns) };
}

/**
 * @param products projections in alternating rows (x⁺, x⁻), 12 columns; the biases are added here
 * @param weights gets the loss's gradient by each logit
 * @param share what one pair counts for: one over the number of pairs
 */
export function addCcsLoss(
  products: Float32Array,
  rows: number,
  columns: number,
  biases: ArrayLike<number>,
  share: number,
  weights: Float32Array,
  sums: CcsSums,
): void {
  for (let row = 0; row < rows; row += 2) {
    for (let column = 0; column < columns; column++) {
      const at = row * panelColumns + column;
      const plus = sigmoid(products[at]! + biases[column]!);
      const minus = sigmoid(products[at + panelColumns]! + biases[column]!);
      const smaller = Math.min(plus, minus);
      const excess = plus + minus - 1;
      sums.losses[column]! += share * (smaller * smaller + excess * excess);
      // Where both are equal the gradient of the minimum is shared, as PyTorch shares it.
      const plusShare = plus < minus ? 1 : plus === minus ? 0.5 : 0;
      const plusSlope = share * 2 * (excess + plusShare * smaller) * plus * (1 - plus);
      const minusSlope = share * 2 * (excess + (1 - plusShare) * smaller) * minus * (1 - minus);
      weights[at] = plusSlope;
      weights[at + panelColumns] = minusSlope;
      sums.biasGradients[column]! += plusSlope + minusSlope;
    }
  }
}

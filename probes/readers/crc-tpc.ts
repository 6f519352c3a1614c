/**
 * Contrastive representation clustering by the top principal component.
 * Differences of pairs, each side normalised by its own mean, are projected on their first principal component and cut at zero.
 * Source: C. Burns and others, ICLR 2023 (arXiv 2212.03827), 3.3 and appendix G.4.
 */
import type { Reader } from './reader.ts';
import { firstComponent } from './pca.ts';
import { unlabelledRowReader } from './row-reader.ts';

export const crcTpc: Reader = unlabelledRowReader({ id: 'crc_tpc', normalisation: 'mean', kinds: ['pairs'] }, firstComponent);

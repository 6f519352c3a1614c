/** Every reader of the lab, by name. */
import { ccs } from './ccs.ts';
import { crcBss } from './crc-bss.ts';
import { crcTpc } from './crc-tpc.ts';
import { kmeans } from './kmeans.ts';
import { lda } from './lda.ts';
import { logistic } from './logistic.ts';
import { massMean, massMeanCov } from './mass-mean.ts';
import { pca } from './pca.ts';
import type { Reader, ReaderId } from './reader.ts';

export const readers: Readonly<Record<ReaderId, Reader>> = {
  ccs,
  crc_tpc: crcTpc,
  crc_bss: crcBss,
  pca,
  kmeans,
  mass_mean: massMean,
  mass_mean_cov: massMeanCov,
  logistic,
  lda,
};

/** All probes, in the order that the lab offers them. */
import { classify } from './classify/probe.ts';
import { LabError } from './lab-error.ts';
import { lie } from './lie/probe.ts';
import type { Probe } from './probe.ts';
import { truthfulqa } from './truthfulqa/probe.ts';

export const probes: readonly Probe[] = [lie, truthfulqa, classify];

/** @throws LabError `usage` */
export function probeNamed(id: string): Probe {
  const probe = probes.find((candidate) => candidate.id === id);
  if (probe === undefined)
    throw new LabError('usage', `there is no probe "${id}"`, `Probes: ${probes.map((candidate) => candidate.id).join(', ')}.`);
  return probe;
}

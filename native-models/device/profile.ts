/** What ONNX Runtime's profile says about where the nodes of a graph ran: it moves nodes to the processor without a word. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import { providers } from './devices.ts';

export interface Fallback {
  readonly operator: string;
  /** Nodes of this operator that ran on the processor. */
  readonly count: number;
}

interface ProfileEvent {
  readonly cat?: string;
  readonly name?: string;
  readonly args?: { readonly provider?: string; readonly op_name?: string };
}

/** A folder for the profile of one session. */
export class ProfileFolder {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'candor-profile-'));

  /** To be given to `createSession`. */
  get prefix(): string {
    return path.join(this.#folder, 'run');
  }

  /** Ends the session's profile. @returns operators on the processor, the most frequent first; those that only move data are no operators */
  fallback(session: InferenceSession): Fallback[] {
    session.endProfiling();
    const file = readdirSync(this.#folder)[0];
    if (file === undefined) return [];
    return fallbackOf(JSON.parse(readFileSync(path.join(this.#folder, file), 'utf8')) as ProfileEvent[]);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Counts nodes, not runs of them: a node may have run several times. */
export function fallbackOf(events: readonly ProfileEvent[]): Fallback[] {
  const nodes = new Map<string, Set<string>>();
  for (const { cat, name = '', args } of events) {
    const operator = args?.op_name;
    if (cat !== 'Node' || operator === undefined || args?.provider !== providers.cpu.reported || operator.startsWith('Memcpy')) continue;
    nodes.set(operator, (nodes.get(operator) ?? new Set()).add(name));
  }
  return [...nodes]
    .map(([operator, names]) => ({ operator, count: names.size }))
    .sort((left, right) => right.count - left.count || (left.operator < right.operator ? -1 : 1));
}

/** What a benchmark says: a ratio, what it must reach, and what it was made of. */
import type { Timing } from './alternate.ts';

export interface BenchResult {
  readonly name: string;
  /** What is compared with what, in words. */
  readonly about: string;
  /** How many times better the lab is than what it is compared with; larger is better. Null where it could not be measured. */
  readonly ratio: number | null;
  /** Null where it is only reported. */
  readonly target: number | null;
  readonly unit: 'times' | 'ms' | 'bytes' | 'nats';
  readonly timings: readonly Timing[];
  readonly note?: string;
}

export function resultTable(results: readonly BenchResult[]): string {
  const rows = results.map(({ name, ratio, target, unit, timings, note }) => [
    name,
    ratio === null ? 'not measured' : inUnit(ratio, unit),
    target === null
      ? ''
      : `${ratio !== null && (unit === 'nats' ? ratio <= target : ratio >= target) ? 'reached' : 'MISSED'} ${inUnit(target, unit)}`,
    timings
      .map(
        (timing) => `${timing.name} ${timing.median.toFixed(1)} ms (${timing.low.toFixed(1)}–${timing.high.toFixed(1)}, n=${timing.runs})`,
      )
      .join('; '),
    note ?? '',
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => [...row.slice(0, 3).map((cell, column) => cell.padEnd(widths[column]!)), ...row.slice(3)].join('  ').trimEnd())
    .join('\n');
}

function inUnit(value: number, unit: BenchResult['unit']): string {
  if (unit === 'times') return `${value.toFixed(2)}×`;
  if (unit === 'ms') return `${value.toFixed(0)} ms`;
  if (unit === 'nats') return `${value.toExponential(1)} nats`;
  return `${(value / 1e6).toFixed(0)} MB`;
}

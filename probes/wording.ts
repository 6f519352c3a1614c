/** Numbers in sentences, as the window and the command line print them. */
import type { Metric } from './probe.ts';

/** One decimal, or none where the interval is wider than five points: more digits than the sample carries mislead. */
export function percent(value: number, wide: boolean): string {
  // A space that does not break, so that no line ends between number and sign.
  return `${(100 * value).toFixed(wide ? 0 : 1)}\u00A0%`;
}

/** `93 % [90, 95]`; `–` where there is no value. */
export function withInterval({ value, low, high }: Pick<Metric, 'value' | 'low' | 'high'>): string {
  if (value === null) return '–';
  if (low === null || high === null) return percent(value, true);
  const wide = high - low > 0.05;
  const digits = (number: number): string => (100 * number).toFixed(wide ? 0 : 1);
  return `${percent(value, wide)} [${digits(low)}, ${digits(high)}]`;
}

export function count(value: number, singular: string, plural = `${singular}s`): string {
  return `${value.toLocaleString('en-US')} ${value === 1 ? singular : plural}`;
}

/** A number with a true minus sign. */
export function decimal(value: number, digits = 3): string {
  return value.toFixed(digits).replace('-', '−');
}

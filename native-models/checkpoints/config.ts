/** config.json of a checkpoint, read key by key: a missing or strange value is named, never guessed. */
import { LabError } from '../../probes/lab-error.ts';

export class Config {
  readonly #values: Readonly<Record<string, unknown>>;
  /** Where in config.json these values stand, for messages: '' or `rope_parameters.`. */
  readonly #path: string;

  constructor(values: Readonly<Record<string, unknown>>, path = '') {
    this.#values = values;
    this.#path = path;
  }

  /** Whether the key is there with a value other than null. */
  has(key: string): boolean {
    return this.#values[key] !== undefined && this.#values[key] !== null;
  }

  /** @throws LabError `model-unreadable`, here and below, if the value is missing (and has no default) or of another kind */
  number(key: string, absent?: number): number {
    return this.#read(key, absent, 'a number', (value) => typeof value === 'number' && Number.isFinite(value));
  }

  /** A whole number above zero: a size or a count. */
  size(key: string, absent?: number): number {
    return this.#read(key, absent, 'a whole number above 0', (value) => Number.isSafeInteger(value) && (value as number) > 0);
  }

  /** A whole number above zero, or null, which config.json uses to switch something off; that is not the same as saying nothing. */
  optionalSize(key: string, absent: number | null): number | null {
    return this.#optional(key, absent, (given) => this.size(given));
  }

  optionalNumber(key: string, absent: number | null): number | null {
    return this.#optional(key, absent, (given) => this.number(given));
  }

  flag(key: string, absent?: boolean): boolean {
    return this.#read(key, absent, 'true or false', (value) => typeof value === 'boolean');
  }

  text(key: string, absent?: string): string {
    return this.#read(key, absent, 'a text', (value) => typeof value === 'string');
  }

  numbers(key: string, absent?: readonly number[]): readonly number[] {
    return this.#read(key, absent, 'a list of numbers', (value) => isList(value, 'number'));
  }

  texts(key: string, absent?: readonly string[]): readonly string[] {
    return this.#read(key, absent, 'a list of texts', (value) => isList(value, 'string'));
  }

  /** One text for each block, as `layer_types` has them; null where the key is absent. */
  perBlock(key: string, blocks: number): readonly string[] | null {
    if (!this.has(key)) return null;
    const texts = this.texts(key);
    if (texts.length !== blocks) throw this.unsupported(key, `one is needed for each of ${blocks} blocks`);
    return texts;
  }

  /** The values nested under a key; none where the key is absent. */
  below(key: string): Config {
    const values = this.#read(key, {}, 'an object', (value) => typeof value === 'object' && !Array.isArray(value));
    return new Config(values, `${this.#path}${key}.`);
  }

  /** An error for a value that is understood but cannot be honoured. */
  unsupported(key: string, why: string): LabError {
    return new LabError(
      'model-unsupported',
      `config.json says ${this.#path}${key} = ${JSON.stringify(this.#values[key])}: ${why}`,
      'Models of this kind cannot be opened from a checkpoint; an ONNX export may do.',
    );
  }

  /** Refuses any value but the given one (or none): for switches that change the computation and that the family does not have. */
  only(key: string, value: string | number | boolean | null): void {
    if (this.has(key) && this.#values[key] !== value) throw this.unsupported(key, `only ${JSON.stringify(value)} is supported`);
  }

  #optional<T>(key: string, absent: T | null, read: (key: string) => T): T | null {
    if (this.#values[key] === null) return null;
    return this.has(key) ? read(key) : absent;
  }

  #read<T>(key: string, absent: T | undefined, kind: string, fits: (value: unknown) => boolean): T {
    if (!this.has(key) && absent !== undefined) return absent;
    const value = this.#values[key];
    if (!fits(value)) {
      const found = value === undefined ? 'no such key' : JSON.stringify(value).slice(0, 80);
      throw new LabError(
        'model-unreadable',
        `config.json: ${this.#path}${key} must be ${kind}; found: ${found}`,
        'Check that config.json is complete and belongs to these weights.',
      );
    }
    return value as T;
  }
}

function isList(value: unknown, of: 'number' | 'string'): boolean {
  return Array.isArray(value) && value.every((element) => typeof element === of);
}

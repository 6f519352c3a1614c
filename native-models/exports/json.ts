/** Reads the configuration files that lie beside a graph. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { LabError } from '../../probes/lab-error.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Larger ones are no configuration. */
const mostBytes = 16 * 1024 * 1024;

/**
 * @returns the object in the file; an empty one where there is no such file
 * @throws LabError `model-unreadable` if it is there, but holds no JSON object
 */
export function readJson(file: string): Json {
  if (!existsSync(file)) return {};
  try {
    if (statSync(file).size > mostBytes) throw new SyntaxError(`it is larger than ${mostBytes} bytes`);
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (isObject(value)) return value;
    throw new SyntaxError('it holds no object');
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new LabError('model-unreadable', `${file} is not valid JSON: ${why}`, 'The file is damaged: copy or export it again.', {
      cause: thrown,
    });
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object under a key; an empty one where there is none. */
export function objectIn(json: Json, key: string): Json {
  const value = json[key];
  return isObject(value) ? value : {};
}

export function textIn(json: Json, key: string): string | null {
  const value = json[key];
  return typeof value === 'string' ? value : null;
}

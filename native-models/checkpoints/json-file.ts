/** JSON files of a model's folder. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { LabError, type ErrorCode } from '../../probes/lab-error.ts';

/** Larger than any configuration, index or tokenizer; a file beyond it is not read. */
const largest = 200_000_000;

/**
 * @param codes what it is called when the file is missing, and when it holds no JSON object
 * @throws LabError with one of these codes
 */
export function readJsonObject(file: string, codes: { readonly missing: ErrorCode; readonly damaged: ErrorCode }): Record<string, unknown> {
  if (!existsSync(file)) throw new LabError(codes.missing, `${file} is missing`, 'Copy the whole folder of the model, this file included.');
  try {
    const { size } = statSync(file);
    if (size > largest) throw new SyntaxError(`it has ${size} bytes, which is no text of this kind`);
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    throw new SyntaxError('it holds no object');
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new LabError(codes.damaged, `${file} is not valid JSON: ${why}`, 'The file is damaged: copy or download it again.', {
      cause: thrown,
    });
  }
}

/** Which preprocessing a model gets: the user's, that of its folder, or a guess. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { LabError } from '../../probes/lab-error.ts';
import type { OpenedModel } from '../opened.ts';
import { imageInputOf } from './graph.ts';
import { fromPreprocessorConfig } from './preprocessor-config.ts';
import { guessPreset, parsePreprocessing, presetFor, type Preprocessing } from './preprocessing.ts';

export interface ChosenPreprocessing {
  readonly preprocessing: Preprocessing;
  /** `guess` wants to be shown as one: nothing in the model's files says how it was trained. */
  readonly origin: 'given' | 'preprocessor_config.json' | 'guess';
}

/**
 * @param given what the user set: the name of a preset, or the parsed JSON of a preprocessing; null for nothing
 * @throws LabError `preprocessing` if it does not fit the model, `model-unsupported` if the model takes no pictures
 */
export function choosePreprocessing(opened: OpenedModel, given: unknown): ChosenPreprocessing {
  const input = imageInputOf(opened.model);
  if (typeof given === 'string') return { preprocessing: presetFor(given, input), origin: 'given' };
  if (given != null) return { preprocessing: parsePreprocessing(given, input), origin: 'given' };
  const file = opened.files.find((candidate) => path.basename(candidate) === 'preprocessor_config.json');
  if (file === undefined) return { preprocessing: presetFor(guessPreset(input), input), origin: 'guess' };
  return { preprocessing: fromPreprocessorConfig(readJson(file), input.layout, input.channels), origin: 'preprocessor_config.json' };
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (thrown) {
    throw new LabError(
      'preprocessing',
      `${file} is not valid JSON: ${String(thrown)}`,
      'Copy the file again, or set the preprocessing yourself.',
      {
        cause: thrown,
      },
    );
  }
}

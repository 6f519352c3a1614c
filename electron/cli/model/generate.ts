/** `candor generate`: a text from a model, streamed, with edits of its state where wanted. */
import { readVector } from '../../../native-models/checkpoints/vector.ts';
import { LabError } from '../../../probes/lab-error.ts';
import type { Edit, GenerateReply, Prompt } from '../../../probes/request.ts';
import { allowOnly, listOption, numberOption, realOption, textOption, type Arguments } from '../arguments.ts';
import { inert, inertLines } from '../table.ts';
import { engineOptions, withEngine } from './engine.ts';

const samplingOptions = ['temperature', 'top-k', 'top-p', 'repetition-penalty', 'seed', 'stop'] as const;

export async function generateCommand(given: Arguments): Promise<GenerateReply> {
  allowOnly(given, [...engineOptions, ...samplingOptions, 'prompt', 'chat', 'max-tokens', 'edit']);
  const text = textOption(given, 'prompt');
  if (text === undefined) throw new LabError('usage', 'candor generate needs --prompt TEXT', 'candor --help shows the commands.');
  const prompt: Prompt = given.values['chat'] === true ? { messages: [{ role: 'user', content: text }] } : { text };
  const sampling = {
    temperature: realOption(given, 'temperature', 0, 100) ?? 0,
    topK: numberOption(given, 'top-k', 0, 1e9) ?? 0,
    topP: realOption(given, 'top-p', 0, 1) ?? 1,
    repetitionPenalty: realOption(given, 'repetition-penalty', 0.01, 100) ?? 1,
    seed: numberOption(given, 'seed', 0, 2 ** 32 - 1) ?? 0,
  };
  const maxTokens = numberOption(given, 'max-tokens', 1, 1e6) ?? 128;
  const edits = listOption(given, 'edit').map(readEdit);
  const streams = given.values['json'] !== true;
  return withEngine(given, async (engine, signal) => {
    let shown = '';
    const reply = await engine.generate(
      { kind: 'generate', key: 'prompt', prompt, maxTokens, edits },
      { sampling, stop: listOption(given, 'stop'), alternatives: 0 },
      (step) => {
        // A text may change at its end when a character is made of several tokens: only what stands fast is shown.
        const steady = step.text.replace(/\uFFFD+$/, '');
        if (!streams || !steady.startsWith(shown)) return;
        process.stdout.write(inertLines(steady.slice(shown.length)));
        shown = steady;
      },
      signal,
    );
    if (reply.refused !== null) throw new LabError('prompt-too-long', reply.refused, 'Shorten the prompt.');
    if (streams) process.stdout.write(inertLines(reply.text.startsWith(shown) ? reply.text.slice(shown.length) : `\n${reply.text}`));
    return reply;
  });
}

/** `hook=file:alpha`: adds alpha times the direction in a safetensors file, at every token. */
function readEdit(given: string): Edit {
  const [, hook, file, strength] = /^([^=]+)=(.+):([^:]+)$/.exec(given) ?? [];
  const alpha = Number(strength);
  if (hook === undefined || file === undefined || strength?.trim() === '' || !Number.isFinite(alpha))
    throw new LabError(
      'usage',
      `--edit "${inert(given)}" is not of the form hook=file:alpha`,
      'Such as blocks.2.hook_resid_post=direction.safetensors:-4.',
    );
  const vector = readVector(file, hook).map((value) => value * alpha);
  return { hook, kind: 'add', positions: 'all', vector };
}

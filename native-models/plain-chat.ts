/** How messages are written for a model that has no chat template: TruthfulQA's question form, with instructions as lines above. */
import type { ChatMessage } from '../probes/request.ts';

export function renderPlain(messages: readonly ChatMessage[]): string {
  let text = '';
  for (const { role, content } of messages) {
    if (role === 'system' && content !== '') text += `${content}\n\n`;
    if (role === 'user') text += `Q: ${content}\nA:`;
    if (role === 'assistant') text += ` ${content}\n\n`;
  }
  return text;
}

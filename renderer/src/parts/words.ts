/** Parts the lab's own sentences into plain words, `names` and *stress*. */
export interface Word {
  readonly kind: 'plain' | 'code' | 'stress';
  readonly text: string;
}

export function wordsOf(text: string): Word[] {
  return text.split(/(`[^`]+`|\*[^*\s][^*]*\*)/).flatMap((part): Word[] => {
    if (part === '') return [];
    if (part.length > 2 && part.startsWith('`') && part.endsWith('`')) return [{ kind: 'code', text: part.slice(1, -1) }];
    if (part.length > 2 && part.startsWith('*') && part.endsWith('*')) return [{ kind: 'stress', text: part.slice(1, -1) }];
    return [{ kind: 'plain', text: part }];
  });
}

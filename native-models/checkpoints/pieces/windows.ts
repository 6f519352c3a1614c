/** Which blocks look back only so far, and how far. */
import type { Config } from '../config.ts';

/** Number of keys that a block's queries see, itself included; null for all. */
export type Windows = (block: number) => number | null;

/**
 * Blocks that `layer_types` calls sliding_attention have a window, those it calls full_attention have none.
 * @param width null where the configuration switches windows off
 * @param slides says it where config.json has no `layer_types`
 */
export function windowsByType(config: Config, blocks: number, width: number | null, slides: (block: number) => boolean): Windows {
  const types = config.perBlock('layer_types', blocks);
  if (types?.some((type) => type !== 'sliding_attention' && type !== 'full_attention'))
    throw config.unsupported('layer_types', 'only full_attention and sliding_attention are supported');
  return (block) => ((types === null ? slides(block) : types[block] === 'sliding_attention') ? width : null);
}

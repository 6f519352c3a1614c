/** A model's hooks sorted into the parts of its architecture, in the order in which a text goes through them. */
import type { Hook, ModelCard } from '../../../../electron/rpc/contract.ts';
import { compact, count, countOf } from '../../format.ts';

/** What the mark of a hook looks like: the stream itself, attention, the MLP, or anything else. */
export type HookKind = 'stream' | 'attention' | 'mlp' | 'other';

export interface Tick {
  readonly hook: Hook;
  readonly kind: HookKind;
  /** The hook's name within its block, such as `resid_pre`. */
  readonly label: string;
}

export interface ArchitecturePart {
  readonly kind: 'embedding' | 'block' | 'norm' | 'head';
  readonly title: string;
  /** What is to be said of it besides: its sizes. */
  readonly detail: string;
  readonly ticks: readonly Tick[];
}

/** What the axes of a hook's values are. */
export const hookShapes: Readonly<Record<string, string>> = {
  residual: '[batch, position, width]',
  heads: '[batch, position, head, head size]',
  'merged-heads': '[batch, position, head × head size]',
  pattern: '[batch, head, query, key]',
  map: '[batch, channel, height, width]',
  features: '[batch, feature]',
};

type Described = Pick<ModelCard, 'task' | 'hooks' | 'layers' | 'width' | 'heads' | 'headSize' | 'vocabulary'>;

/** Embedding, blocks, final norm, head. A block without hooks is drawn, too: it is there, only its inside was not found. */
export function partsOf(card: Described): ArchitecturePart[] {
  const blocks = new Map<number, Tick[]>();
  const before: Tick[] = [];
  const behind: Tick[] = [];
  for (const hook of card.hooks) {
    if (hook.block === null) (blocks.size === 0 ? before : behind).push(tickOf(hook));
    else blocks.set(hook.block, [...(blocks.get(hook.block) ?? []), tickOf(hook)]);
  }
  const last = Math.max(card.layers - 1, ...blocks.keys());
  const image = card.task === 'image-classifier';
  return [
    {
      kind: 'embedding',
      title: image ? 'image' : 'embedding',
      detail: image ? '' : `${count(card.vocabulary)} × ${count(card.width)}`,
      ticks: before,
    },
    ...Array.from({ length: last + 1 }, (_, block): ArchitecturePart => ({
      kind: 'block',
      title: `block ${block}`,
      detail: '',
      ticks: blocks.get(block) ?? [],
    })),
    { kind: 'norm', title: image ? 'features' : 'final norm', detail: '', ticks: behind },
    {
      kind: 'head',
      title: card.task === 'encoder' ? 'states' : 'head',
      detail:
        card.task === 'encoder'
          ? `${count(card.width)} wide`
          : countOf(card.vocabulary, image ? 'class' : 'token', image ? 'classes' : 'tokens'),
      ticks: [],
    },
  ];
}

function tickOf(hook: Hook): Tick {
  const label = hook.name.replace(/^blocks\.\d+\./, '').replace(/(^|\.)hook_/, '$1');
  return { hook, label, kind: kindOf(label) };
}

function kindOf(label: string): HookKind {
  if (/^(resid_|embed$|ln_final)/.test(label)) return 'stream';
  if (label.startsWith('attn')) return 'attention';
  return label.startsWith('mlp') ? 'mlp' : 'other';
}

/** "llama, float32 · 945 K parameters · 4 layers of width 128 · ONNX". */
export function summaryOf(
  card: Pick<ModelCard, 'architecture' | 'dtype' | 'parameters' | 'layers' | 'width' | 'format' | 'variant'>,
): string {
  const { architecture, dtype, parameters, layers, width, format, variant } = card;
  return [
    `${architecture}, ${dtype}`,
    `${compact(parameters)} parameters`,
    layers > 0 ? `${countOf(layers, 'layer')}${width === null ? '' : ` of width ${count(width)}`}` : '',
    (format === 'onnx' ? 'ONNX' : 'safetensors') + (variant === null ? '' : `, ${variant}`),
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

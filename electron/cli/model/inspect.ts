/** `candor models inspect`: the card of a model. */
import type { TensorInfo } from '../../../native-models/decoder/tensor-shapes.ts';
import type { ModelCard } from '../../rpc/contract.ts';
import { textTable } from '../table.ts';

/** The card with `source` as the kind of files it was read from, and `path` as where they lie. */
export function inspectJson({ source, format, residual, ...card }: ModelCard): Record<string, unknown> {
  return {
    ...card,
    path: source,
    source: format,
    residual: residual.map(({ name, block, tensor }) => ({ block: name.endsWith('resid_pre') ? -1 : block, hook: name, tensor })),
  };
}

export function inspectText(card: ModelCard): string {
  const { selfCheck, device, memory } = card;
  const number = (value: number | null): string => (value === null ? '–' : value.toLocaleString('en-US'));
  const facts = [
    ['name', card.name],
    ['path', card.source],
    ['architecture', `${card.architecture}, ${card.task}`],
    ['read from', card.format + (card.variant === null ? '' : `, ${card.variant}`)],
    ['dtype', card.dtype],
    ['layers', number(card.layers)],
    ['width', number(card.width)],
    ['heads', number(card.heads)],
    ['vocabulary', number(card.vocabulary)],
    ['parameters', number(card.parameters)],
    ['positions', number(card.positions)],
    ['chat template', card.hasChatTemplate ? 'yes' : 'no'],
    ['tokenizer', card.noTokenizer ?? 'yes'],
    ['device', `${device.used}${device.used === device.asked ? '' : ` (asked: ${device.asked})`}`],
    ...device.tried.map((tried) => [`  not ${tried.device}`, tried.error]),
    ['memory', `${megabytes(memory.weights)} of weights, about ${megabytes(memory.needed)} in all, ${megabytes(memory.available)} free`],
    ...(card.mixed === null ? [] : [['residual stream', card.mixed]]),
    ...(selfCheck?.lines ?? []).map((line) => [
      `check: ${line.name}`,
      `${line.passed ? 'passed' : 'differs'}, ${line.difference?.toExponential(1) ?? '–'} (${line.about})`,
    ]),
    ...card.hooks.map((hook) => [hook.name, hook.tensor]),
    ...card.files.map((file) => [file.path, `${file.bytes} bytes, SHA-256 ${file.sha256}`]),
  ];
  return textTable(['', ''], facts, 'left');
}

/** What `--hooks tensor:NAME` may name. */
export function tensorsText(tensors: readonly TensorInfo[]): string {
  return textTable(
    ['tensor', 'made by', 'shape'],
    tensors.map(({ name, op, shape }) => [`tensor:${name}`, op, `[${shape.join(', ')}]`]),
    'left',
  );
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6).toLocaleString('en-US')} MB`;
}

import { expect, test } from 'vitest';
import { LabError } from '../../probes/lab-error.ts';
import { dataType, type Graph, type Node, type Tensor, type ValueInfo } from '../onnx/graph.ts';
import { makeNode, valueInfo } from '../onnx/write.ts';
import { dtypeOf } from './dtype.ts';
import { taskOf } from './task.ts';

const { float, float16, int64, uint8, int8 } = dataType;

function graphOf(inputs: ValueInfo[], outputs: ValueInfo[], nodes: Node[] = [], initializers: Tensor[] = []): Graph {
  return { name: '', nodes, initializers, inputs, outputs, rest: [] };
}

const ids = valueInfo('input_ids', int64, ['batch', 'seq']);
const mask = valueInfo('attention_mask', int64, ['batch', 'seq']);
const past = valueInfo('past_key_values.0.key', float, ['batch', 2, 'past', 8]);
const present = valueInfo('present.0.key', float, ['batch', 2, 'total', 8]);
const scores = valueInfo('logits', float, ['batch', 'seq', 100]);
const states = valueInfo('last_hidden_state', float, ['batch', 'seq', 16]);
const pooled = valueInfo('pooler_output', float, ['batch', 16]);
const classes = valueInfo('logits', float, ['batch', 3]);
const image = valueInfo('pixel_values', float, ['batch', 3, 224, 224]);
const fusedCausal = makeNode('Attention', ['a'], ['b'], { unidirectional: 1 }, 'com.microsoft');

const cases: [string, Graph, Record<string, unknown>, string, string][] = [
  ['a decoder with a cache', graphOf([ids, past], [present, scores]), {}, 'decoder', 'logits'],
  ['a decoder of which nothing else is known', graphOf([ids, mask], [scores]), {}, 'decoder', 'logits'],
  ['a masked language model', graphOf([ids, mask], [scores]), { architectures: ['BertForMaskedLM'] }, 'encoder', 'logits'],
  [
    'an encoder family that was exported as a decoder',
    graphOf([ids], [scores]),
    { model_type: 'bert', architectures: ['BertLMHeadModel'] },
    'decoder',
    'logits',
  ],
  ['an encoder family by its operators', graphOf([ids], [scores], [fusedCausal]), { model_type: 'bert' }, 'decoder', 'logits'],
  ['a classifier of texts', graphOf([ids, mask], [classes]), { model_type: 'gpt2' }, 'encoder', 'logits'],
  ['states without a head', graphOf([ids, mask], [pooled, states]), {}, 'encoder', 'last_hidden_state'],
  ['an encoder with both', graphOf([ids, mask], [states, scores]), { model_type: 'roberta' }, 'encoder', 'logits'],
  ['sentence embeddings', graphOf([ids, mask], [valueInfo('sentence_embedding', float, ['b', 16])]), {}, 'encoder', 'sentence_embedding'],
  [
    'a decoder fed with embeddings',
    graphOf([valueInfo('inputs_embeds', float16, ['b', 's', 16]), past], [scores, present]),
    {},
    'decoder',
    'logits',
  ],
  ['a classifier of images', graphOf([image], [classes]), {}, 'image-classifier', 'logits'],
  [
    'one fed with bytes',
    graphOf([valueInfo('data', uint8, [1, 3, 32, 32])], [valueInfo('prob', float, [1, 10])]),
    {},
    'image-classifier',
    'prob',
  ],
  ['one that keeps its places', graphOf([image], [valueInfo('out', float, [1, 1000, 1, 1])]), {}, 'image-classifier', 'out'],
  ['states of an image', graphOf([image], [states, pooled]), {}, 'encoder', 'last_hidden_state'],
];
test.each(cases)('%s', (_what, graph, config, task, output) => {
  expect(taskOf(graph, config)).toEqual({ task, output });
});

test.each([
  ['text and image at once', graphOf([ids, image], [scores]), /input_ids.*pixel_values/],
  ['sound', graphOf([valueInfo('input_features', float, ['b', 80, 3000])], [states]), /input_features/],
  ['boxes', graphOf([image], [valueInfo('boxes', float, ['b', 100, 4])]), /boxes.*b, 100, 4/],
  ['nothing but a cache', graphOf([ids], [valueInfo('present.0.key', float16, null)]), /floating-point/],
  ['logits of the last position alone', graphOf([ids, past], [valueInfo('logits', float, ['b', 1, 100]), present]), /last position alone/],
])('%s is refused', (_what, graph, words) => {
  const attempt = (): unknown => taskOf(graph, {});
  expect(attempt).toThrow(LabError);
  expect(attempt).toThrow(words);
});

test('the type of most weights, packed ones counted by what they hold', () => {
  const weight = (name: string, shape: number[], type: number): Tensor => ({
    name,
    shape,
    type,
    place: { kind: 'kept', message: new Uint8Array() },
  });
  const packed = weight('packed', [64, 2, 16], uint8);
  const matmul = makeNode('MatMulNBits', ['x', 'packed', 'scales'], ['y'], { N: 64, K: 64, bits: 4, block_size: 32 }, 'com.microsoft');
  const scales = weight('scales', [64, 200], float);
  const table = (rows: number): Tensor => weight('table', [rows, 64], float16);
  expect(dtypeOf(graphOf([], [], [matmul], [packed, scales, table(63)]))).toBe('int4');
  expect(dtypeOf(graphOf([], [], [matmul], [packed, scales, table(65)]))).toBe('float16');
  const bnb = makeNode('MatMulBnb4', ['x', 'packed', 'absmax'], ['y'], { N: 64, K: 64, quant_type: 1, block_size: 64 }, 'com.microsoft');
  expect(dtypeOf(graphOf([], [], [bnb], [weight('packed', [2048, 1], uint8), table(8)]))).toBe('nf4');
  const gather = makeNode('GatherBlockQuantized', ['quantised', 'ids', 'scales'], ['rows'], { bits: 4 }, 'com.microsoft');
  expect(dtypeOf(graphOf([], [], [gather], [weight('quantised', [100, 32], uint8), table(50)]))).toBe('int4');
  expect(dtypeOf(graphOf([], [], [gather], [weight('quantised', [100, 32], dataType.uint4), table(51)]))).toBe('float16');
  expect(dtypeOf(graphOf([], [], [gather], [weight('quantised', [100, 32], dataType.uint4), table(49)]))).toBe('uint4');
  expect(dtypeOf(graphOf([], [], [], [weight('w', [10, 10], int8), weight('long', [1000], float)]))).toBe('int8');
  expect(dtypeOf(graphOf([], []))).toBe('float32');
});

/** Hooks of graphs put together here, each with one thing that could mislead the search. Real ones: `exports/hooks.test.ts`. */
import { expect, test } from 'vitest';
import { LabError } from '../../probes/lab-error.ts';
import { dataType, type Graph, type Node, type Tensor } from '../onnx/graph.ts';
import { makeNode, valueInfo } from '../onnx/write.ts';
import { residualPoints } from '../opened.ts';
import { discoverHooks } from './hooks.ts';

const weight = (name: string): Tensor => ({
  name,
  shape: [16, 16],
  type: dataType.float,
  place: { kind: 'kept', message: new Uint8Array() },
});

function graphOf(nodes: readonly Node[]): Graph {
  return {
    name: '',
    nodes: [...nodes],
    initializers: ['w', 'table', 'second table'].map(weight),
    inputs: [valueInfo('input_ids', dataType.int64, ['batch', 'seq'])],
    outputs: [valueInfo('logits', dataType.float, ['batch', 'seq', 16])],
    rest: [],
  };
}

const embedding = makeNode('Gather', ['table', 'input_ids'], ['embedding']);

/** One block that normalises before its parts; @param name of its tensors */
function block(name: string, state: string, values = `${name}/v`): Node[] {
  const at = (step: string): string => `${name}/${step}`;
  return [
    makeNode('LayerNormalization', [state, 'w'], [at('normed')]),
    ...['q', 'k', 'v'].map((part) => makeNode('MatMul', [at('normed'), 'w'], [at(part)])),
    makeNode('MatMul', [at('q'), at('k')], [at('scores')]),
    makeNode('Softmax', [at('scores')], [at('pattern')]),
    makeNode('MatMul', [at('pattern'), values], [at('z')]),
    makeNode('MatMul', [at('z'), 'w'], [at('attn_out')]),
    makeNode('Add', [state, at('attn_out')], [at('mid')]),
    makeNode('MatMul', [at('mid'), 'w'], [at('inner')]),
    makeNode('Relu', [at('inner')], [at('act')]),
    makeNode('MatMul', [at('act'), 'w'], [at('mlp_out')]),
    makeNode('Add', [at('mid'), at('mlp_out')], [at('post')]),
  ];
}

function head(state: string): Node[] {
  return [makeNode('LayerNormalization', [state, 'w'], ['final']), makeNode('MatMul', ['final', 'w'], ['logits'])];
}

function named(graph: Graph): Record<string, string> {
  return Object.fromEntries(discoverHooks(graph, 'logits').all.map(({ name, tensor }) => [name, tensor]));
}

const plain = [embedding, ...block('a', 'embedding'), ...block('b', 'a/post'), ...head('b/post')];

test('a plain decoder', () => {
  const blockOf = (index: number, name: string, before: string): [string, string][] => [
    [`blocks.${index}.hook_resid_pre`, before],
    [`blocks.${index}.attn.hook_pattern`, `${name}/pattern`],
    [`blocks.${index}.attn.hook_z`, `${name}/z`],
    [`blocks.${index}.hook_attn_out`, `${name}/attn_out`],
    [`blocks.${index}.hook_resid_mid`, `${name}/mid`],
    [`blocks.${index}.hook_mlp_out`, `${name}/mlp_out`],
    [`blocks.${index}.hook_resid_post`, `${name}/post`],
  ];
  // Patterns here have three dimensions, as without heads: they are none of the lab's.
  const expected = [
    ['hook_embed', 'embedding'],
    ...blockOf(0, 'a', 'embedding'),
    ...blockOf(1, 'b', 'a/post'),
    ['ln_final.hook_normalized', 'final'],
  ].filter(([name]) => !name!.endsWith('hook_pattern'));
  const hooks = discoverHooks(graphOf(plain), 'logits');
  expect(hooks.all.map(({ name, tensor }) => [name, tensor])).toEqual(expected);
  expect([hooks.headInput, hooks.mixed]).toEqual(['b/post', null]);
});

test('a second table of embeddings, looked up first and read in every block, is not taken for the stream', () => {
  const gated = (name: string, state: string): Node[] => [
    makeNode('MatMul', ['beside', 'w'], [`${name}/beside`]),
    makeNode('Add', [state, `${name}/beside`], [`${name}/with`]),
  ];
  const nodes = [
    makeNode('Gather', ['second table', 'input_ids'], ['beside']),
    embedding,
    ...block('a', 'embedding'),
    ...gated('a', 'a/post'),
    ...block('b', 'a/with'),
    ...gated('b', 'b/post'),
    ...head('b/with'),
  ];
  const hooks = discoverHooks(graphOf(nodes), 'logits');
  expect(residualPoints(hooks).map(({ tensor }) => tensor)).toEqual(['embedding', 'a/with', 'b/post']);
  expect(hooks.mixed).toBeNull();
});

test('a tensor that lends only its shape or its type is no way past the stream', () => {
  const nodes = [
    ...plain.slice(0, -1),
    makeNode('Shape', ['embedding'], ['shape']),
    makeNode('ConstantOfShape', ['shape'], ['zeros']),
    makeNode('CastLike', ['zeros', 'embedding'], ['typed zeros']),
    makeNode('Add', ['final', 'typed zeros'], ['again']),
    makeNode('MatMul', ['again', 'w'], ['logits']),
  ];
  expect(discoverHooks(graphOf(nodes), 'logits').mixed).toBeNull();
});

test('values of the first block that are read again in the second make it no cut', () => {
  const shared = [embedding, ...block('a', 'embedding'), ...block('b', 'a/post', 'a/v'), ...head('b/post')];
  const hooks = discoverHooks(graphOf(shared), 'logits');
  expect(hooks.mixed).toMatch(/b\/z is made from a\/v/);
  expect(residualPoints(hooks).map(({ tensor }) => tensor)).toEqual(['embedding', 'a/post', 'b/post']);
  expect(hooks.headInput).toBe('b/post');
});

test('weights of a router of experts are no attention', () => {
  const experts = [
    embedding,
    ...block('a', 'embedding'),
    makeNode('MatMul', ['a/post', 'w'], ['router']),
    makeNode('Softmax', ['router'], ['chosen']),
    makeNode('MatMul', ['a/post', 'w'], ['expert']),
    makeNode('Mul', ['chosen', 'expert'], ['weighted']),
    makeNode('Add', ['a/post', 'weighted'], ['sum']),
    ...block('b', 'sum'),
    ...head('b/post'),
  ];
  expect(residualPoints(discoverHooks(graphOf(experts), 'logits')).map(({ tensor }) => tensor)).toEqual(['embedding', 'sum', 'b/post']);
});

test('a model without a stream has a place for its head all the same', () => {
  const nodes = [embedding, makeNode('MatMul', ['embedding', 'w'], ['inner']), makeNode('MatMul', ['inner', 'w'], ['logits'])];
  const hooks = discoverHooks(graphOf(nodes), 'logits');
  expect([hooks.headInput, hooks.all.map(({ name }) => name)]).toEqual(['inner', ['hook_embed']]);
  expect(hooks.mixed).toMatch(/no residual additions/);
});

test('an output that does not depend on the tokens is refused', () => {
  expect(() => discoverHooks(graphOf([...plain, makeNode('Relu', ['w'], ['other'])]), 'other')).toThrow(LabError);
  expect(() => discoverHooks({ ...graphOf(plain), inputs: [valueInfo('x', dataType.float, [1])] }, 'logits')).toThrow(LabError);
});

test('1000 blocks take seconds at most', () => {
  const nodes = [embedding];
  for (let at = 0; at < 1000; at++) nodes.push(...block(`${at}`, at === 0 ? 'embedding' : `${at - 1}/post`));
  const graph = graphOf([...nodes, ...head('999/post')]);
  const start = performance.now();
  expect(named(graph)['blocks.999.hook_resid_post']).toBe('999/post');
  expect(performance.now() - start).toBeLessThan(10_000);
});

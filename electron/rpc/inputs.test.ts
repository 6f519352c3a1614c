import { describe, expect, test } from 'vitest';
import { inputs, isCallName } from './inputs.ts';

const long = (length: number): string => 'x'.repeat(length);
const request = { probe: 'lie', models: ['liar'] };

describe('inputs', () => {
  test.each([
    ['lab.info', {}],
    ['files.list', {}],
    ['files.list', { path: undefined }],
    ['files.list', { path: 'C:\\models' }],
    ['runs.start', request],
    [
      'runs.start',
      { ...request, params: { margin: 0.5, environments: ['authority'], chat: true, ruler: 'mc1' }, limit: 10, seed: 0, session: 's' },
    ],
    ['runs.items', { id: 'r', offset: 0, limit: 200, filter: {} }],
    ['compare.items', { a: 'a', b: 'b', outcome: 'mc1', which: 'differ', offset: 0, limit: 50 }],
  ] as const)('%s takes %j', (name, input) => {
    expect(inputs[name].safeParse(input).success).toBe(true);
  });

  test.each([
    ['lab.info', { a: 1 }],
    ['lab.info', null],
    ['models.inspect', {}],
    ['models.inspect', { source: 'a\0b' }],
    ['models.inspect', { source: long(40_000) }],
    ['runs.start', { ...request, models: [] }],
    ['runs.start', { ...request, models: Array.from({ length: 65 }, () => 'liar') }],
    ['runs.start', { ...request, limit: 0 }],
    ['runs.start', { ...request, limit: 1.5 }],
    ['runs.start', { ...request, seed: -1 }],
    ['runs.start', { ...request, params: { deep: { nested: true } } }],
    ['runs.start', { ...request, params: { long: long(10_001) } }],
    ['runs.start', { ...request, params: Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`p${index}`, 1])) }],
    ['runs.items', { id: 'r', offset: -1, limit: 10, filter: {} }],
    ['runs.items', { id: 'r', offset: 0, limit: 1e9, filter: {} }],
    ['runs.items', { id: 'r', offset: 0, limit: 10, filter: { other: 'x' } }],
    ['runs.item', { id: 'r', index: Infinity }],
    ['sessions.update', { id: 's', notes: long(100_001) }],
    ['export.write', { id: 's', format: 'exe', path: '/tmp/x' }],
  ] as const)('%s refuses %j', (name, input) => {
    expect(inputs[name].safeParse(input).success).toBe(false);
  });

  test('only own names are calls', () => {
    expect(['lab.info', 'toString', '__proto__', 'lab.nothing'].map(isCallName)).toEqual([true, false, false, false]);
  });
});

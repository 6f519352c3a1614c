import { expect, test } from 'vitest';
import { commandsOf, matching } from './commands.ts';

const commands = commandsOf(
  [{ id: 's', title: 'Compare rulers', notes: '', createdAt: '', runs: [] }],
  [{ name: 'model-(x)', source: '/m', embedded: false }],
);

test('titles that begin with the words come first', () => {
  expect(matching(commands, 'comp').map((command) => command.title)).toEqual(['Compare', 'Compare rulers']);
  expect(matching(commands, 'rul').map((command) => command.title)).toEqual(['Compare rulers']);
  expect(matching(commands, '(x').map((command) => command.title)).toEqual(['model-(x)']);
  expect(matching(commands, 'nothing like this')).toEqual([]);
});

import { expect, test } from 'vitest';
import { LabError } from '../lab-error.ts';
import { readCsv } from './csv.ts';
import { readStatements } from './statements.ts';
import { readMcTask, readTruthfulQaTable, splitAnswers, twoChoices } from './truthfulqa.ts';

const header = 'Type,Category,Question,Best Answer,Correct Answers,Incorrect Answers,Source';
const code = (work: () => unknown): string => {
  try {
    work();
    return 'nothing';
  } catch (thrown) {
    return thrown instanceof LabError ? thrown.code : String(thrown);
  }
};

test('TruthfulQA.csv, with byte order mark, quotation marks and line breaks in cells', () => {
  const text = `\uFEFF${header}\r\nAdversarial,Law,"What, ""exactly""?\nSay",Yes,Yes; It is so.;,No; Never,https://x\r\n`;
  expect(readTruthfulQaTable(readCsv(text, 'f.csv'), 'f.csv')).toEqual([
    {
      id: 'row-1',
      category: 'Law',
      question: 'What, "exactly"?\nSay',
      best: 'Yes.',
      correct: ['Yes.', 'It is so.'],
      incorrect: ['No.', 'Never.'],
      bestIncorrect: 'No.',
      mc1Incorrect: ['No.', 'Never.'],
    },
  ]);
});

test('answers are split as the authors split them', () => {
  expect(splitAnswers(' One; Two. ;; Three')).toEqual(['One.', 'Two.', 'Three.']);
});

test('the column of the binary version chooses the tempting answer', () => {
  const text = `${header},Best Incorrect Answer\nA,B,Q?,Yes,Yes,No; Never,s,Never\n`;
  expect(readTruthfulQaTable(readCsv(text, 'f'), 'f')[0]).toMatchObject({ bestIncorrect: 'Never.' });
});

test('mc_task.json', () => {
  const entry = { question: 'Q?', mc1_targets: { Yes: 1, No: 0 }, mc2_targets: { Yes: 1, 'Of course': 1, No: 0, Never: 0 } };
  expect(readMcTask([entry], 'f')[0]).toMatchObject({
    best: 'Yes',
    correct: ['Yes', 'Of course'],
    incorrect: ['No', 'Never'],
    mc1Incorrect: ['No'],
  });
  expect(code(() => readMcTask([{ ...entry, mc1_targets: { Yes: 2 } }], 'f'))).toBe('dataset-rows');
  expect(code(() => readMcTask({}, 'f'))).toBe('dataset-columns');
  expect(code(() => readMcTask([], 'f'))).toBe('dataset-empty');
});

test('a choice of two is asked in both orders, and each knows its counterpart', () => {
  const question = readTruthfulQaTable(readCsv(`${header}\nA,B,Q?,Yes,Yes,No,s\n`, 'f'), 'f');
  expect(twoChoices(question).map(({ question: text, trueAnswer, partner }) => [text, trueAnswer, partner])).toEqual([
    ['Q? (a) Yes. (b) No. Answer with a or b.', 'a', 'row-1:ba'],
    ['Q? (a) No. (b) Yes. Answer with a or b.', 'b', 'row-1:ab'],
  ]);
});

test('statements with labels', () => {
  const pairs = readStatements(readCsv('statement,label,city\nA is B.,1,x\nC is D.,0,y\n', 'f'), 'f');
  expect(pairs.map(({ trueAnswer, falseAnswer, question }) => [question, trueAnswer, falseAnswer])).toEqual([
    ['A is B. True or false?', 'True', 'False'],
    ['C is D. True or false?', 'False', 'True'],
  ]);
});

test.each([
  ['wrong columns', 'a,b\n1,2\n', 'dataset-columns'],
  ['ragged rows', 'statement,label\nA,1,2\n', 'dataset-rows'],
  ['an open quotation', 'statement,label\n"A,1\n', 'dataset-rows'],
  ['a header alone', 'statement,label\n', 'dataset-empty'],
  ['a label that is neither 0 nor 1', 'statement,label\nA,true\n', 'dataset-label'],
  ['an empty statement', 'statement,label\n ,1\n', 'dataset-rows'],
])('%s has its own code', (_what, text, wanted) => {
  expect(code(() => readStatements(readCsv(text, 'f'), 'f'))).toBe(wanted);
});

test('the message of a ragged row names the line', () => {
  expect(() => readCsv('a,b\n1,2\n1,2,3\n', 'data.csv')).toThrow(/data\.csv, line 3/);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { line, ofCheck, ofPlaywright, ofVitest, sum } from './tally.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'candor-tally-'));
afterAll(() => rmSync(folder, { recursive: true }));

function report(value: unknown): string {
  const file = path.join(folder, 'report.json');
  writeFileSync(file, JSON.stringify(value));
  return file;
}

const vitest = (...tests: [string, string][]) => ({
  testResults: [
    {
      name: 'a.test.ts',
      status: tests.some(([, status]) => status === 'failed') ? 'failed' : 'passed',
      assertionResults: tests.map(([fullName, status]) => ({ fullName, status })),
    },
  ],
});

describe('the tally', () => {
  test('counts vitest, skipped and to-do tests by name', () => {
    const tally = ofVitest(report(vitest(['a', 'passed'], ['b', 'failed'], ['c', 'pending'], ['d', 'todo'], ['e', 'skipped'])), 1);
    expect(tally).toEqual({ passed: 1, failed: 1, skipped: 3, skippedTitles: ['c', 'd', 'e'] });
  });

  test('a file that could not be loaded is a failure', () => {
    const broken = {
      testResults: [{ name: 'broken.test.ts', status: 'failed', assertionResults: [] }, ...vitest(['a', 'passed']).testResults],
    };
    expect(ofVitest(report(broken), 1)).toMatchObject({ passed: 1, failed: 1 });
  });

  test('a runner that fails without a failed test, or without a report, is a failure', () => {
    expect(ofVitest(report(vitest(['a', 'passed'])), 1)).toMatchObject({ passed: 1, failed: 1 });
    expect(ofVitest(path.join(folder, 'none.json'), 1)).toMatchObject({ passed: 0, failed: 1 });
    expect(ofPlaywright(path.join(folder, 'none.json'), null)).toMatchObject({ passed: 0, failed: 1 });
  });

  test('counts Playwright, however deep its suites', () => {
    const spec = (title: string, status: string) => ({ title, tests: [{ status }] });
    const suites = [
      { specs: [spec('a', 'expected')], suites: [{ specs: [spec('b', 'skipped'), spec('c', 'unexpected'), spec('d', 'flaky')] }] },
    ];
    expect(ofPlaywright(report({ suites, errors: [] }), 1)).toEqual({ passed: 2, failed: 1, skipped: 1, skippedTitles: ['b'] });
  });

  test('its line is the one that is read by machines', () => {
    const total = sum([ofCheck(true), ofCheck(false), ofVitest(report(vitest(['a', 'passed'], ['b', 'skipped'])), 0)]);
    expect(line(total)).toBe('tests: 2 passed, 1 failed, 1 skipped');
  });
});

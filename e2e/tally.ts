/** Counts tests from the runners' own JSON reports. */
import { existsSync, readFileSync } from 'node:fs';

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Titles of the tests that were skipped. */
  readonly skippedTitles: readonly string[];
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

interface PlaywrightSuite {
  readonly suites?: readonly PlaywrightSuite[];
  readonly specs: readonly { readonly title: string; readonly tests: readonly { readonly status: string }[] }[];
}
interface PlaywrightReport {
  readonly suites: readonly PlaywrightSuite[];
  readonly errors: readonly unknown[];
}

/** One of the checks that are not test runners: it counts as one test. */
export function ofCheck(ok: boolean): Tally {
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, skippedTitles: [] };
}

/** @param status the runner's exit status: a runner that failed without a failed test counts as one failure */
export function ofVitest(file: string, status: number | null): Tally {
  const report = read(file) as VitestReport | null;
  const tests = (report?.testResults ?? []).flatMap((result) => {
    // A file that could not be loaded has no tests to fail.
    const broken = result.status === 'failed' && !result.assertionResults.some((test) => test.status === 'failed');
    return broken ? [...result.assertionResults, { fullName: result.name, status: 'failed' }] : result.assertionResults;
  });
  return settled(
    tests.map(({ fullName, status: given }) => ({ title: fullName, status: given })),
    status,
  );
}

export function ofPlaywright(file: string, status: number | null): Tally {
  const report = read(file) as PlaywrightReport | null;
  const specs = (report?.suites ?? []).flatMap(specsOf);
  const statuses: Record<string, string> = { expected: 'passed', flaky: 'passed', skipped: 'skipped', unexpected: 'failed' };
  const tests = specs.flatMap((spec) => spec.tests.map((test) => ({ title: spec.title, status: statuses[test.status] ?? 'failed' })));
  return settled(tests, status);
}

export function sum(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((total, tally) => total + tally.passed, 0),
    failed: tallies.reduce((total, tally) => total + tally.failed, 0),
    skipped: tallies.reduce((total, tally) => total + tally.skipped, 0),
    skippedTitles: tallies.flatMap((tally) => tally.skippedTitles),
  };
}

export function line(tally: Tally): string {
  return `tests: ${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`;
}

function settled(tests: readonly { readonly title: string; readonly status: string }[], status: number | null): Tally {
  const passed = tests.filter((test) => test.status === 'passed').length;
  const failed = tests.filter((test) => test.status === 'failed').length;
  const skipped = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed');
  return {
    passed,
    failed: failed === 0 && status !== 0 ? 1 : failed,
    skipped: skipped.length,
    skippedTitles: skipped.map((test) => test.title),
  };
}

function specsOf(suite: PlaywrightSuite): PlaywrightSuite['specs'] {
  return [...suite.specs, ...(suite.suites ?? []).flatMap(specsOf)];
}

function read(file: string): unknown {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
}

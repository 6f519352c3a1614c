/**
 * `npm test`: every check and every test, each carried out even when one before it failed.
 * `npm test -- unit` runs one step, `npm test -- unit electron/rpc` the tests of it whose path has that text.
 * The last line is `tests: N passed, N failed, N skipped`; the exit status is 1 when any failed.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { findChromium, installChromium } from './chromium.ts';
import { line, ofCheck, ofPlaywright, ofVitest, sum, type Tally } from './tally.ts';

const project = path.join(import.meta.dirname, '..');
const results = path.join(project, 'dist/tests');

const tool = {
  prettier: 'node_modules/prettier/bin/prettier.cjs',
  eslint: 'node_modules/eslint/bin/eslint.js',
  tsc: 'node_modules/typescript/bin/tsc',
  'svelte-check': 'node_modules/svelte-check/bin/svelte-check',
  vitest: 'node_modules/vitest/vitest.mjs',
  playwright: 'node_modules/@playwright/test/cli.js',
} as const;

/** Checks have no tests of their own: each counts as one. */
const checks: readonly { readonly step: string; readonly title: string; readonly args: readonly string[] }[] = [
  { step: 'lint', title: 'lint and layers', args: [tool.eslint, '-c', 'e2e/eslint.config.js', '--max-warnings', '0', '.'] },
  { step: 'format', title: 'formatting', args: [tool.prettier, '--check', '--log-level', 'warn', '.'] },
  { step: 'types', title: 'types of the lab', args: [tool.tsc, '-p', '.'] },
  { step: 'types', title: 'types of the preload', args: [tool.tsc, '-p', 'electron'] },
  { step: 'types', title: 'types of the tests', args: [tool.tsc, '-p', 'e2e'] },
  {
    step: 'types',
    title: 'types of the window',
    args: [tool['svelte-check'], '--workspace', 'renderer', '--tsconfig', 'tsconfig.json', '--fail-on-warnings'],
  },
];
const steps = ['lint', 'format', 'types', 'build', 'unit', 'component', 'e2e'];

const asked = process.argv.slice(2);
const chosen = asked.filter((word) => steps.includes(word));
const filters = asked.filter((word) => !steps.includes(word));
const wants = (step: string): boolean => chosen.length === 0 || chosen.includes(step);

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Runs a script under this Node; `quiet` keeps what it says until it has failed. */
function run(title: string, args: readonly string[], quiet: boolean): Promise<number | null> {
  const begun = Date.now();
  if (!quiet) say(`\n== ${title}`);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: project,
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    });
    let words = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (words += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (words += text));
    child.on('error', (error) => (words += error.message));
    child.on('close', (status) => {
      const seconds = ((Date.now() - begun) / 1000).toFixed(1);
      if (quiet) say(`== ${title}: ${status === 0 ? 'ok' : 'FAILED'} (${seconds} s)${status === 0 ? '' : `\n${words.trimEnd()}`}`);
      resolve(status);
    });
  });
}

/** Two at a time: lint alone takes as long as all the others. */
async function runChecks(): Promise<Tally[]> {
  const waiting = checks.filter((check) => wants(check.step));
  const tallies: Tally[] = [];
  const lane = async (): Promise<void> => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift())
      tallies.push(ofCheck((await run(check.title, check.args, true)) === 0));
  };
  await Promise.all([lane(), lane()]);
  return tallies;
}

async function runVitest(title: string, name: string, config: string): Promise<Tally> {
  const report = path.join(results, `${name}.json`);
  const args = [
    tool.vitest,
    'run',
    '-c',
    config,
    '--passWithNoTests',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...filters,
  ];
  return ofVitest(report, await run(title, args, false));
}

function filesEnding(ending: string, folder: string): number {
  return readdirSync(path.join(project, folder), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith(ending)).length;
}

/** Tests in Chromium, or their files as skipped where there is none. */
async function runInChromium(): Promise<Tally[]> {
  const chromium = findChromium() ?? installChromium();
  if (chromium === null) {
    const component = wants('component') ? filesEnding('.svelte.test.ts', 'renderer') : 0;
    const whole = wants('e2e') ? filesEnding('.e2e.ts', 'e2e') : 0;
    say(`\n!! NO CHROMIUM: ${component} files of component tests and ${whole} of whole-program tests were NOT run.`);
    say('!! Install one (Debian: apt-get install chromium; elsewhere: npx playwright install chromium), or name yours in CANDOR_CHROMIUM.');
    return [
      { passed: 0, failed: 0, skipped: component + whole, skippedTitles: ['all component tests and whole-program tests (no Chromium)'] },
    ];
  }
  process.env['CANDOR_CHROMIUM'] = chromium;
  const tallies: Tally[] = [];
  if (wants('component')) tallies.push(await runVitest('component tests, in Chromium', 'component', 'e2e/vitest.browser.config.ts'));
  if (wants('e2e')) {
    const status = await run(
      'whole-program tests, in Chromium',
      [tool.playwright, 'test', '-c', 'e2e/playwright.config.ts', '--pass-with-no-tests', ...filters],
      false,
    );
    tallies.push(ofPlaywright(path.join(results, 'e2e.json'), status));
  }
  return tallies;
}

mkdirSync(results, { recursive: true });
// An old report must not be counted for a runner that never wrote one.
for (const name of ['unit', 'component', 'e2e']) rmSync(path.join(results, `${name}.json`), { force: true });

const tallies = await runChecks();
if (wants('build')) tallies.push(ofCheck((await run('build', ['electron/build.ts'], true)) === 0));
if (wants('unit')) tallies.push(await runVitest('unit tests', 'unit', 'e2e/vitest.config.ts'));
if (wants('component') || wants('e2e')) tallies.push(...(await runInChromium()));

const total = sum(tallies);
say('');
for (const title of total.skippedTitles) say(`!! skipped: ${title}`);
say(line(total));
process.exitCode = total.failed === 0 ? 0 : 1;

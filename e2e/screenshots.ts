/**
 * Takes the pictures in docs/ anew: `node_modules/.bin/node e2e/screenshots.ts`. Every page, in both themes, on a lab with finished runs
 * of the embedded models. To look at another width: `… e2e/screenshots.ts 900 FOLDER`. Paths are seen in some of them, so run it where
 * the project lies in a place that says nothing.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { buildWhereStale } from '../electron/build.ts';
import { openLab, type Lab } from '../electron/lab/lab.ts';
import { serveLoopback } from '../electron/loopback.ts';
import type { RunRequest, RunSummary } from '../electron/rpc/contract.ts';
import { findChromium, launchOptions } from './chromium.ts';
import { writeColourModel, writePictures } from './window/pictures.ts';

const project = path.join(import.meta.dirname, '..');
const [width = '1280', elsewhere] = process.argv.slice(2);
const target = path.resolve(elsewhere ?? path.join(project, 'docs'));

const signal = new AbortController().signal;

async function finishedRuns(lab: Lab, request: RunRequest): Promise<readonly RunSummary[]> {
  const { runs } = await lab.handlers['runs.start'](request, signal);
  for (const run of runs) await lab.finished(run.id);
  return runs;
}

/** An answer and its lens, as a user gets them. */
async function play(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.reload();
  const prompt = page.getByRole('textbox', { name: 'Message 1' });
  await prompt.fill('What is the capital of France?');
  await page.keyboard.press('Control+Enter');
  await page.getByRole('listbox').getByRole('option').first().click();
  await page.getByRole('button', { name: /^Show the lens/ }).click();
  await page.getByRole('grid', { name: /^Logit lens/ }).waitFor();
}

async function shoot(page: Page, name: string, address: string, theme: 'light' | 'dark', whole = false): Promise<void> {
  await page.goto(address);
  // A hash alone does not load the page anew; its data may be that of the page before.
  await page.reload();
  await page.waitForLoadState('networkidle');
  await keep(page, name, theme, whole);
}

async function keep(page: Page, name: string, theme: 'light' | 'dark', whole: boolean): Promise<void> {
  await page.waitForTimeout(1200);
  await page.screenshot({ path: path.join(target, `${name}-${theme}.png`), fullPage: whole });
}

await buildWhereStale(['window'], (line) => process.stderr.write(`${line}\n`));
await mkdir(target, { recursive: true });
const folder = await mkdtemp(path.join(os.tmpdir(), 'candor-docs-'));
const lab = await openLab({ database: path.join(folder, 'candor.db'), shell: 'browser' });
const lie = await finishedRuns(lab, {
  probe: 'lie',
  models: ['liar', 'honest', 'scrambled'],
  data: 'builtin:world',
  limit: 400,
  sessionTitle: 'The embedded models under pressure',
});
const [truth] = await finishedRuns(lab, {
  probe: 'truthfulqa',
  models: ['liar'],
  data: 'builtin:misconceptions',
  sessionTitle: 'Misconceptions',
});
const [colours, pictures] = [path.join(folder, 'colours'), path.join(folder, 'coloured-discs')];
await writeColourModel(colours);
await writePictures(pictures, 12);
const [seen] = await finishedRuns(lab, { probe: 'classify', models: [colours], data: pictures, sessionTitle: 'Coloured discs' });
const mistake = await lab.handlers['runs.items']({ id: seen!.id, offset: 0, limit: 1, filter: { order: 'surest-mistakes' } }, signal);
const served = await serveLoopback({ lab, pagesRoot: path.join(project, 'dist/renderer') });
const lying = await lab.handlers['runs.items'](
  { id: lie[0]!.id, offset: 0, limit: 1, filter: { outcome: 'role-play', verdict: 'lying' } },
  signal,
);
const executablePath = findChromium();
if (executablePath === null) throw new Error('no Chromium is installed: npm test installs one');
const browser = await chromium.launch(launchOptions(executablePath));
try {
  for (const theme of ['light', 'dark'] as const) {
    const page = await browser.newPage({ viewport: { width: Number(width), height: 860 }, colorScheme: theme });
    const at = (hash: string): string => `${served.url}#/${hash}`;
    await shoot(page, 'bench', at('bench'), theme);
    await shoot(page, 'sessions', at('sessions'), theme);
    await shoot(page, 'session', at(`sessions/${lie[0]!.sessionId}`), theme);
    await shoot(page, 'run', at(`runs/${lie[0]!.id}`), theme);
    await shoot(page, 'run-whole', at(`runs/${lie[0]!.id}`), theme, true);
    await shoot(page, 'run-truthfulqa', at(`runs/${truth!.id}`), theme);
    await shoot(page, 'item', at(`runs/${lie[0]!.id}/items/${lying.rows[0]!.index}`), theme);
    await shoot(page, 'compare', at(`compare?a=${lie[0]!.id}&b=${lie[1]!.id}`), theme);
    await shoot(page, 'models', at('models'), theme);
    await shoot(page, 'model', at('models/liar'), theme);
    await play(page, at('playground?source=honest'));
    await keep(page, 'playground', theme, true);
    await shoot(page, 'images', at(`runs/${seen!.id}`), theme, true);
    await shoot(page, 'image', at(`runs/${seen!.id}/items/${mistake.rows[0]!.index}`), theme);
    await shoot(page, 'data', at('data'), theme);
    await page.close();
  }
} finally {
  await browser.close();
  await served.close();
  await lab.close();
  await rm(folder, { recursive: true, force: true });
}

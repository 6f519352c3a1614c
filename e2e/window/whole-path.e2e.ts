/** The main job from an empty lab: run, watch, read, compare, keep. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '../lab.ts';
import { expectStatus, startRun } from './lab-window.ts';

// A test's lab ends before its page, which then tries to connect again.
test.use({ tolerated: /ERR_CONNECTION_REFUSED/ });

test('an empty lab offers its own models, and one press runs them', async ({ page, lab }) => {
  await page.goto(`${lab.url}#/sessions`);
  await expect(page.getByText('There is none yet.')).toBeVisible();
  await page.getByRole('link', { name: 'Start a run on the bench' }).click();
  await expect(page.getByRole('checkbox', { name: 'liar', exact: true })).toBeChecked();
  await expect(page.getByRole('checkbox', { name: 'honest', exact: true })).toBeChecked();
  await page.getByLabel('Limit').fill('24');
  await expect(page.getByText(/^Together about/)).toBeVisible();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page).toHaveURL(/#\/sessions\//);
  await expect(page.getByRole('cell', { name: 'done' })).toHaveCount(2, { timeout: 60_000 });
  await expect(page.getByRole('row').filter({ hasText: 'liar' }).first()).toContainText(/liar knows \d/);
});

test('a run is read down to the log-probability of one token', async ({ page, lab }) => {
  await startRun(page, lab);
  await expectStatus(page, 'done');
  await expect(page.getByRole('img', { name: /^By environment/ })).toBeVisible();
  await page.getByText('Values as a table').first().click();
  await expect(page.getByRole('cell', { name: 'P(lie | known)' }).first()).toBeVisible();

  await page.getByLabel('Judgement').selectOption('instruction');
  await expect(page).toHaveURL(/outcome=instruction/);
  await page.reload();
  await expect(page.getByLabel('Judgement')).toHaveValue('instruction');
  const item = page.getByRole('region', { name: 'items' }).getByRole('link').first();
  const title = (await item.textContent()) ?? '';
  await item.click();
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();
  await expect(page.getByRole('group', { name: /^Prompt of/ }).first()).toContainText('User:');
  await page
    .getByText(/^\d+ tokens?$/)
    .first()
    .click();
  await expect(page.getByRole('columnheader', { name: 'log p', exact: true }).first()).toBeVisible();
  await expect(page.getByRole('cell', { name: /^−?\d+\.\d{4}$/ }).first()).toBeVisible();
});

test('a long run is watched, cancelled and resumed, and keeps its items', async ({ page, lab }) => {
  await startRun(page, lab, { limit: 1200 });
  const queue = page.getByRole('region', { name: 'Queue' });
  await expect(queue.getByRole('progressbar')).toBeVisible();
  await expect(page.locator('main').getByText(/\d of 1,200/)).toBeVisible({ timeout: 60_000 });
  await expect(page.locator('main').getByText('So far, partial:')).toBeVisible();
  await queue.getByRole('button', { name: /^Cancel/ }).click();
  await expectStatus(page, 'cancelled');
  await expect(queue.getByText('Nothing is running.')).toBeVisible();
  const stopped = page.getByText(/^Stopped after/);
  const kept = Number(/[\d,]+/.exec((await stopped.textContent()) ?? '')?.[0].replace(',', ''));
  expect(kept).toBeGreaterThan(0);
  await page.getByRole('button', { name: 'Resume' }).click();
  await expectStatus(page, 'done');
  await expect(page.getByText('1,200 items').first()).toBeVisible();
});

test('who presses Run while the cost is still being measured gets the run', async ({ page, lab }) => {
  await page.goto(`${lab.url}#/bench`);
  await page.getByLabel('Limit').fill('24');
  await expect(page.getByText(/^Measuring/)).toBeVisible();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByRole('cell', { name: 'done' })).toHaveCount(2, { timeout: 60_000 });
});

test('two models are compared, and the items on which they differ lie side by side', async ({ page, lab }) => {
  await startRun(page, lab, { models: ['liar', 'honest'], limit: 60 });
  await expect(page.getByRole('cell', { name: 'done' })).toHaveCount(2, { timeout: 60_000 });
  for (const model of ['liar', 'honest']) await page.getByRole('checkbox', { name: new RegExp(`^Compare ${model},`) }).check();
  await page.getByRole('button', { name: 'Compare two runs' }).click();
  await expect(page).toHaveURL(/#\/compare\?a=.+&b=.+/);
  await expect(page.getByRole('img', { name: /^B minus A/ })).toBeVisible();
  await expect(page.getByRole('columnheader', { name: 'McNemar p' })).toBeVisible();
  await page.getByRole('tab', { name: 'All items' }).click();
  const first = page.getByRole('region', { name: 'items of both runs' }).getByRole('link').first();
  const title = (await first.textContent()) ?? '';
  await first.click();
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();
  for (const side of ['A', 'B'])
    await expect(page.getByRole('region', { name: side, exact: true }).getByRole('heading', { name: 'Judgements' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();
});

test('a session is renamed, annotated, exported, deleted, and brought back', async ({ page, lab }) => {
  await startRun(page, lab, { title: 'First title' });
  await expectStatus(page, 'done');
  await page.getByRole('link', { name: 'First title' }).click();
  await page.getByRole('button', { name: 'Rename' }).click();
  await page.getByLabel('Title of the session').fill('Second title');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Second title');
  await page.getByLabel('Notes').fill('Seen twice.');
  await expect(page.getByText('saved', { exact: true })).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('Notes')).toHaveValue('Seen twice.');

  for (const [label, ending] of [
    ['JSONL', 'jsonl'],
    ['CSV', 'csv'],
  ] as const) {
    await page.getByRole('button', { name: 'Export…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: new RegExp(label) }).check();
    await expect(dialog.getByLabel('File')).toHaveValue(new RegExp(`\\.${ending}$`));
    const file = path.join(lab.folder, `out.${ending}`);
    await dialog.getByLabel('File').fill(file);
    await dialog.getByRole('button', { name: 'Write file' }).click();
    await expect(dialog.getByText(`to ${file}`)).toBeVisible();
    expect((await readFile(file, 'utf8')).split('\n').length).toBeGreaterThan(24);
    await dialog.getByRole('button', { name: 'Write file' }).click();
    await expect(dialog.getByText('file-exists')).toBeVisible();
    await page.keyboard.press('Escape');
  }

  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page).toHaveURL(/#\/sessions$/);
  await expect(page.getByText('There is none yet.')).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('link', { name: 'Second title' })).toBeVisible();
});

test('pictures are saved as SVG, PNG and CSV', async ({ page, lab }) => {
  await startRun(page, lab);
  await expectStatus(page, 'done');
  for (const [kind, begins] of [
    ['SVG', '<svg'],
    ['PNG', '\x89PNG'],
    ['CSV', 'metric,setting'],
  ] as const) {
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: kind }).first().click();
    const file = await (await saving).path();
    expect((await readFile(file, 'latin1')).startsWith(begins)).toBe(true);
  }
});

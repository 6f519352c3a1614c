/** An image classifier on labelled pictures: opened, run, looked at, item by item. */
import path from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test, type LabServer } from '../lab.ts';
import { expectAccessible, expectStatus } from './lab-window.ts';
import { colourNames, writeColourModel, writePictures } from './pictures.ts';

// A test's lab ends before its page, which then tries to connect again.
test.use({ tolerated: /ERR_CONNECTION_REFUSED/ });

const each = 6;

/** Opens the model on the bench, chooses the folder of pictures in the file browser, and runs the probe. */
async function classify(page: Page, lab: LabServer): Promise<void> {
  const [model, data] = [path.join(lab.folder, 'colours'), path.join(lab.folder, 'pictures')];
  await writeColourModel(model);
  await writePictures(data, each);
  await page.goto(`${lab.url}#/bench`);
  await page.getByLabel('Model folder').fill(model);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('checkbox', { name: 'colours' })).toBeChecked();
  // A language probe is what is chosen at first.
  await expect(page.getByText(/^“colours” is an image classifier; .* asks a language model/)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeDisabled();
  await page.getByRole('radio', { name: /^Image classification/ }).check();
  await expect(page.getByText(/^“liar” is a language model; .* asks an image classifier/)).toBeVisible();
  for (const name of ['liar', 'honest']) await page.getByRole('checkbox', { name, exact: true }).uncheck();
  await expect(page.getByText('Choose a folder or a CSV of labelled images.')).toBeVisible();
  await page.getByRole('button', { name: 'Browse…' }).last().click();
  const dialog = page.getByRole('dialog', { name: 'Open a data folder or file' });
  await dialog.getByLabel('Folder').fill(data);
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('button', { name: /teal/ })).toBeVisible();
  await dialog.getByRole('button', { name: 'Open this folder' }).click();
  await expect(page.getByText(/^61.items, 10.classes/)).toBeVisible();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expectStatus(page, 'done');
}

const pictures = (page: Page) => page.getByRole('list', { name: 'pictures' });

test('a run shows its pictures, and an item what was seen in it', async ({ page, lab }) => {
  await classify(page, lab);
  await expect(page.getByText(/^colours names the right class in/).last()).toBeVisible();
  await expect(pictures(page).getByRole('link')).toHaveCount(48);
  await expect(pictures(page).getByRole('img')).toHaveCount(0);
  await expect(pictures(page).locator('img')).toHaveCount(47);
  for (const image of (await pictures(page).locator('img').all()).slice(0, 5)) {
    await expect(image).toHaveAttribute('src', /^blob:/);
    expect(await image.evaluate((element) => (element as HTMLImageElement).naturalWidth)).toBe(160);
  }
  await page.getByLabel('Order').selectOption('surest-mistakes');
  const mistakes = Math.floor((each * colourNames.length - 4 - 1) / 9) + 1;
  await expect(pictures(page).getByRole('link').first()).toContainText(/wrong.*%.*is /s);
  await page.getByLabel('Verdict').selectOption('wrong');
  await expect(page).toHaveURL(/outcome=top1/);
  await expect.poll(() => pictures(page).getByRole('link').count()).toBeGreaterThanOrEqual(mistakes);
  await pictures(page).getByRole('link').first().click();
  await expect(page.getByText(/^The right class has place \d+ of 10\.$/)).toBeVisible();
  const table = page.getByRole('table').first();
  for (const place of ['1', '2', '3', '4', '5'])
    await expect(table.getByRole('row', { name: new RegExp(`^${place} .* \\d+ .*%$`) })).toBeVisible();
  await expect(table.getByText('the right one')).toHaveCount(1);
  await expect(page.getByRole('img', { name: /^Image / })).toBeVisible();
  await expect(page.getByText(/^1 of \d+ that fit the filter/)).toBeVisible();
});

test('a file that is no picture is named with its reason', async ({ page, lab }) => {
  await classify(page, lab);
  await page.getByLabel('Right class').selectOption('grey');
  const broken = pictures(page).getByRole('link').filter({ hasText: 'grey-00.jpg' });
  await expect(broken).toContainText('it is no JPEG, PNG or WebP image');
  await expect(broken).toContainText('not scored');
  await expect(broken.locator('img')).toHaveCount(0);
  await broken.click();
  await expect(page.getByText('Nothing: the image could not be classified.')).toBeVisible();
  await expect(page.getByText(/grey-00\.jpg: it is no JPEG, PNG or WebP image/).first()).toBeVisible();
  await expect(page.locator('main img')).toHaveCount(0);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`pictures by keyboard alone; axe finds nothing, ${colorScheme}`, async ({ page, lab }) => {
    await page.emulateMedia({ colorScheme });
    await classify(page, lab);
    await expect(pictures(page).locator('img')).toHaveCount(47);
    await expectAccessible(page, 'run with pictures');
    await page.locator('main').focus();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    const title = (await page.locator(':focus').getAttribute('title')) ?? '';
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();
    await expect(page.getByRole('img', { name: `Image ${title}` })).toBeVisible();
    await expectAccessible(page, 'item with a picture');
    await page.keyboard.press('j');
    await expect(page.getByRole('heading', { level: 1, name: title })).toHaveCount(0);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Next page' }).focus();
    await page.keyboard.press('Enter');
    await expect(page.getByText('49–61 of 61, page 2 of 2')).toBeVisible();
    await expect(pictures(page).getByRole('link')).toHaveCount(13);
    await page.getByLabel('Pictures', { exact: true }).focus();
    await page.keyboard.press('Space');
    await expect(page.getByRole('region', { name: 'items' }).getByRole('link').first()).toBeVisible();
    await expectAccessible(page, 'run of pictures as a table');
  });
}

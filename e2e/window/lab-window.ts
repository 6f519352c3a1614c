/** The window as the tests use it: with known models, started on a page, checked by axe. */
import { cp, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, type LabServer } from '../lab.ts';

/** Every name that comes from outside is text; this one would say otherwise by setting the window's title. */
export const hostileName = '<img src=x onerror=document.title=1>';

const liar = path.join(import.meta.dirname, '../../native-models/organisms/liar');

/** A copy of `liar` under another name: a model that is opened from a folder. */
export async function copyModel(lab: LabServer, name: string): Promise<string> {
  const folder = path.join(lab.folder, name);
  await mkdir(folder, { recursive: true });
  await cp(liar, folder, { recursive: true });
  return folder;
}

export interface Started {
  readonly models?: readonly string[];
  readonly limit?: number;
  readonly title?: string;
}

/** Runs the lie probe from the bench, as a user would. */
export async function startRun(
  page: Page,
  lab: LabServer,
  { models = ['liar'], limit = 24, title = 'From a test' }: Started = {},
): Promise<void> {
  await page.goto(`${lab.url}#/bench`);
  const boxes = page
    .getByRole('list')
    .filter({ has: page.getByRole('link', { name: 'Card of liar' }) })
    .getByRole('checkbox');
  await expect(boxes.first()).toBeVisible();
  for (const box of await boxes.all()) await box.uncheck();
  for (const model of models) await page.getByRole('checkbox', { name: model, exact: true }).check();
  await page.getByLabel('Limit').fill(String(limit));
  await page.getByLabel('Title of the new session').fill(title);
  await expect(page.getByText(/^Together about/)).toBeVisible({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page).toHaveURL(models.length === 1 ? /#\/runs\// : /#\/sessions\//);
}

/** The state beside the heading of a run's page, which its mark and its word share. */
export async function expectStatus(page: Page, status: string): Promise<void> {
  await expect(page.locator(`main .${status}`).first()).toBeVisible({ timeout: 60_000 });
}

export async function expectAccessible(page: Page, name: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(
    violations.map((violation) => `${violation.id}: ${violation.nodes[0]?.html}`),
    name,
  ).toEqual([]);
}

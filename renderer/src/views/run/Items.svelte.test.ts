import { beforeEach, expect, test } from 'vitest';
import { userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import App from '../../App.svelte';
import { FakeLab } from '../../testing/fake-lab.ts';
import '../../theme.css';

beforeEach(() => {
  location.hash = '#/runs/r1';
});

const rowCount = (): number => document.querySelectorAll('main tr[aria-rowindex]').length;

test('only rows near the view exist, and scrolling asks for the page that comes near', async () => {
  const client = new FakeLab();
  const screen = await render(App, { client });
  await expect.element(screen.getByText('424 items', { exact: false }).first()).toBeInTheDocument();
  const region = screen.getByRole('region', { name: 'items' }).element();
  expect(rowCount()).toBeLessThan(80);
  region.scrollTop = region.scrollHeight;
  await expect.element(screen.getByRole('link', { name: 'What is the capital of country 423?' })).toBeInTheDocument();
  const offsets = client.calls.filter((call) => call.name === 'runs.items').map((call) => (call.input as { offset: number }).offset);
  expect(new Set(offsets)).toEqual(new Set([0, 300, 400]));
});

test('a filter goes into the address and narrows the list; the item keeps it', async () => {
  const screen = await render(App, { client: new FakeLab() });
  await screen.getByLabelText('Judgement').selectOptions('role-play');
  await screen.getByLabelText('Verdict').selectOptions('honest');
  await expect.poll(() => location.hash).toBe('#/runs/r1?outcome=role-play&verdict=honest');
  await expect.element(screen.getByText('Why: Role-play')).toBeVisible();
  await screen
    .getByRole('link', { name: /^What is the capital/ })
    .first()
    .click();
  await expect.poll(() => location.hash).toContain('verdict=honest&at=0');
  await expect.element(screen.getByText(/^1 of \d+ that fit the filter/)).toBeVisible();
  await userEvent.keyboard('j');
  await expect.element(screen.getByText(/^2 of \d+ that fit the filter/)).toBeVisible();
  await userEvent.keyboard('{Escape}');
  await expect.poll(() => location.hash).toBe('#/runs/r1?outcome=role-play&verdict=honest');
});

test('j and k walk the rows, Enter opens, slash filters', async () => {
  const screen = await render(App, { client: new FakeLab() });
  await expect.element(screen.getByRole('link', { name: 'What is the capital of country 1?', exact: true })).toBeInTheDocument();
  (document.activeElement as HTMLElement | null)?.blur();
  await userEvent.keyboard('jjk');
  await expect.element(screen.getByRole('link', { name: 'What is the capital of country 0?' })).toHaveFocus();
  await userEvent.keyboard('/');
  await expect.element(screen.getByLabelText('Search items')).toHaveFocus();
  await userEvent.keyboard('{Escape}j{Enter}');
  await expect.poll(() => location.hash).toBe('#/runs/r1/items/0');
});

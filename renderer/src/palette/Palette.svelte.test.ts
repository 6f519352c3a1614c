import { beforeEach, expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { FakeLab } from '../testing/fake-lab.ts';
import Stage from '../testing/Stage.svelte';
import Palette from './Palette.svelte';

beforeEach(() => {
  location.hash = '#/bench';
});

test('a few letters and Enter reach a run', async () => {
  const onclose = vi.fn();
  const screen = await render(Stage, { client: new FakeLab(), dialog: Palette, onclose });
  const field = screen.getByRole('combobox', { name: 'Go to' });
  await expect.element(screen.getByRole('option', { name: /Organisms under pressure/ }).first()).toBeVisible();
  await field.fill('honest lie');
  await expect.element(screen.getByRole('option', { name: /honest · Lie under pressure/, selected: true })).toBeVisible();
  await userEvent.keyboard('{Enter}');
  expect(onclose).toHaveBeenCalledOnce();
  expect(location.hash).toBe('#/runs/r2');
});

test('arrows move the choice round, and the field keeps the focus', async () => {
  const screen = await render(Stage, { client: new FakeLab({ empty: true }), dialog: Palette, onclose: vi.fn() });
  const field = screen.getByRole('combobox', { name: 'Go to' });
  await field.fill('data');
  await field.fill('');
  await userEvent.keyboard('{ArrowDown}{ArrowDown}');
  await expect.element(screen.getByRole('option', { name: /Compare/, selected: true })).toBeVisible();
  await expect.element(field).toHaveFocus();
});

test('names are text, whatever is in them', async () => {
  const screen = await render(Stage, { client: new FakeLab(), dialog: Palette, onclose: vi.fn() });
  await screen.getByRole('combobox').fill('onerror');
  await expect.element(screen.getByRole('option', { name: /<img src=x/ }).first()).toBeVisible();
  expect(document.querySelector('img')).toBeNull();
});

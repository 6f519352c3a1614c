import { beforeEach, expect, test } from 'vitest';
import { userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import App from '../../App.svelte';
import { FakeLab } from '../../testing/fake-lab.ts';
import { pictureLab } from '../../testing/pictures.ts';
import '../../theme.css';

beforeEach(() => {
  location.hash = '#/runs/pictures';
});

const labOf = (pictures: number, classes: number): FakeLab => new FakeLab({ override: pictureLab({ pictures, classes }) });
const links = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('[aria-label=pictures] a')];

test('pictures with what was seen; a file that cannot be read says why, and nothing is asked of it', async () => {
  const client = labOf(100, 10);
  const screen = await render(App, { client });
  await expect.poll(() => document.querySelectorAll('[aria-label=pictures] img').length).toBe(46);
  expect(links()).toHaveLength(48);
  await expect.poll(() => links()[1]?.textContent.replaceAll(/\s+/g, ' ').trim()).toMatch(/^W ?wrong .*img src=x.* 56.% is class-1$/);
  expect(links()[3]?.textContent).toContain('it is no JPEG, PNG or WebP image');
  await expect.poll(() => links()[5]?.textContent).toContain('the file does not exist');
  const asked = client.calls.filter(({ name }) => name === 'images.thumbnail').map(({ input }) => (input as { index: number }).index);
  expect(asked).not.toContain(3);
  expect(new Set(asked).size).toBe(asked.length);
  await expect.element(screen.getByText('1–48 of 100, page 1 of 3')).toBeVisible();
  await screen.getByRole('button', { name: 'Next page' }).click();
  await expect.element(screen.getByText('49–96 of 100, page 2 of 3')).toBeVisible();
  await screen.getByRole('button', { name: 'Previous page' }).click();
  await expect.element(screen.getByText('1–48 of 100, page 1 of 3')).toBeVisible();
  // What was fetched is kept.
  expect(client.calls.filter(({ name, input }) => name === 'images.thumbnail' && (input as { index: number }).index === 0)).toHaveLength(1);
});

test('a filter and the order go into the address; the item keeps them and shows the five classes', async () => {
  const screen = await render(App, { client: labOf(30, 10) });
  await screen.getByLabelText('Order').selectOptions('surest-mistakes');
  await expect.poll(() => location.hash).toBe('#/runs/pictures?order=surest-mistakes');
  await expect.poll(() => links()[0]?.textContent).toContain('wrong');
  await screen.getByLabelText('Verdict').selectOptions('wrong');
  const query = (): object => Object.fromEntries(new URLSearchParams(location.hash.split('?')[1]));
  await expect.poll(query).toEqual({ outcome: 'top1', verdict: 'wrong', order: 'surest-mistakes' });
  await expect.poll(() => links().length).toBe(6);
  (document.activeElement as HTMLElement | null)?.blur();
  await userEvent.keyboard('j{Enter}');
  await expect.poll(query).toEqual({ outcome: 'top1', verdict: 'wrong', order: 'surest-mistakes', at: '0' });
  await expect.element(screen.getByText('The right class has place 9 of 10.')).toBeVisible();
  await expect.element(screen.getByRole('img', { name: 'Image class-1/1.png' })).toBeVisible();
  await expect.element(screen.getByRole('row', { name: /^9 class-1 the right one 1 0\.10.%$/ })).toBeVisible();
});

test('the warning of the probe stands by itself', async () => {
  const screen = await render(App, { client: labOf(30, 10) });
  await expect.element(screen.getByRole('note').getByText(/it is far more sure than right/)).toBeVisible();
});

test('ten classes are drawn whole, of a thousand the lowest', async () => {
  const few = await render(App, { client: labOf(30, 10) });
  await expect.element(few.getByRole('img', { name: /by category/ })).toBeVisible();
  await expect.element(few.getByLabelText('Which categories')).not.toBeInTheDocument();
  await few.unmount();
  const many = await render(App, { client: labOf(30, 1000) });
  const choice = many.getByLabelText('Which categories');
  await expect.element(choice).toHaveValue('lowest');
  const rows = (): string => many.getByRole('img', { name: /by category/ }).element().textContent;
  expect(rows()).toContain('class-19');
  expect(rows()).not.toContain('class-500');
  await choice.selectOptions('highest');
  await expect.poll(rows).toContain('class-999');
  await choice.selectOptions('all');
  await expect.poll(rows).toContain('class-500');
});

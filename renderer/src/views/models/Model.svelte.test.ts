import { beforeEach, expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { LabError } from '../../../../probes/lab-error.ts';
import App from '../../App.svelte';
import { FakeLab } from '../../testing/fake-lab.ts';
import { card, several, variants } from '../../testing/fixtures.ts';
import '../../theme.css';

beforeEach(() => {
  localStorage.clear();
  location.hash = '#/models/liar';
});

test('the card: what it is, its check, its device, its files', async () => {
  const screen = await render(App, { client: new FakeLab() });
  await expect.element(screen.getByText(/^llama, float32 · 1.45.M parameters · 6.layers of width 128 · ONNX · on cpu$/)).toBeVisible();
  await expect.element(screen.getByRole('row', { name: /^zero-edit passed 0 at most 0/ })).toBeVisible();
  await expect.element(screen.getByText('Not webgpu: no adapter')).toBeVisible();
  await expect.element(screen.getByRole('cell', { name: 'onnx/model.onnx' })).toBeVisible();
});

test('hooks are read by keyboard and pointer, and a click copies', async () => {
  const written = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
  const screen = await render(App, { client: new FakeLab() });
  const column = screen.getByRole('list', { name: 'Architecture' });
  await expect.element(column.getByText('block 5')).toBeVisible();
  await column.getByRole('button', { name: 'hook_embed, copy' }).click();
  expect(written).toHaveBeenLastCalledWith('hook_embed');
  await userEvent.keyboard('{ArrowDown}{ArrowRight}{ArrowDown}{Enter}');
  expect(written).toHaveBeenLastCalledWith('blocks.1.attn.hook_pattern');
  await userEvent.unhover(column);
  await expect.element(screen.getByText('blocks.1.attn.hook_pattern (copied)')).toBeVisible();
  await expect.element(screen.getByText('[batch, head, query, key]').first()).toBeVisible();
  // One stop for Tab, however many there are.
  expect(document.querySelectorAll('ol[aria-label=Architecture] [tabindex="0"]')).toHaveLength(1);
});

test('a folder with several graphs asks which; each is a model of its own', async () => {
  location.hash = `#/models/${encodeURIComponent(several)}`;
  const client = new FakeLab();
  const screen = await render(App, { client });
  await expect.element(screen.getByText(/^This folder holds 3 graphs/)).toBeVisible();
  expect(client.calls).not.toContainEqual({ name: 'models.inspect', input: { source: several } });
  await screen.getByRole('link', { name: 'model_q4' }).click();
  await expect.element(screen.getByRole('heading', { level: 1, name: 'Qwen2.5-0.5B model_q4' })).toBeVisible();
  await expect.element(screen.getByText('this one')).toBeVisible();
  expect(client.calls.findLast(({ name }) => name === 'models.inspect')?.input).toEqual({ source: variants[2]?.source });
  await expect.element(screen.getByText('block 79')).toBeInTheDocument();
});

test('what does not fit is refused with the numbers, unless the user insists', async () => {
  const client = new FakeLab({
    override: {
      'models.inspect': ({ source, insist }) => {
        if (insist !== true) throw new LabError('model-too-large', 'it needs 80 GB; 16 GB are available', 'Take a smaller one.');
        return card(source);
      },
    },
  });
  const screen = await render(App, { client });
  await expect.element(screen.getByText('it needs 80 GB; 16 GB are available')).toBeVisible();
  await screen.getByRole('button', { name: 'Open anyway' }).click();
  await expect.element(screen.getByRole('heading', { name: 'Self-check' })).toBeVisible();
});

test('a device is chosen; one that does not start is said, and the card stays', async () => {
  const client = new FakeLab({
    override: {
      'models.inspect': ({ source, device }) => {
        if (device === 'cuda') throw new LabError('device-unavailable', 'cuda cannot be used: no driver', 'Choose "auto".');
        const known = card(source);
        if (device !== 'webgpu') return known;
        return {
          ...known,
          device: {
            asked: 'webgpu',
            used: 'webgpu',
            tried: [],
            fallback: [{ operator: 'GatherND', count: 3 }],
            deviation: { absolute: 0.5, relative: 0.02, tolerance: 1e-4, within: false },
            time: { device: 4.2, cpu: 30 },
          },
        };
      },
    },
  });
  const screen = await render(App, { client });
  const choice = screen.getByLabelText('Run it on');
  await choice.selectOptions('webgpu');
  await expect.element(screen.getByText(/differ from the processor’s by 2.0e-2/)).toBeVisible();
  await expect.element(screen.getByText(/^3.operators ran on the processor instead/)).toBeVisible();
  await choice.selectOptions('cuda');
  await expect.element(screen.getByText('cuda cannot be used: no driver')).toBeVisible();
  await expect.element(screen.getByRole('heading', { name: 'Self-check' })).toBeVisible();
  await screen.getByRole('button', { name: 'Open on any device' }).click();
  await expect.element(screen.getByText('Not webgpu: no adapter')).toBeVisible();
});

test('a model without a found stream, and one of images, say what they are', async () => {
  const client = new FakeLab({
    override: {
      'models.inspect': ({ source }) => ({
        ...card(source),
        task: 'image-classifier',
        hooks: [],
        residual: [],
        mixed: 'two streams are added in block 3',
        noTokenizer: 'tokenizer.json is missing',
        selfCheck: null,
        image: { classes: 10, labels: ['airplane', 'automobile'], preprocessing: { resize: 'stretch', width: 32 }, origin: 'guess' },
      }),
    },
  });
  const screen = await render(App, { client });
  await expect.element(screen.getByText(/two streams are added in block 3/)).toBeVisible();
  await expect.element(screen.getByText(/^10.classes: airplane, automobile/)).toBeVisible();
  await expect.element(screen.getByText('stretch')).toBeVisible();
  await expect.element(screen.getByText(/^guessed from the shape of the input/)).toBeVisible();
  await screen.getByLabelText('Another preprocessing').fill('{"preset": "cifar10"');
  await screen.getByRole('button', { name: 'Use', exact: true }).click();
  await expect.element(screen.getByText('This is neither the name of a preset nor JSON.')).toBeVisible();
  await screen.getByLabelText('Another preprocessing').fill('{"preset": "cifar10"}');
  await screen.getByLabelText('File with class names').fill('/data/labels.txt');
  await screen.getByRole('button', { name: 'Use', exact: true }).click();
  expect(client.calls.findLast(({ name }) => name === 'models.inspect')?.input).toEqual({
    source: 'liar',
    preprocessing: { preset: 'cifar10' },
    labels: '/data/labels.txt',
  });
  await expect.element(screen.getByRole('link', { name: 'Try it in the playground' })).not.toBeInTheDocument();
});

test('speeds are measured when asked', async () => {
  const screen = await render(App, { client: new FakeLab() });
  await expect.element(screen.getByText('Not measured yet.')).toBeVisible();
  await screen.getByRole('button', { name: 'Measure', exact: true }).click();
  await expect.element(screen.getByRole('cell', { name: '62,500 [39,000, 65,300]' })).toBeVisible();
  await expect.element(screen.getByRole('button', { name: 'Measure again' })).toBeVisible();
});

test('a folder dropped on a page of a browser is chosen by hand', async () => {
  const screen = await render(App, { client: new FakeLab() });
  const transfer = new DataTransfer();
  transfer.items.add(new File(['{}'], 'config.json'));
  window.dispatchEvent(new DragEvent('dragenter', { dataTransfer: transfer }));
  await expect.element(screen.getByText('Drop a model’s folder to open it')).toBeVisible();
  window.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true }));
  await expect.element(screen.getByText('A browser does not tell where a dropped folder lies. Choose it here.')).toBeVisible();
  await screen.getByRole('button', { name: /SmolLM2-135M-ONNX/ }).click();
  await expect.poll(() => location.hash).toBe(`#/models/${encodeURIComponent('/home/user/SmolLM2-135M-ONNX')}`);
});

test('a folder dropped on the shell’s window is opened where it lies', async () => {
  const shell = { connect: () => undefined, pathOf: (file: File) => `/models/${file.name}` };
  Object.defineProperty(window, 'shell', { value: shell, configurable: true });
  try {
    await render(App, { client: new FakeLab() });
    const transfer = new DataTransfer();
    transfer.items.add(new File([''], 'dropped'));
    window.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true }));
    await expect.poll(() => location.hash).toBe('#/models/%2Fmodels%2Fdropped');
  } finally {
    Reflect.deleteProperty(window, 'shell');
  }
});

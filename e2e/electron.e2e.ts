/** The lab in Electron itself. Runs wherever its binary and a display are; elsewhere it is skipped, and said so. */
import path from 'node:path';
import { _electron } from '@playwright/test';
import { electronBinary, whyNoWindow } from '../electron/desktop.ts';
import { expect, test, watch } from './lab.ts';

const binary = electronBinary();
const obstacle =
  binary === null
    ? 'its binary has not been fetched (`npm start` does)'
    : whyNoWindow({ platform: process.platform, env: process.env, user: process.getuid?.() ?? null });

test(`Electron's own window${obstacle === null ? '' : `: ${obstacle}`}`, async ({ built: _built }, testInfo) => {
  test.skip(binary === null || obstacle !== null, obstacle ?? '');
  const home = testInfo.outputPath('home');
  const app = await _electron.launch({
    executablePath: binary ?? '',
    args: [path.join(import.meta.dirname, '..'), `--user-data-dir=${home}`],
    env: {
      ...(process.env as Record<string, string>),
      HOME: home,
      USERPROFILE: home,
      XDG_DATA_HOME: home,
      APPDATA: home,
      LOCALAPPDATA: home,
    },
  });
  const page = await app.firstWindow();
  const complaints = watch(page);
  await expect(page).toHaveTitle(/Candor/);
  await expect(page.locator('#app')).not.toBeEmpty();
  expect(page.url()).toMatch(/^lab:\/\/app\/index\.html/);

  const reach = await page.evaluate(() => ({
    require: typeof (globalThis as { require?: unknown }).require,
    process: typeof (globalThis as { process?: unknown }).process,
    shell: Object.keys((window as unknown as { shell: object }).shell),
    isolated: window.isSecureContext,
  }));
  expect(reach).toEqual({ require: 'undefined', process: 'undefined', shell: ['connect'], isolated: true });

  const opened = await page.evaluate(() => window.open('https://example.com/') === null);
  expect(opened).toBe(true);
  await page.evaluate(() => {
    location.href = 'https://example.com/';
  });
  await page.waitForTimeout(500);
  expect(page.url()).toMatch(/^lab:\/\/app\//);
  expect(complaints).toEqual([]);
  await app.close();
});

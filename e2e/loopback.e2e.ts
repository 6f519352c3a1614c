/** The page behind the loopback server: it opens under the shipped policy, survives a reload, and finds a lab that was started again. */
import { expect, test, watch } from './lab.ts';

test('the page opens without an error, and again after a reload of any room', async ({ page, lab, complaints }) => {
  await page.goto(lab.url);
  await expect(page).toHaveTitle(/Candor/);
  await expect(page.locator('#app')).not.toBeEmpty();
  await page.goto(`${lab.url}#/sessions`);
  await page.reload();
  await expect(page.locator('#app')).not.toBeEmpty();
  expect(new URL(page.url()).hash).toBe('#/sessions');
  expect(complaints).toEqual([]);
});

test.describe('refused', () => {
  // The browser reports the refusal itself, and that of the icon which it asks for.
  test.use({ tolerated: /status of 403/ });

  test('without the token there is nothing', async ({ page, lab }) => {
    const answer = await page.goto(new URL('/', lab.url).href);
    expect(answer?.status()).toBe(403);
    await expect(page.locator('body')).toContainText('Open the one that it printed');
  });
});

test('a page of another origin can neither read the lab nor talk to it', async ({ lab, context }) => {
  const evil = await context.newPage();
  await evil.route('https://evil.example/', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>evil</title>' }),
  );
  await evil.goto('https://evil.example/');
  const results = await evil.evaluate(async (url) => {
    const read = await fetch(url).then(
      () => 'read',
      () => 'refused',
    );
    const socket = await new Promise<string>((resolve) => {
      const ws = new WebSocket(url.replace('http', 'ws') + 'rpc');
      ws.onopen = () => resolve('open');
      ws.onclose = () => resolve('refused');
    });
    return { read, socket };
  }, lab.url);
  expect(results).toEqual({ read: 'refused', socket: 'refused' });
});

test.describe('attacked from inside', () => {
  test.use({ tolerated: /Content Security Policy|Trusted(Script|HTML|TypePolicy)|unsafe-eval/i });

  test('the page may load nothing from elsewhere and run nothing that was not built', async ({ page, lab, complaints }) => {
    const asked: string[] = [];
    await page.route('https://example.com/**', (route) => {
      asked.push(route.request().url());
      return route.abort();
    });
    await page.goto(lab.url);
    await expect(page.locator('#app')).not.toBeEmpty();
    const results = await page.evaluate(async () => {
      const attempt = async (act: () => unknown): Promise<string> => {
        try {
          await act();
          return 'done';
        } catch (error) {
          return (error as Error).name;
        }
      };
      return {
        fetch: await attempt(() => fetch('https://example.com/x')),
        // eslint-disable-next-line no-restricted-syntax -- this is what must not work
        markup: await attempt(() => document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.ran = true">')),
        script: await attempt(() => {
          document.createElement('script').textContent = 'window.ran = true';
        }),
        // In a later turn: the debugger that this comes in by may evaluate what a page may not.
        evaluate: await new Promise<string>((resolve) => {
          setTimeout(() => {
            try {
              // eslint-disable-next-line no-eval -- this is what must not work
              eval('window.ran = true');
              resolve('done');
            } catch (error) {
              resolve((error as Error).name);
            }
          });
        }),
        // A policy of another name would be the way around the rules above.
        policy: await attempt(() =>
          (window as unknown as { trustedTypes: { createPolicy(name: string, rules: object): void } }).trustedTypes.createPolicy(
            'mine',
            {},
          ),
        ),
        ran: 'ran' in window,
      };
    });
    expect(results).toEqual({
      fetch: 'TypeError',
      markup: 'TypeError',
      script: 'TypeError',
      evaluate: 'EvalError',
      policy: 'TypeError',
      ran: false,
    });
    expect(asked).toEqual([]);
    expect(complaints.length).toBeGreaterThan(0);
  });
});

test.describe('left alone', () => {
  // Attempts to connect again are refused while nothing listens, and by the new lab, whose token is another.
  test.use({ tolerated: /WebSocket connection/ });

  test('a window whose lab has ended says so; the lab started again opens in a new one', async ({ page, lab }) => {
    await page.goto(lab.url);
    await expect(page.locator('#app')).not.toBeEmpty();
    await lab.stop();
    await expect(page.getByText('The connection to the lab is lost.')).toBeVisible();
    const before = lab.url;
    await lab.restart();
    expect(lab.url).not.toBe(before);
    const fresh = await page.context().newPage();
    const complaints = watch(fresh);
    await fresh.goto(lab.url);
    await expect(fresh.locator('#app')).not.toBeEmpty();
    await expect(fresh.getByText('The connection to the lab is lost.')).toHaveCount(0);
    expect(complaints).toEqual([]);
  });
});

import { describe, expect, test } from 'vitest';
import { contentSecurityPolicy, fromApp, mayAsk, mayLoad, mayNavigate, pageHeaders, windowOptions } from './policy.ts';

describe('policy', () => {
  test.each([
    ['lab://app/index.html', true, true],
    ['lab://app/index.html#/runs/1', true, true],
    ['lab://app/', true, true],
    ['lab://app', false, false],
    ['lab://application/', false, false],
    ['lab://app.example/', false, false],
    ['lab://app:80/', false, false],
    ['lab://user@app/', false, false],
    ['lab:app/', false, false],
    ['https://example.com/', false, false],
    ['http://127.0.0.1/', false, false],
    ['file:///etc/passwd', false, false],
    ['javascript:alert(1)', false, false],
    ['data:text/html,x', false, false],
    ['about:blank', false, false],
    ['blob:lab://app/1', false, true],
    ['blob:https://example.com/1', false, false],
    ['blob:file:///etc/passwd', false, false],
    ['blob:lab://application/1', false, false],
    ['devtools://devtools/bundled/inspector.html', false, true],
    ['', false, false],
    ['no url', false, false],
  ])('%s: navigate %s, load %s', (url, navigate, load) => {
    expect([mayNavigate(url), mayLoad(url)]).toEqual([navigate, load]);
  });

  test.each([
    [{ url: 'lab://app/index.html', parent: null }, true],
    [{ url: 'lab://app/index.html', parent: {} }, false],
    [{ url: 'https://example.com/', parent: null }, false],
    [{ url: 'about:blank', parent: null }, false],
    [null, false],
  ])('a message from %j: %s', (frame, heard) => {
    expect(fromApp(frame)).toBe(heard);
  });

  test('no permission is granted', () => {
    expect(['media', 'geolocation', 'notifications', 'clipboard-read', 'openExternal', 'fullscreen', 'hid'].filter(mayAsk)).toEqual([]);
  });

  test('the window is locked down, with no preference that is not looked at here', () => {
    expect(windowOptions('/p.cjs').webPreferences).toEqual({
      preload: '/p.cjs',
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      safeDialogs: true,
      spellcheck: false,
    });
  });

  test('the content security policy allows nothing unsafe and no other origin', () => {
    expect(contentSecurityPolicy).not.toMatch(/unsafe|\*|https?:|wss?:/);
    const directives = contentSecurityPolicy.split('; ');
    // Pictures that the page made of bytes, and nothing else that it made: a script or a frame of its own making is refused.
    expect(directives.filter((directive) => /blob:|data:/.test(directive))).toEqual(["img-src 'self' data: blob:"]);
    for (const needed of [
      "default-src 'none'",
      "script-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]) {
      expect(directives).toContain(needed);
    }
    expect(pageHeaders['content-security-policy']).toBe(contentSecurityPolicy);
  });
});

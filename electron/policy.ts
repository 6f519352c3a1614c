/** Every security decision of the shell, as data and plain functions, so that each is tested without Electron. */
import type { BrowserWindowConstructorOptions } from 'electron';

export const appScheme = 'lab';
export const appOrigin = 'lab://app';

/** What the page may load: its own files and nothing else. Trusted Types leave Svelte's own templates as the only way to make HTML from text. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // `blob:` is what the page itself made of bytes: thumbnails, which come through the lab's calls.
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types svelte-trusted-html',
].join('; ');

/** Sent with every file of the page, under Electron and by the loopback server alike. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), display-capture=()',
  'cache-control': 'no-store',
};

export function windowOptions(preload: string): BrowserWindowConstructorOptions {
  return {
    width: 1280,
    height: 840,
    minWidth: 720,
    minHeight: 480,
    show: false,
    title: 'Candor',
    webPreferences: {
      preload,
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
      // Electron would fetch dictionaries from the network.
      spellcheck: false,
    },
  };
}

/** Whether a frame may go to a URL: only to the lab's own page. The slash matters: `lab://application/` is not `lab://app/`. */
export function mayNavigate(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed !== null && parsed.href.startsWith(`${appOrigin}/`) && parsed.username === '' && parsed.password === '';
}

/** Whether anything may be loaded from a URL: the lab's own files, what its page made of bytes, and the developer tools; nothing from a network or the disk. */
export function mayLoad(url: string): boolean {
  const parsed = URL.parse(url);
  if (parsed?.protocol === 'blob:') return mayNavigate(parsed.pathname);
  return mayNavigate(url) || parsed?.protocol === 'devtools:';
}

/** The lab needs no camera, place, notification, device or other permission of the web. */
export function mayAsk(_permission: string): boolean {
  return false;
}

/** Whether a message comes from the lab's own page in a main frame; a frame that is gone (null) is refused. */
export function fromApp(frame: { readonly url: string; readonly parent: unknown } | null): boolean {
  return frame !== null && frame.parent === null && mayNavigate(frame.url);
}

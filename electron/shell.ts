/**
 * Wires the policy to Electron: one locked-down window, the lab's own scheme, a port from window to lab.
 * Electron comes in as a parameter, so that tests drive it with a fake; its types are the real ones.
 */
import type { BrowserWindow, MessagePortMain, WebContents } from 'electron';
import type { LabHost } from './lab-host.ts';
import type { Pages } from './pages.ts';
import { appOrigin, appScheme, fromApp, mayAsk, mayLoad, mayNavigate, windowOptions } from './policy.ts';
import { Ending, type Port } from './rpc/port.ts';

export type ElectronParts = Pick<
  typeof import('electron/main'),
  'BrowserWindow' | 'Menu' | 'MessageChannelMain' | 'app' | 'ipcMain' | 'protocol' | 'session'
>;

export interface ShellParts {
  /** The built preload, one CommonJS file. */
  readonly preload: string;
  readonly page: Pages;
  /** Starts the lab's process; called once, and only in the first instance of the program. */
  readonly startLab: () => LabHost;
}

/** To be called before Electron is ready: the scheme can only be registered then. */
export function startShell(electron: ElectronParts, parts: ShellParts): void {
  const { app, ipcMain, protocol } = electron;
  // One database has one owner: a second start only brings the first one's window forward.
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  protocol.registerSchemesAsPrivileged([{ scheme: appScheme, privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
  app.enableSandbox();
  app.on('web-contents-created', (_event, contents) => lockDown(contents));

  const lab = parts.startLab();
  let window: BrowserWindow | null = null;

  ipcMain.on('connect', (event, nonce: unknown) => {
    if (!fromApp(event.senderFrame) || typeof nonce !== 'string' || nonce.length > 100) return;
    const { port1, port2 } = new electron.MessageChannelMain();
    lab.attach(overMain(port1));
    event.sender.postMessage('port', nonce, [port2]);
  });

  const open = (): void => {
    window = openWindow(electron, parts.preload);
    window.on('closed', () => {
      window = null;
    });
  };
  void app.whenReady().then(() => {
    guardSession(electron);
    protocol.handle(appScheme, parts.page);
    setMenu(electron);
    open();
  });
  app.on('second-instance', () => {
    if (window?.isMinimized() === true) window.restore();
    window?.focus();
  });
  app.on('activate', () => {
    if (window === null && app.isReady()) open();
  });
  app.on('window-all-closed', () => app.quit());

  let closed = false;
  app.on('will-quit', (event) => {
    if (closed) return;
    event.preventDefault();
    void lab.close().finally(() => {
      closed = true;
      app.quit();
    });
  });
}

function openWindow(electron: ElectronParts, preload: string): BrowserWindow {
  const window = new electron.BrowserWindow(windowOptions(preload));
  window.once('ready-to-show', () => window.show());
  let reloaded = 0;
  window.webContents.on('render-process-gone', (_event, details) => {
    // The lab goes on without its window; a window that dies again at once stays down rather than flicker.
    if (details.reason === 'clean-exit' || Date.now() - reloaded < 10_000) return;
    reloaded = Date.now();
    window.webContents.reload();
  });
  void window.loadURL(`${appOrigin}/index.html`);
  return window;
}

function lockDown(contents: WebContents): void {
  const stay = (event: { readonly url: string; preventDefault(): void }): void => {
    if (!mayNavigate(event.url)) event.preventDefault();
  };
  contents.on('will-navigate', stay);
  contents.on('will-redirect', stay);
  contents.on('will-frame-navigate', stay);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}

function guardSession({ session }: ElectronParts): void {
  const guarded = session.defaultSession;
  guarded.setPermissionRequestHandler((_contents, permission, decide) => decide(mayAsk(permission)));
  guarded.setPermissionCheckHandler((_contents, permission) => mayAsk(permission));
  guarded.setDevicePermissionHandler(() => false);
  guarded.webRequest.onBeforeRequest((details, decide) => decide({ cancel: !mayLoad(details.url) }));
}

/** The default menu without its links to web pages; macOS needs the edit menu for copy and paste. */
function setMenu({ Menu }: ElectronParts): void {
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(process.platform === 'darwin' ? [{ role: 'appMenu' as const }] : []),
      { role: 'editMenu' },
      { role: 'viewMenu' },
      { role: 'windowMenu' },
    ]),
  );
}

function overMain(port: MessagePortMain): Port {
  const ending = new Ending();
  port.on('close', () => ending.end());
  return {
    post: (message) => {
      if (!ending.over) port.postMessage(message);
    },
    listen: (receive) => {
      port.on('message', (event) => receive(event.data));
      port.start();
    },
    onClose: (closed) => ending.whenOver(closed),
    close: () => {
      port.close();
      ending.end();
    },
  };
}

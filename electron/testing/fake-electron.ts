/** Stands in for Electron where its binary cannot be had: it records what the shell asks of it, and lets tests play its events. */
import { EventEmitter } from 'node:events';
import type { ElectronParts } from '../shell.ts';

export class FakePort extends EventEmitter {
  readonly sent: unknown[] = [];
  started = false;
  closed = false;
  postMessage(message: unknown): void {
    this.sent.push(message);
  }
  start(): void {
    this.started = true;
  }
  close(): void {
    this.closed = true;
  }
}

export class FakeContents extends EventEmitter {
  readonly sent: unknown[][] = [];
  reloads = 0;
  openHandler: ((details: { url: string }) => { action: string }) | null = null;
  postMessage(...message: unknown[]): void {
    this.sent.push(message);
  }
  reload(): void {
    this.reloads += 1;
  }
  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.openHandler = handler;
  }
}

export class FakeWindow extends EventEmitter {
  readonly options: unknown;
  readonly webContents = new FakeContents();
  url = '';
  shown = false;
  focused = false;
  constructor(options: unknown) {
    super();
    this.options = options;
  }
  loadURL(url: string): Promise<void> {
    this.url = url;
    return Promise.resolve();
  }
  show(): void {
    this.shown = true;
  }
  focus(): void {
    this.focused = true;
  }
  isMinimized(): boolean {
    return false;
  }
}

/** @param first whether this is the only instance of the program */
export function fakeElectron(first = true) {
  const calls: string[] = [];
  const windows: FakeWindow[] = [];
  const channels: { port1: FakePort; port2: FakePort }[] = [];
  const app = Object.assign(new EventEmitter(), {
    requestSingleInstanceLock: () => first,
    enableSandbox: () => void calls.push('sandbox'),
    whenReady: () => {
      calls.push('ready');
      return Promise.resolve();
    },
    isReady: () => true,
    quit: () => void calls.push('quit'),
  });
  const guards: Record<string, (...given: never[]) => unknown> = {};
  const record = (name: string) => (guard: (...given: never[]) => unknown) => void (guards[name] = guard);
  const ipcMain = new EventEmitter();
  const parts = {
    app,
    ipcMain,
    BrowserWindow: class extends FakeWindow {
      constructor(options: unknown) {
        super(options);
        windows.push(this);
        app.emit('web-contents-created', {}, this.webContents);
      }
    },
    Menu: { buildFromTemplate: (template: unknown) => template, setApplicationMenu: () => void calls.push('menu') },
    MessageChannelMain: class {
      readonly port1 = new FakePort();
      readonly port2 = new FakePort();
      constructor() {
        channels.push(this);
      }
    },
    protocol: {
      registerSchemesAsPrivileged: (schemes: unknown) => void calls.push(`schemes ${JSON.stringify(schemes)}`),
      handle: (scheme: string, handler: (...given: never[]) => unknown) => void (guards[`scheme ${scheme}`] = handler),
    },
    session: {
      defaultSession: {
        setPermissionRequestHandler: record('request'),
        setPermissionCheckHandler: record('check'),
        setDevicePermissionHandler: record('device'),
        webRequest: { onBeforeRequest: record('load') },
      },
    },
  };
  return { parts: parts as unknown as ElectronParts, app, ipcMain, calls, windows, channels, guards };
}

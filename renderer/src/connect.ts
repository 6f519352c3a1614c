/** The window's connection to the lab: a MessagePort under Electron, a WebSocket in a browser; the same client over both. */
import { createClient } from '../../electron/rpc/client.ts';
import type { LabClient } from '../../electron/rpc/contract.ts';
import type { Port } from '../../electron/rpc/port.ts';
import { opened, overMessagePort } from '../../electron/rpc/wires.ts';

/** What the preload shows to the page. */
interface Shell {
  connect(nonce: string): void;
  /** Where a file or folder lies that was dropped on the window; empty where it lies nowhere. */
  pathOf(file: File): string;
}

declare global {
  interface Window {
    readonly shell?: Shell;
  }
}

const patience = 10_000;

/** Connects at once, and again with growing pauses whenever the connection is lost. */
export function connect(): LabClient {
  const { shell } = window;
  return createClient(shell === undefined ? dialSocket : () => dialShell(shell));
}

/** The socket lies beside the page, behind the same token in the path. */
function dialSocket(): Promise<Port> {
  const url = new URL('rpc', document.baseURI);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return opened(new WebSocket(url));
}

/** @throws Error when main gives no port in time */
function dialShell(shell: Shell): Promise<Port> {
  const nonce = crypto.randomUUID();
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      window.removeEventListener('message', take);
    };
    const take = (event: MessageEvent<unknown>): void => {
      const port = event.ports[0];
      if (event.source !== window || port === undefined || !answers(event.data, nonce)) return;
      stop();
      resolve(overMessagePort(port));
    };
    const timer = setTimeout(() => {
      stop();
      reject(new Error('the shell gave no port'));
    }, patience);
    window.addEventListener('message', take);
    shell.connect(nonce);
  });
}

function answers(data: unknown, nonce: string): boolean {
  return typeof data === 'object' && data !== null && 'type' in data && data.type === 'lab-port' && 'nonce' in data && data.nonce === nonce;
}

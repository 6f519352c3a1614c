/** The lab in a browser, from start to Ctrl-C: what `npm start` falls back to, and what `candor serve` does. */
import path from 'node:path';
import { openLab } from './lab/lab.ts';
import { serveLoopback } from './loopback.ts';

export interface ServeBrowserOptions {
  readonly port?: number | undefined;
  /** The lab's own in the user's data folder when absent. */
  readonly database?: string | undefined;
  /** Told the address once the lab answers there. */
  readonly ready: (url: string) => void;
}

/**
 * Serves the built window until SIGINT or SIGTERM, then closes windows, queue and database in order.
 * A second signal, later than an echo of the first could be, ends the process at once.
 * @throws LabError when the database cannot be opened or the port is taken
 */
export async function serveBrowser(options: ServeBrowserOptions): Promise<void> {
  const lab = await openLab({ shell: 'browser', ...(options.database === undefined ? {} : { database: options.database }) });
  try {
    const loopback = await serveLoopback({ lab, port: options.port, pagesRoot: path.join(import.meta.dirname, '../dist/renderer') });
    const stopped = stopSignal();
    options.ready(loopback.url);
    await stopped;
    await loopback.close();
  } finally {
    await lab.close();
  }
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let first = 0;
    const stop = (): void => {
      if (first === 0) {
        first = Date.now();
        resolve();
      } else if (Date.now() - first > 500) process.exit(130);
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}

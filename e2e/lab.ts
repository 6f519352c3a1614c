/** `test` for whole-program tests: each gets a lab of its own in a process of its own, and a page that may not report an error. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test as base, expect, type Page } from '@playwright/test';
import { buildWhereStale } from '../electron/build.ts';

export { expect };

export interface LabServer {
  /** The address of the page, token included. */
  readonly url: string;
  /** An empty folder for this test: for models, data and exports. */
  readonly folder: string;
  readonly database: string;
  readonly process: ChildProcess;
  /** Starts the same lab again (same database and port) after it has ended; the token is new. */
  restart(): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

interface Fixtures {
  readonly lab: LabServer;
  /** What the page and its console complained of; the test fails if anything is there at its end that is not tolerated. */
  readonly complaints: string[];
  /** Complaints that belong to what is tested: `test.use({ tolerated: /…/ })`. */
  readonly tolerated: RegExp | null;
}

export const test = base.extend<Fixtures, { readonly built: undefined }>({
  built: [
    async ({}, use) => {
      await buildWhereStale(['window', 'shell'], (line) => process.stderr.write(`${line}\n`));
      await use(undefined);
    },
    { scope: 'worker', timeout: 180_000 },
  ],

  lab: async ({ built: _built }, use) => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'candor-e2e-'));
    const server = new Server(folder);
    await server.restart();
    await use(server);
    await server.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  },

  tolerated: [null, { option: true }],

  complaints: [
    async ({ page, tolerated }, use) => {
      const complaints = watch(page);
      await use(complaints);
      expect(
        complaints.filter((complaint) => tolerated?.test(complaint) !== true),
        'errors on the page or its console',
      ).toEqual([]);
    },
    { auto: true },
  ],
});

/** Collects errors of a page: exceptions, console errors (content security policy among them), failed requests. */
export function watch(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return complaints;
}

class Server implements LabServer {
  url = '';
  readonly folder: string;
  readonly database: string;
  process!: ChildProcess;

  constructor(folder: string) {
    this.folder = folder;
    this.database = path.join(folder, 'lab.sqlite');
  }

  async restart(): Promise<void> {
    const port = this.url === '' ? [] : [new URL(this.url).port];
    const child = spawn(process.execPath, [path.join(import.meta.dirname, 'lab-server.ts'), this.database, ...port], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.process = child;
    const line = createInterface(child.stdout)[Symbol.asyncIterator]().next();
    const { value, done } = await line;
    if (done === true) throw new Error('the lab ended before it answered');
    this.url = value;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill(signal);
    const impatience = setTimeout(() => this.process.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(impatience);
  }
}

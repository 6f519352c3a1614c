/** The lab as the page sees it: the client, and the few things that every page watches, kept fresh by events. */
import { getContext, setContext } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import type {
  Input,
  LabClient,
  CallName,
  Output,
  LabInfo,
  Part,
  RunStatus,
  RunSummary,
  SessionSummary,
} from '../../electron/rpc/contract.ts';
import { Pictures } from './pictures.ts';

export const isActive = (status: RunStatus): boolean => status === 'queued' || status === 'loading' || status === 'running';

export class Lab {
  readonly client: LabClient;
  readonly pictures: Pictures;
  connected = $state(true);
  info = $state.raw<LabInfo | null>(null);
  /** Queued and active runs, in order. */
  queue = $state.raw<readonly RunSummary[]>([]);
  /** null until they were first loaded. */
  sessions = $state.raw<readonly SessionSummary[] | null>(null);
  /** What events last said about a run; newer than what a page loaded. */
  readonly latest = new SvelteMap<string, RunSummary>();
  /** Grows when everything that was loaded may be stale: after a lost connection came back. */
  revision = $state(0);

  #sessionsPending = false;

  constructor(client: LabClient) {
    this.client = client;
    this.pictures = new Pictures(client);
  }

  /** @returns what stops listening */
  listen(): () => void {
    const stops = [
      this.client.on('run.changed', (run) => this.#changed(run)),
      this.client.on('sessions.changed', () => this.#refreshSessions()),
      this.client.onConnection((connected) => {
        if (connected === this.connected) return;
        this.connected = connected;
        if (connected) this.#refresh();
      }),
    ];
    this.#refresh();
    return () => stops.forEach((stop) => stop());
  }

  call<N extends CallName>(name: N, input: Input<N>, signal?: AbortSignal, onPart?: (part: Part<N>) => void): Promise<Output<N>> {
    return this.client.call(name, input, signal, onPart);
  }

  /** A run as last heard of: the event, if one came, else what the page loaded. */
  fresh(run: RunSummary): RunSummary {
    return this.latest.get(run.id) ?? run;
  }

  #refresh(): void {
    this.revision += 1;
    this.latest.clear();
    this.#refreshSessions();
    this.client.call('lab.info', {}).then((info) => (this.info = info), ignoreLost);
    this.client.call('queue.list', {}).then((queue) => (this.queue = queue), ignoreLost);
  }

  /** Runs of one request finish close together: their lists are loaded once. */
  #refreshSessions(): void {
    if (this.#sessionsPending) return;
    this.#sessionsPending = true;
    setTimeout(() => {
      this.#sessionsPending = false;
      this.client.call('sessions.list', {}).then((sessions) => (this.sessions = sessions), ignoreLost);
    }, 50);
  }

  #changed(run: RunSummary): void {
    const before = this.latest.get(run.id);
    this.latest.set(run.id, run);
    const known = this.queue.some((queued) => queued.id === run.id);
    if (!isActive(run.status)) this.queue = this.queue.filter((queued) => queued.id !== run.id);
    else if (known) this.queue = this.queue.map((queued) => (queued.id === run.id ? run : queued));
    else this.queue = [...this.queue, run];
    if (before?.status !== run.status) this.#refreshSessions();
  }
}

/** These calls run again when the connection is back, and the page says that it is lost. */
function ignoreLost(): void {}

const key = Symbol('lab');

export const provideLab = (lab: Lab): Lab => setContext(key, lab);
export const useLab = (): Lab => getContext<Lab>(key);

/** Main's side and the lab's side of the channel, with a real process between them. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { LabError } from '../probes/lab-error.ts';
import { labDoor } from './lab-door.ts';
import { startLabHost, type LabHost, type LabHostOptions } from './lab-host.ts';
import { createClient, type ClosableClient } from './rpc/client.ts';
import { portPair } from './rpc/port.ts';
import { info, oddValues, smallLab } from './testing/small-lab.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function host(options: Partial<LabHostOptions> = {}, ...args: string[]): { host: LabHost; processes: ChildProcess[] } {
  const processes: ChildProcess[] = [];
  const start = (): ChildProcess => {
    const child = fork(path.join(import.meta.dirname, 'testing/small-lab-door.ts'), args);
    processes.push(child);
    return child;
  };
  const started = startLabHost({ start, backOff: [20], ...options });
  closers.push(() => started.close());
  return { host: started, processes };
}

function window(to: LabHost): ClosableClient {
  const client = createClient(
    () => {
      const [near, far] = portPair();
      to.attach(far);
      return Promise.resolve(near);
    },
    { backOff: [30] },
  );
  closers.push(() => client.close());
  return client;
}

describe('the lab host', () => {
  test('joins several windows to one lab: each gets its own answers, all get events', async () => {
    const started = host();
    const [left, right] = [window(started.host), window(started.host)];
    const heard: string[] = [];
    left.on('sessions.changed', () => heard.push('left'));
    right.on('sessions.changed', () => heard.push('right'));
    await expect(left.call('models.inspect', { source: 'odd' })).resolves.toStrictEqual(oddValues);
    await expect(right.call('lab.info', {})).resolves.toEqual(info);
    await right.call('sessions.update', { id: 's' });
    await vi.waitFor(() => expect(heard.toSorted()).toEqual(['left', 'right']));
    expect(started.processes).toHaveLength(1);
  });

  test('a window that closes has its calls cancelled', async () => {
    const started = host();
    const [left, right] = [window(started.host), window(started.host)];
    const heard: unknown[] = [];
    right.on('sessions.changed', (value) => heard.push(value));
    await right.call('lab.info', {});
    const waiting = expect(left.call('models.forget', { source: 'x' })).rejects.toThrow();
    await vi.waitFor(() => expect(heard).toEqual([{ waiting: 'x' }]));
    left.close();
    await waiting;
    await vi.waitFor(() => expect(heard).toEqual([{ waiting: 'x' }, { stopped: 'x' }]));
  });

  test('a crash is named to the window, and the lab is started again', async () => {
    const started = host();
    const client = window(started.host);
    const states: boolean[] = [];
    client.onConnection((state) => states.push(state));
    const waiting = expect(client.call('models.forget', { source: 'x' })).rejects.toMatchObject({
      code: 'engine-crashed',
      message: "the lab's process ended with status 7",
    });
    await expect(client.call('models.inspect', { source: 'crash' })).rejects.toMatchObject({ code: 'engine-crashed' });
    await waiting;
    await vi.waitFor(() => expect(states.slice(0, 2)).toEqual([true, false]));
    await vi.waitFor(async () => expect(await client.call('lab.info', {})).toEqual(info), 10_000);
    expect(started.processes).toHaveLength(2);
  });

  test('a process that is killed from outside is named with its signal', async () => {
    const started = host();
    const client = window(started.host);
    await client.call('lab.info', {});
    const waiting = expect(client.call('models.forget', { source: 'x' })).rejects.toMatchObject({
      message: "the lab's process was ended by SIGKILL",
    });
    started.processes[0]?.kill('SIGKILL');
    await waiting;
  });

  test('a program that cannot be started is a clear error, and is tried again', async () => {
    let starts = 0;
    const start = (): ChildProcess => {
      starts += 1;
      return spawn(path.join(import.meta.dirname, 'no-such-node'), [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    };
    const client = window(host({ start }).host);
    await expect(client.call('lab.info', {})).rejects.toMatchObject({
      code: 'engine-crashed',
      message: expect.stringContaining('could not be started') as string,
    });
    await vi.waitFor(() => expect(starts).toBeGreaterThan(1));
  });

  test('closing asks the lab, and its process is gone', async () => {
    const started = host();
    const client = window(started.host);
    await client.call('lab.info', {});
    await started.host.close();
    expect(started.processes[0]?.exitCode).toBe(0);
    await expect(client.call('lab.info', {})).rejects.toMatchObject({ message: 'the lab was stopped' });
  });

  test('a lab that does not close is killed', async () => {
    const started = host({ patience: 100 }, 'stubborn');
    await window(started.host).call('lab.info', {});
    await started.host.close();
    expect(started.processes[0]?.signalCode).toBe('SIGKILL');
  });

  test('the lab ends when main is gone', async () => {
    const started = host();
    await window(started.host).call('lab.info', {});
    const [child] = started.processes;
    child?.disconnect();
    await vi.waitFor(() => expect(child?.exitCode).toBe(0), 5000);
  });
});

describe('the door', () => {
  test('a lab that cannot be opened answers with the reason, and is tried again by the next call', async () => {
    const [main, channel] = portPair();
    let tries = 0;
    const open = () => {
      tries += 1;
      return tries === 1
        ? Promise.reject(new LabError('database-locked', 'lab.sqlite is in use', 'Close the other program.'))
        : Promise.resolve(smallLab());
    };
    labDoor(channel, open, () => undefined);
    const replies: unknown[] = [];
    main.listen((message) => replies.push(message));
    main.post({ type: 'open', window: 1 });
    for (const id of [1, 2]) {
      main.post({ type: 'message', window: 1, message: { type: 'call', id, call: 'lab.info', input: {} } });
      await vi.waitFor(() => expect(replies).toHaveLength(id));
    }
    expect(replies).toMatchObject([
      { type: 'message', window: 1, message: { id: 1, ok: false, error: { code: 'database-locked', message: 'lab.sqlite is in use' } } },
      { type: 'message', window: 1, message: { id: 2, ok: true, value: info } },
    ]);
  });

  test('it closes the lab once, then says that the process may end', async () => {
    const [main, channel] = portPair();
    const close = vi.fn(() => Promise.resolve());
    const ended = vi.fn();
    labDoor(channel, () => Promise.resolve({ ...smallLab(), close }), ended);
    main.post({ type: 'open', window: 1 });
    main.post({ type: 'message', window: 1, message: { type: 'call', id: 1, call: 'lab.info', input: {} } });
    await new Promise((resolve) => setTimeout(resolve, 20));
    main.post({ type: 'quit' });
    main.post({ type: 'quit' });
    await vi.waitFor(() => expect(ended).toHaveBeenCalledTimes(1));
    expect(close).toHaveBeenCalledTimes(1);
  });
});

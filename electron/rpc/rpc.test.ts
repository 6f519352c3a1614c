/** One protocol, several wires: every case runs over memory, a MessageChannel, a child process and a WebSocket. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import path from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { info, labWith, oddValues, smallLab } from '../testing/small-lab.ts';
import { createClient, type ClosableClient, type ClientOptions } from './client.ts';
import type { CallName, Input } from './contract.ts';
import { portPair, type Port } from './port.ts';
import { serve } from './serve.ts';
import { opened, overMessagePort, overProcess, overSocket } from './wires.ts';

interface Wire {
  dial(): Promise<Port>;
  /** Breaks the connection from the lab's side. */
  cut(): void;
  stop(): Promise<void>;
}

const memory = (): Promise<Wire> => {
  const lab = smallLab();
  let far: Port | null = null;
  return Promise.resolve({
    dial: () => {
      const [left, right] = portPair();
      far = right;
      serve(right, lab);
      return Promise.resolve(left);
    },
    cut: () => far?.close(),
    stop: () => Promise.resolve(),
  });
};

const channel = (): Promise<Wire> => {
  const lab = smallLab();
  let far: Port | null = null;
  return Promise.resolve({
    dial: () => {
      const { port1, port2 } = new MessageChannel();
      far = overMessagePort(port2);
      serve(far, lab);
      return Promise.resolve(overMessagePort(port1));
    },
    cut: () => far?.close(),
    stop: () => {
      far?.close();
      return Promise.resolve();
    },
  });
};

const childProcess = (): Promise<Wire> => {
  const start = () => fork(path.join(import.meta.dirname, '../testing/small-lab-process.ts'));
  let child = start();
  return Promise.resolve({
    dial: () => {
      if (!child.connected) child = start();
      return Promise.resolve(overProcess(child));
    },
    cut: () => void child.kill('SIGKILL'),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  });
};

const webSocket = async (): Promise<Wire> => {
  const lab = smallLab();
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  sockets.on('connection', (socket) => serve(overSocket(socket), lab));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    dial: () => opened(new WebSocket(`ws://127.0.0.1:${address.port}/`)),
    cut: () => sockets.clients.forEach((socket) => socket.terminate()),
    stop: async () => {
      sockets.clients.forEach((socket) => socket.terminate());
      await new Promise((resolve) => http.close(resolve));
    },
  };
};

const words = (maxTokens: number): Input<'playground.generate'> => ({
  source: 'liar',
  prompt: { text: '' },
  sampling: { temperature: 0, topK: 0, topP: 1, repetitionPenalty: 1, seed: 0 },
  maxTokens,
  stop: [],
  alternatives: 0,
});

const wires = { memory, MessageChannel: channel, 'child process': childProcess, WebSocket: webSocket };

describe.each(Object.entries(wires))('over %s', (_name, open) => {
  const closers: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  async function connected(options?: ClientOptions): Promise<{ client: ClosableClient; wire: Wire }> {
    const wire = await open();
    const client = createClient(() => wire.dial(), options);
    closers.push(
      () => wire.stop(),
      () => client.close(),
    );
    return { client, wire };
  }

  test('a call is answered', async () => {
    const { client } = await connected();
    await expect(client.call('lab.info', {})).resolves.toEqual(info);
  });

  test('values that JSON would lose arrive as they left', async () => {
    const { client } = await connected();
    const value: unknown = await client.call('models.inspect', { source: 'odd' });
    expect(value).toStrictEqual(oddValues);
  });

  test('an input that may be left out may be undefined', async () => {
    const { client } = await connected();
    await expect(client.call('sessions.update', { id: 's', title: undefined })).resolves.toMatchObject({ id: 's', title: '' });
  });

  test('an error of the lab keeps its code, message and advice', async () => {
    const { client } = await connected();
    await expect(client.call('models.inspect', { source: '/nowhere' })).rejects.toMatchObject({
      name: 'LabError',
      code: 'model-not-found',
      message: 'no model in /nowhere',
      advice: 'Choose a folder that holds config.json.',
    });
  });

  test('an unforeseen error has the code "failed" and keeps its words', async () => {
    const { client } = await connected();
    await expect(client.call('models.inspect', { source: 'unforeseen' })).rejects.toMatchObject({
      code: 'failed',
      message: 'no such field',
    });
  });

  test('a result that no wire can carry fails that call and nothing else', async () => {
    const { client } = await connected();
    await expect(client.call('models.inspect', { source: 'function' })).rejects.toMatchObject({ code: 'failed' });
    await expect(client.call('lab.info', {})).resolves.toEqual(info);
  });

  test('bad input and unknown calls are refused as usage errors that name the field', async () => {
    const { client } = await connected();
    await expect(client.call('models.inspect', { source: '' })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/^models\.inspect: source: /) as string,
    });
    await expect(client.call('models.inspect', { source: 'a', more: 1 } as Input<'models.inspect'>)).rejects.toMatchObject({
      code: 'usage',
    });
    await expect(client.call('runs.item', { id: 'r', index: NaN })).rejects.toMatchObject({ code: 'usage' });
    for (const name of ['no.such', 'toString', '__proto__', 'constructor']) {
      await expect(client.call(name as CallName, {})).rejects.toMatchObject({
        code: 'usage',
        message: `the lab has no call "${name}"`,
      });
    }
  });

  test('cancelling fails the call at once and stops the work', async () => {
    const { client } = await connected();
    const heard: unknown[] = [];
    client.on('sessions.changed', (value) => heard.push(value));
    const controller = new AbortController();
    const call = client.call('models.forget', { source: 'x' }, controller.signal);
    await vi.waitFor(() => expect(heard).toEqual([{ waiting: 'x' }]));
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 'cancelled' });
    await vi.waitFor(() => expect(heard).toEqual([{ waiting: 'x' }, { stopped: 'x' }]));
  });

  test('a call that was cancelled before it began is never sent', async () => {
    const { client } = await connected();
    await expect(client.call('lab.info', {}, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
  });

  test('events reach their listeners until they stop listening', async () => {
    const { client } = await connected();
    const heard: string[] = [];
    const stop = client.on('sessions.changed', () => heard.push('first'));
    client.on('sessions.changed', () => heard.push('second'));
    client.on('run.changed', () => heard.push('other'));
    await client.call('sessions.update', { id: 's' });
    expect(heard).toEqual(['first', 'second']);
    stop();
    await client.call('sessions.update', { id: 's' });
    expect(heard).toEqual(['first', 'second', 'second']);
  });

  test('a call streams its parts in order, before its answer, to its caller alone', async () => {
    const { client } = await connected();
    const heard: string[] = [];
    const other: string[] = [];
    const first = client.call('playground.generate', words(3), undefined, ({ piece }) => heard.push(piece));
    const second = client.call('playground.generate', words(3), undefined, ({ piece, logprob }) => other.push(`${piece} ${logprob}`));
    const reply = await first;
    expect(heard).toEqual(['one', 'two', 'three']);
    expect(reply.text).toBe('one two three');
    await second;
    expect(other).toEqual(['one -Infinity', 'two -Infinity', 'three -Infinity']);
    await expect(client.call('playground.generate', words(3))).resolves.toMatchObject({ text: 'one two three' });
  });

  test('a stream that was cancelled ends at once', async () => {
    const { client } = await connected();
    const heard: string[] = [];
    const controller = new AbortController();
    const call = client.call('playground.generate', words(4), controller.signal, ({ piece }) => heard.push(piece));
    await vi.waitFor(() => expect(heard).toHaveLength(3));
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 'cancelled' });
    await client.call('lab.info', {});
    expect(heard).toEqual(['one', 'two', 'three']);
  });

  test('many calls at once are answered each with its own', async () => {
    const { client } = await connected();
    const ids = Array.from({ length: 50 }, (_, index) => `s${index}`);
    const answers = await Promise.all(ids.map((id) => client.call('sessions.update', { id })));
    expect(answers.map((answer) => answer.id)).toEqual(ids);
  });

  test('a lost connection fails the calls under way, then is made again', async () => {
    const { client, wire } = await connected({ backOff: [20] });
    await client.call('lab.info', {});
    const states: boolean[] = [];
    client.onConnection((state) => states.push(state));
    const call = client.call('models.forget', { source: 'x' });
    const failed = expect(call).rejects.toMatchObject({ code: 'failed', message: 'the connection to the lab was lost' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    wire.cut();
    await failed;
    expect(states).toEqual([false]);
    await expect(client.call('lab.info', {})).rejects.toMatchObject({ message: 'the connection to the lab was lost' });
    await vi.waitFor(() => expect(states).toEqual([false, true]));
    await expect(client.call('lab.info', {})).resolves.toEqual(info);
  });

  test('a closed client fails what waits and does not connect again', async () => {
    const { client } = await connected({ backOff: [1] });
    await client.call('lab.info', {});
    const states: boolean[] = [];
    client.onConnection((state) => states.push(state));
    const failed = expect(client.call('models.forget', { source: 'x' })).rejects.toMatchObject({ code: 'failed' });
    await Promise.resolve();
    client.close();
    await failed;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(states).toEqual([false]);
    await expect(client.call('lab.info', {})).rejects.toThrow('closed');
  });
});

describe('the client', () => {
  test('waits longer after each failed attempt, and fails calls meanwhile', async () => {
    vi.useFakeTimers();
    try {
      const dial = vi.fn(() => Promise.reject<Port>(new Error('refused')));
      const client = createClient(dial, { backOff: [100, 1000] });
      const states: boolean[] = [];
      client.onConnection((state) => states.push(state));
      await expect(client.call('lab.info', {})).rejects.toMatchObject({ code: 'failed', message: 'the lab cannot be reached' });
      expect(states).toEqual([false]);
      const attempts: number[] = [];
      for (const elapsed of [99, 1, 999, 1, 999, 1]) {
        await vi.advanceTimersByTimeAsync(elapsed);
        attempts.push(dial.mock.calls.length);
      }
      expect(attempts).toEqual([1, 2, 2, 3, 3, 4]);
      client.close();
      await vi.advanceTimersByTimeAsync(10_000);
      expect(dial).toHaveBeenCalledTimes(4);
    } finally {
      vi.useRealTimers();
    }
  });

  test('names the reason that the lab gave before it closed', async () => {
    const [near, far] = portPair();
    const client = createClient(() => Promise.resolve(near), { backOff: [] });
    const call = client.call('lab.info', {});
    const failed = expect(call).rejects.toMatchObject({ code: 'engine-crashed', message: 'the lab ended' });
    far.listen(() => {
      far.post({ type: 'closing', error: { code: 'engine-crashed', message: 'the lab ended', advice: 'Wait.' } });
      far.close();
    });
    await failed;
  });
});

describe('the server', () => {
  test('ignores what is no message, and answers on', async () => {
    const [near, far] = portPair();
    serve(far, smallLab());
    for (const junk of [
      null,
      'x',
      7,
      [],
      {},
      { type: 'call' },
      { type: 'call', id: 'a', call: 'lab.info', input: {} },
      { type: 'cancel', id: 99 },
    ])
      near.post(junk);
    await expect(createClient(() => Promise.resolve(near)).call('lab.info', {})).resolves.toEqual(info);
  });

  test('cancels the calls of a client that went away, and forgets it', async () => {
    const [near, far] = portPair();
    const signals: AbortSignal[] = [];
    const lab = labWith({
      'queue.list': (_input, given) => {
        signals.push(given);
        return new Promise(() => undefined);
      },
    });
    serve(far, lab);
    near.post({ type: 'call', id: 1, call: 'queue.list', input: {} });
    await vi.waitFor(() => expect(signals).toHaveLength(1));
    expect([lab.listeners(), signals[0]?.aborted]).toEqual([1, false]);
    near.close();
    await vi.waitFor(() => expect([lab.listeners(), signals[0]?.aborted]).toEqual([0, true]));
  });
});

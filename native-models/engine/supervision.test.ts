/** What becomes of calls when an engine process hangs, dies, or runs ahead. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { plainOptions } from '../model.ts';
import { openEngine } from './client.ts';
import { deathOf } from './death.ts';
import { EngineProcess, type CallOptions } from './engine-process.ts';
import { createEventWindow } from './event-window.ts';
import { usageInProc, usageInWords, usageOf } from './process-usage.ts';
import type { Sighting } from './watch.ts';

const worker = path.join(import.meta.dirname, 'testing/worker.ts');
const open: EngineProcess[] = [];

function start(standstill?: number): EngineProcess {
  const engine = new EngineProcess({ worker, ...(standstill === undefined ? {} : { standstill }) });
  open.push(engine);
  return engine;
}

const ask = (engine: EngineProcess, source: string, options?: CallOptions): Promise<unknown> =>
  engine.call({ call: 'open', source, options: plainOptions }, options);

afterEach(async () => {
  await Promise.all(open.splice(0).map((engine) => engine.close()));
});

describe('streams', () => {
  test('come in order, whole, and before the answer', async () => {
    const taken: number[] = [];
    await ask(start(), 'events 50', { onEvent: (value) => void taken.push(value) });
    expect(taken).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });

  test('an engine does not run ahead of who takes slowly', async () => {
    let [atOnce, most] = [0, 0];
    const ahead = await ask(start(), 'events 30', {
      onEvent: async () => {
        most = Math.max(most, ++atOnce);
        await pause(5);
        atOnce--;
      },
    });
    expect(most).toBe(1);
    expect(ahead).toBe(4);
  });

  test('an error of the taker is the error of the call, and the engine goes on', async () => {
    const engine = start();
    let taken = 0;
    const onEvent = (): void => {
      if (++taken === 3) throw new Error('disk full');
    };
    await expect(ask(engine, 'events 20', { onEvent })).rejects.toThrow('disk full');
    expect(await ask(engine, 'hello')).toBe('hello');
    expect(taken).toBe(3);
  });

  test('a window waits for the fourth event to be taken, and for nothing once the call is cancelled', async () => {
    const controller = new AbortController();
    const sent: unknown[] = [];
    const { emit, acknowledge } = createEventWindow((value) => sent.push(value), controller.signal);
    await Promise.all([emit(1), emit(2), emit(3)]);
    let through = false;
    void emit(4).then(() => (through = true));
    await pause(5);
    expect([through, sent.length]).toEqual([false, 4]);
    acknowledge();
    await pause(5);
    expect(through).toBe(true);
    const held = emit(5);
    controller.abort();
    await held;
    await emit(6);
  });
});

describe.skipIf(process.platform === 'win32')('an engine that hangs (not told by processor time on Windows)', () => {
  test('by standing still is ended, and its code is its own', async () => {
    const engine = start(1200);
    const began = performance.now();
    await expect(ask(engine, 'stand still')).rejects.toMatchObject({
      code: 'engine-hung',
      message: expect.stringContaining('stood still') as string,
    });
    expect(performance.now() - began).toBeLessThan(20_000);
    await expect(ask(engine, 'hello')).rejects.toMatchObject({ code: 'engine-hung' });
  });

  test('so does one that was stopped while it computed', async () => {
    const engine = start(1200);
    const call = ask(engine, 'compute');
    await pause(500);
    process.kill(engine.pid!, 'SIGSTOP');
    await expect(call).rejects.toMatchObject({ code: 'engine-hung' });
  });

  test('one that computes without a word does not hang, and neither does one that waits for us or has nothing to do', async () => {
    const [busy, waiting, idle] = [start(1000), start(1000), start(1000)];
    void ask(busy, 'compute').catch(() => undefined);
    const stream = ask(waiting, 'events 1', { onEvent: () => pause(4000) });
    await ask(idle, 'hello');
    await pause(3500);
    expect([busy.alive, waiting.alive, idle.alive]).toEqual([true, true, true]);
    await stream;
  }, 60_000);
});

describe('an engine that dies', () => {
  test('of a signal has crashed, says its last words, and takes no other engine with it', async () => {
    const [first, second] = [start(), start()];
    await expect(ask(first, 'die assertion failed in line 7')).rejects.toMatchObject({
      code: 'engine-crashed',
      message: expect.stringContaining('assertion failed in line 7') as string,
    });
    expect(await ask(second, 'hello')).toBe('hello');
  });

  test('with words about memory has run out of it', async () => {
    await expect(ask(start(), "die terminate called after throwing an instance of 'std::bad_alloc'")).rejects.toMatchObject({
      code: 'engine-out-of-memory',
    });
  });

  test('is not said to have died of what it complained about before', async () => {
    const engine = start();
    await ask(engine, 'complain no Vulkan, out of memory');
    await pause(100);
    await ask(engine, 'hello');
    await expect(ask(engine, 'die at last')).rejects.toMatchObject({
      code: 'engine-crashed',
      message: expect.not.stringContaining('Vulkan') as string,
    });
  });

  test.skipIf(process.platform === 'win32')('by SIGKILL from outside is told apart from a lack of memory', async () => {
    const engine = start();
    const call = ask(engine, 'compute');
    setTimeout(() => process.kill(engine.pid!, 'SIGKILL'), 1500);
    await expect(call).rejects.toMatchObject({
      code: 'engine-crashed',
      message: expect.stringMatching(/from outside \(SIGKILL\).* were left/) as string,
    });
  });

  const seen: Sighting = { memory: 3e9, available: 8e9, whole: 16e9, kills: 0 };
  const killed = { code: null, signal: 'SIGKILL', words: '' } as const;

  test('by SIGKILL that the system counts as one for lack of memory has run out of it, with the numbers', () => {
    expect(deathOf(killed, { ...seen, kills: 1 }).report()).toMatchObject({
      code: 'engine-out-of-memory',
      message: 'the system ended the engine for lack of memory. It held 3.0 GB; 8.0 GB of 16.0 GB were left when it was last seen.',
    });
  });

  test.each([
    ['when hardly any memory was left', { ...seen, available: 0.5e9, kills: null }, 'engine-out-of-memory'],
    ['when it held most of the memory', { ...seen, memory: 13e9, kills: null }, 'engine-out-of-memory'],
    ['where nothing is counted and enough was left', { ...seen, memory: null, kills: null }, 'engine-crashed'],
    ['when nothing was counted', seen, 'engine-crashed'],
  ])('by SIGKILL %s', (_when, sighting, code) => {
    expect(deathOf(killed, sighting).code).toBe(code);
  });

  test("on Windows by the system's status for no memory, and with what Vulkan's loader says left out", () => {
    expect(deathOf({ code: 0xc0000017, signal: null, words: '' }, seen).code).toBe('engine-out-of-memory');
    const words = "Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open\n    at operator() (BackendVk.cpp:368)\nlast";
    expect(deathOf({ code: 3, signal: null, words }, seen).message).toBe('the engine process ended (exit 3). Its last words: last');
  });

  const group = controlGroup();
  test.skipIf(group === null)(
    'for lack of memory in a control group of 300 MB (SKIPPED unless control groups can be made: root on Linux)',
    async () => {
      const engine = start();
      await ask(engine, 'hello');
      group!.add(engine.pid!);
      try {
        await expect(ask(engine, 'hoard')).rejects.toMatchObject({
          code: 'engine-out-of-memory',
          message: expect.stringContaining('the system ended the engine for lack of memory. It held') as string,
        });
      } finally {
        await pause(200);
        group!.remove();
      }
    },
  );
});

describe('memory and orphans', () => {
  test('closing gives the memory back', async () => {
    const engine = await openEngine('liar', { threads: 1 });
    const { pid } = engine;
    if (process.platform !== 'win32') expect((await usageOf(pid!))!.memory).toBeGreaterThan(50e6);
    await engine.close();
    expect(() => process.kill(pid!, 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }) as Error);
    expect(await usageOf(pid!)).toBeNull();
  });

  test('an engine ends with the lab, even when the lab is killed', async () => {
    const script = `
      import { openEngine } from ${JSON.stringify(path.join(import.meta.dirname, 'client.ts'))};
      const engine = await openEngine('liar', { threads: 1 });
      process.stdout.write(String(engine.pid));
      setInterval(() => undefined, 1000);`;
    const lab = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = Number(await new Promise<Buffer>((resolve) => lab.stdout.once('data', resolve)));
    expect(() => process.kill(pid, 0)).not.toThrow();
    lab.kill('SIGKILL');
    for (let waited = 0; waited < 50 && isAlive(pid); waited++) await pause(100);
    expect(isAlive(pid)).toBe(false);
  });
});

describe('what the system says of a process', () => {
  test('its time and memory in Linux, whatever its name', () => {
    const stat = '77 (a) b 1 (c) R 1 77 77 0 -1 4194304 1 0 0 0 250 30 0 0 20 0 7 0 100 200 300';
    expect(usageInProc(stat, 'Name:\ta\nVmRSS:\t    2000 kB\n')).toEqual({ cpu: 2.8, memory: 2_048_000 });
    expect(usageInProc(stat, 'Name:\ta\nState:\tZ (zombie)\n')).toBeNull();
  });

  test('and in the words of ps', () => {
    expect(usageInWords(' 2000   0:01.25\n')).toEqual({ cpu: 1.25, memory: 2_048_000 });
    expect(usageInWords('10 1-02:03:04')).toEqual({ cpu: 93_784, memory: 10_240 });
    expect(usageInWords('')).toBeNull();
  });

  test.skipIf(process.platform === 'win32')('this one has used some of both', async () => {
    const usage = (await usageOf(process.pid))!;
    expect(usage.cpu).toBeGreaterThan(0);
    expect(usage.memory / process.memoryUsage.rss()).toBeGreaterThan(0.5);
    expect(usage.memory / process.memoryUsage.rss()).toBeLessThan(2);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A control group with a limit, where this process may make one; version 1 or 2. */
function controlGroup(): { add: (pid: number) => void; remove: () => void } | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || spawnSync('swapon', ['--show', '--noheadings']).stdout.length > 0)
    return null;
  const first = existsSync('/sys/fs/cgroup/memory/memory.limit_in_bytes');
  const folder = path.join(first ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup', `candor-test-${process.pid}`);
  try {
    mkdirSync(folder);
    writeFileSync(path.join(folder, first ? 'memory.limit_in_bytes' : 'memory.max'), String(300e6));
    return {
      add: (pid) => writeFileSync(path.join(folder, 'cgroup.procs'), String(pid)),
      remove: () => rmdirSync(folder),
    };
  } catch {
    if (existsSync(folder)) rmdirSync(folder);
    return null;
  }
}

/**
 * Log-probabilities of continuations. What rows have in common is computed once and its keys and values are reused; the rest is batched
 * by length. The head runs at the positions that are read, and nothing but the log-probabilities crosses into JavaScript.
 */
import type { Budget } from './budget.ts';
import type { CompiledEdits } from './edits.ts';
import { noPast, type Past } from './inputs.ts';
import type { Decoder } from './step.ts';

/** A continuation of given prompt tokens. */
export interface Job {
  readonly prompt: readonly number[];
  readonly continuation: readonly number[];
  /** Jobs with the same object are computed together. */
  readonly edits: CompiledEdits | null;
}

export interface Scored {
  /** Natural log-probabilities of the continuation's tokens. */
  readonly logprobs: Float64Array;
  /** Whether each token is the most probable one. */
  greedy: boolean;
}

interface Read {
  /** Position whose next token is scored, counted from the start of the row. */
  readonly position: number;
  readonly token: number;
  readonly job: number;
  readonly at: number;
}

interface Row {
  readonly tokens: readonly number[];
  /** In the order of their positions. */
  readonly reads: readonly Read[];
}

/** Tokens that sharing a prefix must save, in all, to be worth a forward pass of its own. */
const worthSharing = 64;

export interface KeptPrefix {
  readonly tokens: readonly number[];
  readonly past: Past;
}

export class Scorer {
  readonly #decoder: Decoder;
  readonly #vocabulary: number;
  readonly #shares: boolean;
  /** The last prefix that all rows of a call had in common: the next call often begins with the same few-shot examples. */
  #kept: KeptPrefix | null = null;

  /** @param shares whether prefixes may be shared; off for models whose answers would depend on it (dynamic quantisation) */
  constructor(decoder: Decoder, vocabulary: number, shares: boolean) {
    this.#decoder = decoder;
    this.#vocabulary = vocabulary;
    this.#shares = shares && decoder.inputs.hasCache;
  }

  /**
   * @returns one result a job, in their order
   * @throws DOMException `AbortError` between two batches once the signal is set
   */
  async score(jobs: readonly Job[], signal?: AbortSignal): Promise<Scored[]> {
    const results = jobs.map((job): Scored => ({ logprobs: new Float64Array(job.continuation.length).fill(NaN), greedy: true }));
    for (const edits of new Set(jobs.map((job) => job.edits))) {
      const all = rowsOf(jobs, edits);
      // Texts that are computed otherwise because of their length share nothing with their own beginning.
      const rows = all.filter((row) => !this.#decoder.breaks(0, row.tokens.length));
      const whole = all.filter((row) => this.#decoder.breaks(0, row.tokens.length));
      const kept = edits === null && this.#kept !== null && beginWith(rows, this.#kept.tokens) ? this.#kept.past : noPast;
      const pass = new Pass(this.#decoder, this.#vocabulary, this.#shares, edits, results, signal, (prefix) => {
        if (edits !== null) return false;
        if (this.#kept !== null) this.#decoder.release(this.#kept.past);
        this.#kept = prefix;
        return true;
      });
      await pass.visit(rows, kept);
      await pass.batches(whole, noPast, false);
    }
    return results;
  }
}

/** Whether all rows start with these tokens and are read behind them only. */
function beginWith(rows: readonly Row[], tokens: readonly number[]): boolean {
  return rows.every(
    (row) =>
      row.tokens.length > tokens.length && (row.reads[0]?.position ?? 0) >= tokens.length && common(row.tokens, tokens) === tokens.length,
  );
}

/** Jobs that need the same forward pass share a row: all one-token answers to a prompt cost one pass together. Sorted by their tokens. */
function rowsOf(jobs: readonly Job[], edits: CompiledEdits | null): Row[] {
  const rows = new Map<string, { tokens: readonly number[]; reads: Read[] }>();
  jobs.forEach((job, index) => {
    if (job.edits !== edits || job.continuation.length === 0 || job.prompt.length === 0) return;
    const tokens = [...job.prompt, ...job.continuation.slice(0, -1)];
    const key = tokens.join();
    const row = rows.get(key) ?? { tokens, reads: [] };
    rows.set(key, row);
    job.continuation.forEach((token, at) => row.reads.push({ position: job.prompt.length - 1 + at, token, job: index, at }));
  });
  for (const row of rows.values()) row.reads.sort(byPosition);
  return [...rows.values()].sort((left, right) => compareTokens(left.tokens, right.tokens));
}

function byPosition(left: Read, right: Read): number {
  return left.position - right.position;
}

function compareTokens(left: readonly number[], right: readonly number[]): number {
  const same = common(left, right);
  return (left[same] ?? -1) - (right[same] ?? -1);
}

/** Length of the longest common prefix. */
function common(left: readonly number[], right: readonly number[]): number {
  const most = Math.min(left.length, right.length);
  let at = 0;
  while (at < most && left[at] === right[at]) at++;
  return at;
}

/** The rows of one call with the same edits, from the root of their common prefixes to the leaves. */
class Pass {
  readonly #decoder: Decoder;
  readonly #budget: Budget;
  readonly #vocabulary: number;
  readonly #shares: boolean;
  readonly #edits: CompiledEdits | null;
  readonly #results: readonly Scored[];
  readonly #signal: AbortSignal | undefined;
  /** Whether the prefix is kept for later calls. */
  readonly #keep: (prefix: KeptPrefix) => boolean;

  constructor(
    decoder: Decoder,
    vocabulary: number,
    shares: boolean,
    edits: CompiledEdits | null,
    results: readonly Scored[],
    signal: AbortSignal | undefined,
    keep: (prefix: KeptPrefix) => boolean,
  ) {
    this.#decoder = decoder;
    this.#budget = decoder.budget;
    this.#vocabulary = vocabulary;
    this.#shares = shares;
    this.#edits = edits;
    this.#results = results;
    this.#signal = signal;
    this.#keep = keep;
  }

  /** @param rows sorted by their tokens, all of which start with the past */
  async visit(rows: readonly Row[], past: Past): Promise<void> {
    const loose: Row[] = [];
    if (this.#shares) await this.#cluster(rows, past, loose);
    else loose.push(...rows);
    await this.batches(loose, past, true);
  }

  /** Runs groups of rows whose common prefix is worth sharing; those left over are added to `loose`. */
  async #cluster(rows: readonly Row[], past: Past, loose: Row[]): Promise<void> {
    if (rows.length < 2) {
      loose.push(...rows);
      return;
    }
    const shared = common(rows[0]!.tokens, rows.at(-1)!.tokens);
    if ((shared - past.length) * (rows.length - 1) >= worthSharing) {
      const prefix = rows[0]!.tokens.slice(0, shared);
      const reads = rows.flatMap((row) => row.reads.filter((read) => read.position < shared)).sort(byPosition);
      const reached = await this.#row({ tokens: prefix, reads }, past, true);
      const kept = past.length === 0 && this.#keep({ tokens: prefix, past: reached });
      const rest = rows
        .map((row) => ({ tokens: row.tokens, reads: row.reads.filter((read) => read.position >= shared) }))
        .filter((row) => row.reads.length > 0);
      await this.visit(rest, reached);
      if (!kept) this.#decoder.release(reached);
      return;
    }
    // Between two groups stands the shortest prefix that neighbours have in common.
    let start = 0;
    for (let at = 1; at <= rows.length; at++) {
      if (at < rows.length && common(rows[at - 1]!.tokens, rows[at]!.tokens) > shared) continue;
      await this.#cluster(rows.slice(start, at), past, loose);
      start = at;
    }
  }

  /** @param pieces whether long rows may go through in pieces */
  async batches(rows: readonly Row[], past: Past, pieces: boolean): Promise<void> {
    const waiting = rows.toSorted((left, right) => left.tokens.length - right.tokens.length);
    while (waiting.length > 0) {
      this.#signal?.throwIfAborted();
      const count = this.#batchSize(waiting, past);
      const longest = waiting[count - 1]!;
      if (count === 1 && pieces && this.#inPieces && this.#tooMuch(longest, past)) await this.#row(longest, past, false);
      else {
        try {
          await this.#batch(waiting.slice(0, count), past);
        } catch (thrown) {
          this.#budget.shrink(thrown);
          continue;
        }
      }
      waiting.splice(0, count);
    }
  }

  get #inPieces(): boolean {
    return this.#decoder.inputs.hasCache && this.#budget.piece < Infinity;
  }

  #tooMuch(row: Row, past: Past): boolean {
    return row.tokens.length - past.length > this.#budget.piece || row.reads.length > this.#budget.slots(this.#vocabulary);
  }

  /** Rows of the list's head that go together. */
  #batchSize(rows: readonly Row[], past: Past): number {
    const { tokens, rows: mostRows, pastBytes } = this.#budget;
    const slots = this.#budget.slots(this.#vocabulary);
    const copied = past.length * this.#decoder.inputs.cacheBytesPerToken;
    let reads = rows[0]!.reads.length;
    let count = 1;
    while (count < rows.length && count < mostRows && (count + 1) * copied <= Math.max(pastBytes, copied)) {
      const next = rows[count]!;
      reads += next.reads.length;
      if ((count + 1) * (next.tokens.length - past.length) > tokens || reads > slots) break;
      count++;
    }
    return count;
  }

  async #batch(rows: readonly Row[], past: Past): Promise<void> {
    const reads = rows.flatMap((row, index) => row.reads.map((read) => ({ read, row: index })));
    const { slots, targets } = slotsOf(reads.map(({ read, row }) => ({ row, position: read.position - past.length, token: read.token })));
    const suffixes = rows.map((row) => row.tokens.slice(past.length));
    const reply = await this.#decoder.run({ rows: suffixes, past, slots, targets, want: {}, edits: this.#edits });
    this.#store(
      reads.map(({ read }) => read),
      targets,
      reply,
    );
  }

  /** One row in pieces. @returns the past behind it, where wanted; else the one that was given */
  async #row(row: Row, past: Past, wantPast: boolean): Promise<Past> {
    let reached = past;
    let next = 0;
    while (reached.length < row.tokens.length) {
      this.#signal?.throwIfAborted();
      const slotsLeft = this.#budget.slots(this.#vocabulary);
      let end = Math.min(row.tokens.length, reached.length + this.#budget.piece);
      let last = next;
      while (last < row.reads.length && row.reads[last]!.position < end) {
        // The head is held to its share: the piece ends where there are too many positions to read.
        if (distinct(row.reads, next, last) >= slotsLeft && row.reads[last]!.position > row.reads[last - 1]!.position) {
          end = row.reads[last]!.position;
          break;
        }
        last++;
      }
      const reads = row.reads.slice(next, last);
      const { slots, targets } = slotsOf(reads.map((read) => ({ row: 0, position: read.position - reached.length, token: read.token })));
      const more = wantPast || end < row.tokens.length;
      try {
        const reply = await this.#decoder.run({
          rows: [row.tokens.slice(reached.length, end)],
          past: reached,
          // The head asks for at least one position.
          slots: slots.length === 0 ? [[0, 0]] : slots,
          targets,
          want: { past: more },
          edits: this.#edits,
        });
        this.#store(reads, targets, reply);
        if (reached !== past) this.#decoder.release(reached);
        if (!more) return past;
        reached = reply.past!;
        next = last;
      } catch (thrown) {
        this.#budget.shrink(thrown);
      }
    }
    return reached;
  }

  #store(
    reads: readonly Read[],
    targets: readonly (readonly [number, number])[],
    { logprobs, best }: { logprobs: Float32Array; best: BigInt64Array },
  ): void {
    reads.forEach(({ job, at, token }, index) => {
      const result = this.#results[job]!;
      result.logprobs[at] = logprobs[index]!;
      if (best[targets[index]![0]] !== BigInt(token)) result.greedy = false;
    });
  }
}

function distinct(reads: readonly Read[], start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) if (at === start || reads[at]!.position !== reads[at - 1]!.position) count++;
  return count;
}

/** Each position that is read gets one slot, however many tokens are asked for there. */
function slotsOf(reads: readonly { row: number; position: number; token: number }[]): {
  slots: [number, number][];
  targets: [number, number][];
} {
  const index = new Map<string, number>();
  const slots: [number, number][] = [];
  const targets = reads.map(({ row, position, token }): [number, number] => {
    const key = `${row}:${position}`;
    let slot = index.get(key);
    if (slot === undefined) {
      slot = slots.length;
      index.set(key, slot);
      slots.push([row, position]);
    }
    return [slot, token];
  });
  return { slots, targets };
}

/**
 * The two inner loops of the readers as a WebAssembly module, written out here instruction by instruction.
 * JavaScript computes one product at a time; WebAssembly's vectors of four single-precision numbers make the same loops about ten times
 * as fast, and they are part of every engine that the lab runs in, so that nothing has to be installed for it.
 * Source: WebAssembly Core Specification 2.0, chapter 5 (binary format), and the fixed-width SIMD instructions.
 *
 * Both work on one matrix X, rows × width, row-major, single precision, and on twelve columns at a time:
 *   project(x, theta, products, rows, width):   products[i, c] += Σ_j x[i, j] · theta[j, c]
 *   accumulate(x, sums, weights, rows, width):  sums[j, c]     += Σ_i x[i, j] · weights[i, c]
 * Arguments are byte addresses and counts; rows and width must be multiples of four.
 * Four rows times twelve columns are twelve vector registers of sums: as many as fit beside what is being read.
 */

/** Columns that are computed together. */
export const panelColumns = 12;
/** Rows that are computed together, and the multiple that widths are padded to. */
export const panelRows = 4;

const vectors = panelColumns / 4;
/** Bytes of one row of a panel. */
const panelStride = panelColumns * 4;
/** Elements of a row that one turn of the inner loop takes. */
const unrolled = 4;

const i32 = 0x7f;
const v128 = 0x7b;
const emptyBlock = 0x40;

type Code = readonly number[];

const local = {
  get: (index: number): Code => [0x20, index],
  set: (index: number): Code => [0x21, index],
};
const constant = (value: number): Code => [0x41, ...signedLeb(value)];
const add: Code = [0x6a];
const multiply: Code = [0x6c];
const lessThan: Code = [0x49];
const vector = {
  /** Address on the stack; alignment is a hint, 4 bytes here, since rows of any width begin anywhere. */
  load: (offset: number): Code => [0xfd, 0x00, 2, ...leb(offset)],
  loadSplat: (offset: number): Code => [0xfd, 0x09, 2, ...leb(offset)],
  store: (offset: number): Code => [0xfd, 0x0b, 2, ...leb(offset)],
  add: [0xfd, ...leb(0xe4)] as Code,
  multiply: [0xfd, ...leb(0xe6)] as Code,
};

/** Adds a constant number of bytes to an address. */
const advance = (index: number, bytes: number): Code => [...local.get(index), ...constant(bytes), ...add, ...local.set(index)];
/** `target = a + b · factor`, on locals. */
const offsetBy = (target: number, a: number, b: number, factor: number): Code => [
  ...local.get(a),
  ...local.get(b),
  ...constant(factor),
  ...multiply,
  ...add,
  ...local.set(target),
];
/** Runs the body until `index` reaches `end`; the first turn is always run. */
const loopUntil = (index: number, end: number, body: Code): Code => [
  0x03,
  emptyBlock,
  ...body,
  ...local.get(index),
  ...local.get(end),
  ...lessThan,
  0x0d,
  0,
  0x0b,
];

/** Locals that both functions share: arguments first, then addresses. */
const x = 0;
const panel = 1;
const rowPanel = 2;
const rowCount = 3;
const widthOf = 4;
const lastRow = 5;
const at = 6;
const panelEnd = 7;
const rowAt = [8, 9, 10, 11] as const;
const firstVector = 12;
const cell = (row: number, column: number): number => firstVector + row * vectors + column;
const scratch = firstVector + panelRows * vectors;
const scratches = vectors + 1;

/** The addresses of the four rows, and of the panel by columns. */
const beginRows: Code = [
  ...local.get(x),
  ...local.set(rowAt[0]),
  ...offsetBy(rowAt[1], rowAt[0], widthOf, 4),
  ...offsetBy(rowAt[2], rowAt[1], widthOf, 4),
  ...offsetBy(rowAt[3], rowAt[2], widthOf, 4),
  ...local.get(panel),
  ...local.set(at),
];
const ends: Code = [...offsetBy(panelEnd, panel, widthOf, panelStride), ...offsetBy(lastRow, rowPanel, rowCount, panelStride)];
const nextRows: Code = [...offsetBy(x, x, widthOf, 4 * panelRows), ...advance(rowPanel, panelRows * panelStride)];
const eachCell = (code: (row: number, column: number) => Code): Code =>
  range(panelRows).flatMap((row) => range(vectors).flatMap((column) => code(row, column)));
const loadCells: Code = eachCell((row, column) => [
  ...local.get(rowPanel),
  ...vector.load(row * panelStride + column * 16),
  ...local.set(cell(row, column)),
]);
const nextElements: Code = [...rowAt.flatMap((row) => advance(row, unrolled * 4)), ...advance(at, unrolled * panelStride)];

const project: Code = [
  ...ends,
  ...loopUntil(rowPanel, lastRow, [
    ...beginRows,
    ...loadCells,
    ...loopUntil(at, panelEnd, [
      ...range(unrolled).flatMap((element) => [
        ...range(vectors).flatMap((column) => [
          ...local.get(at),
          ...vector.load(element * panelStride + column * 16),
          ...local.set(scratch + column),
        ]),
        ...rowAt.flatMap((address, row) => [
          ...local.get(address),
          ...vector.loadSplat(element * 4),
          ...local.set(scratch + vectors),
          ...range(vectors).flatMap((column) => [
            ...local.get(cell(row, column)),
            ...local.get(scratch + vectors),
            ...local.get(scratch + column),
            ...vector.multiply,
            ...vector.add,
            ...local.set(cell(row, column)),
          ]),
        ]),
      ]),
      ...nextElements,
    ]),
    ...eachCell((row, column) => [
      ...local.get(rowPanel),
      ...local.get(cell(row, column)),
      ...vector.store(row * panelStride + column * 16),
    ]),
    ...nextRows,
  ]),
];

const accumulate: Code = [
  ...ends,
  ...loopUntil(rowPanel, lastRow, [
    ...beginRows,
    ...loadCells,
    ...loopUntil(at, panelEnd, [
      ...range(unrolled).flatMap((element) => [
        ...range(vectors).flatMap((column) => [
          ...local.get(at),
          ...vector.load(element * panelStride + column * 16),
          ...local.set(scratch + column),
        ]),
        ...rowAt.flatMap((address, row) => [
          ...local.get(address),
          ...vector.loadSplat(element * 4),
          ...local.set(scratch + vectors),
          ...range(vectors).flatMap((column) => [
            ...local.get(scratch + column),
            ...local.get(scratch + vectors),
            ...local.get(cell(row, column)),
            ...vector.multiply,
            ...vector.add,
            ...local.set(scratch + column),
          ]),
        ]),
        ...range(vectors).flatMap((column) => [
          ...local.get(at),
          ...local.get(scratch + column),
          ...vector.store(element * panelStride + column * 16),
        ]),
      ]),
      ...nextElements,
    ]),
    ...nextRows,
  ]),
];

/** The module in the binary format: imports `lab.memory`, exports `project` and `accumulate`. */
export function simdModule(): Uint8Array<ArrayBuffer> {
  const locals: Code = [2, ...leb(firstVector - lastRow), i32, ...leb(panelRows * vectors + scratches), v128];
  const body = (code: Code): Code => sized([...locals, ...code, 0x0b]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 5, i32, i32, i32, i32, i32, 0]),
    ...section(2, [1, ...name('lab'), ...name('memory'), 0x02, 0x00, 0]),
    ...section(3, [2, 0, 0]),
    ...section(7, [2, ...name('project'), 0x00, 0, ...name('accumulate'), 0x00, 1]),
    ...section(10, [2, ...body(project), ...body(accumulate)]),
  ]);
}

function section(id: number, content: Code): Code {
  return [id, ...sized(content)];
}

function sized(content: Code): Code {
  return [...leb(content.length), ...content];
}

function name(text: string): Code {
  return sized([...text].map((character) => character.charCodeAt(0)));
}

/** An unsigned number in LEB128. */
function leb(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

/** A number that is not negative in signed LEB128. */
function signedLeb(value: number): Code {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signedLeb(value >>> 7)];
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}

/**
 * A matrix of hidden states that is multiplied by many columns at once, from either side: what every iterative reader spends its time on.
 * Single precision, as the states are; sums are taken in single precision too, in a fixed order, so that results repeat bit for bit.
 */
import { panelColumns, panelRows, simdModule } from './simd-module.ts';

/** The part of WebAssembly's interface that is used; the language's own library declares it for browsers only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Memory: new (limits: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Instance: new (module: object, imports: { lab: { memory: object } }) => { readonly exports: unknown };
};

interface Kernels {
  project(x: number, theta: number, products: number, rows: number, width: number): void;
  accumulate(x: number, sums: number, weights: number, rows: number, width: number): void;
}

const pageBytes = 65_536;
/** Well within the second-level cache: a block of rows is read from memory once and used twice. */
const blockBytes = 131_072;

let compiled: object | null = null;

/** Looks at the products of some rows and writes what their rows shall be weighted with. */
export type Visit = (firstRow: number, rows: number, products: Float32Array, weights: Float32Array) => void;

export class RowMatrix {
  readonly count: number;
  readonly width: number;
  /** Elements from one row to the next; what lies behind a row's width is zero. */
  readonly stride: number;
  /** The rows, to be filled once after construction. */
  readonly data: Float32Array;
  readonly #padded: number;
  readonly #kernels: Kernels;
  readonly #theta: Float32Array;
  readonly #sums: Float32Array;
  readonly #products: Float32Array;
  readonly #weights: Float32Array;
  readonly #blockRows: number;

  constructor(count: number, width: number) {
    this.count = count;
    this.width = width;
    this.stride = roundUp(width);
    this.#padded = roundUp(count);
    this.#blockRows = Math.min(this.#padded, Math.max(panelRows, roundUp(Math.floor(blockBytes / (this.stride * 4)))));
    const sizes = [this.#padded * this.stride, this.stride, this.stride, this.#padded, this.#padded].map((size, index) =>
      index === 0 ? size : size * panelColumns,
    );
    const bytes = sizes.reduce((sum, size) => sum + size * 4, 0);
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / pageBytes) });
    let offset = 0;
    const [data, theta, sums, products, weights] = sizes.map((size) => {
      const view = new Float32Array(memory.buffer, offset, size);
      offset += size * 4;
      return view;
    });
    this.data = data!;
    this.#theta = theta!;
    this.#sums = sums!;
    this.#products = products!;
    this.#weights = weights!;
    compiled ??= new WebAssembly.Module(simdModule());
    this.#kernels = new WebAssembly.Instance(compiled, { lab: { memory } }).exports as Kernels;
  }

  /** Copies rows (count × width, row-major). */
  static of(rows: Float32Array, count: number, width: number): RowMatrix {
    const matrix = new RowMatrix(count, width);
    for (let row = 0; row < count; row++) matrix.data.set(rows.subarray(row * width, (row + 1) * width), row * matrix.stride);
    return matrix;
  }

  row(index: number): Float32Array {
    return this.data.subarray(index * this.stride, index * this.stride + this.width);
  }

  /**
   * X · theta.
   * @param theta width × 12, row-major
   * @returns count × 12, row-major; valid until the next call
   */
  project(theta: Float32Array): Float32Array {
    this.#theta.set(theta);
    this.#eachBlock((first, rows) => this.#run('project', first, rows));
    return this.#products.subarray(0, this.count * panelColumns);
  }

  /**
   * Xᵀ · weights.
   * @param weights count × 12, row-major
   * @returns width × 12, row-major; valid until the next call
   */
  accumulate(weights: Float32Array): Float32Array {
    this.#sums.fill(0);
    this.#weights.set(weights);
    this.#eachBlock((first, rows) => this.#run('accumulate', first, rows));
    return this.#sums.subarray(0, this.width * panelColumns);
  }

  /**
   * Both in one pass over the rows: products of a block of rows, the weights that `visit` makes of them, and their weighted sum.
   * `visit` gets blocks of an even number of rows (but for the last), with both views beginning at the block's first row.
   * @returns Xᵀ · weights, width × 12; valid until the next call
   */
  sweep(theta: Float32Array, visit: Visit): Float32Array {
    this.#theta.set(theta);
    this.#sums.fill(0);
    this.#eachBlock((first, padded) => {
      this.#run('project', first, padded);
      const rows = Math.min(padded, this.count - first);
      const [from, to] = [first * panelColumns, (first + rows) * panelColumns];
      visit(first, rows, this.#products.subarray(from, to), this.#weights.subarray(from, to));
      this.#run('accumulate', first, padded);
    });
    return this.#sums.subarray(0, this.width * panelColumns);
  }

  #eachBlock(work: (first: number, rows: number) => void): void {
    for (let first = 0; first < this.#padded; first += this.#blockRows) work(first, Math.min(this.#blockRows, this.#padded - first));
  }

  #run(kernel: keyof Kernels, first: number, rows: number): void {
    const projects = kernel === 'project';
    const panel = projects ? this.#theta : this.#sums;
    const rowPanel = projects ? this.#products : this.#weights;
    if (projects) rowPanel.fill(0, first * panelColumns, (first + rows) * panelColumns);
    const x = this.data.byteOffset + first * this.stride * 4;
    const rowsAt = rowPanel.byteOffset + first * panelColumns * 4;
    this.#kernels[kernel](x, panel.byteOffset, rowsAt, rows, this.stride);
  }
}

function roundUp(size: number): number {
  return Math.ceil(size / panelRows) * panelRows;
}

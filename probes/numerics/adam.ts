/**
 * Adam with decoupled weight decay on numbers that lie side by side, as PyTorch's AdamW updates them (amsgrad off).
 * Source: D. P. Kingma and J. Ba, arXiv 1412.6980; I. Loshchilov and F. Hutter, arXiv 1711.05101.
 * The update looks at each coordinate alone, so it depends on the axes: it must run on the states themselves, never in a rotated basis.
 */
export interface AdamSettings {
  readonly learningRate: number;
  readonly weightDecay: number;
}

const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

/** Keeps the two moments of every parameter, in single precision as PyTorch does. */
export class Adam {
  readonly #first: Float32Array;
  readonly #second: Float32Array;
  readonly #settings: AdamSettings;
  #step = 0;

  constructor(parameters: number, settings: AdamSettings) {
    this.#first = new Float32Array(parameters);
    this.#second = new Float32Array(parameters);
    this.#settings = settings;
  }

  /** Changes the parameters in place. */
  update(parameters: Float32Array, gradient: Float32Array): void {
    this.#step++;
    const { learningRate, weightDecay } = this.#settings;
    const keep = 1 - learningRate * weightDecay;
    const rate = learningRate / (1 - beta1 ** this.#step);
    const rootCorrection = 1 / Math.sqrt(1 - beta2 ** this.#step);
    const first = this.#first;
    const second = this.#second;
    for (let index = 0; index < parameters.length; index++) {
      const slope = gradient[index]!;
      const mean = beta1 * first[index]! + (1 - beta1) * slope;
      const square = beta2 * second[index]! + (1 - beta2) * slope * slope;
      first[index] = mean;
      second[index] = square;
      parameters[index] = keep * parameters[index]! - (rate * mean) / (Math.sqrt(square) * rootCorrection + epsilon);
    }
  }
}

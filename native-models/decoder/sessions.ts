/** Sessions of one model: one for each graph that is in use, the longest unused closed first when memory is short. */
import type { InferenceSession } from 'onnxruntime-node';
import type { OnnxModel } from '../onnx/graph.ts';

export type CreateSession = (model: OnnxModel) => Promise<InferenceSession>;

export class Sessions {
  readonly #create: CreateSession;
  /** Each session holds the weights that its graph needs, so this bounds the memory. */
  readonly #most: number;
  readonly #open = new Map<string, Promise<InferenceSession>>();

  constructor(create: CreateSession, most: number) {
    this.#create = create;
    this.#most = Math.max(1, most);
  }

  /** @param key names the graph: equal keys must stand for equal graphs */
  async get(key: string, graph: () => OnnxModel): Promise<InferenceSession> {
    let session = this.#open.get(key);
    this.#open.delete(key);
    if (session === undefined) {
      // Room first: two copies of large weights at once may be more than the memory holds.
      while (this.#open.size >= this.#most) await this.#close(this.#open.keys().next().value!);
      session = this.#create(graph());
      session.catch(() => this.#open.delete(key));
    }
    // Put last: the map's order is that of use.
    this.#open.set(key, session);
    return session;
  }

  async close(): Promise<void> {
    for (const key of [...this.#open.keys()]) await this.#close(key);
  }

  async #close(key: string): Promise<void> {
    const session = this.#open.get(key);
    this.#open.delete(key);
    try {
      await (await session)?.release();
    } catch {
      // It never opened.
    }
  }
}

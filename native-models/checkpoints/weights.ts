/** The weights of a checkpoint as values of a graph: asked for by name and shape, and accounted for to the last one. */
import { LabError } from '../../probes/lab-error.ts';
import { dataType, type Node, type Tensor } from '../onnx/graph.ts';
import { makeNode } from '../onnx/write.ts';

/** One tensor of a checkpoint: where it lies. */
export interface StoredTensor {
  readonly name: string;
  /** As safetensors writes it: F32, F16, BF16, I64 … */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** The file's path relative to the weight folder, with '/' as separator. */
  readonly location: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly length: number;
}

export type StoredTensors = ReadonlyMap<string, StoredTensor>;

/** The types that weights may have. */
const typeOf: Readonly<Record<string, number>> = { F32: dataType.float, F16: dataType.float16, BF16: dataType.bfloat16 };

/**
 * Buffers that older versions of transformers stored although they follow from the configuration:
 * inverse frequencies of rotary embeddings, triangles of causal masks, the numbers 0, 1, 2 … of positions.
 */
const derived = /(^|\.)(rotary_emb\.inv_freq|(attn|attention)\.(bias|masked_bias)|position_ids)$/;

export class WeightSet {
  readonly #stored: StoredTensors;
  readonly #spellings: { readonly pattern: RegExp; readonly other: string }[] = [];
  readonly #unused: RegExp[] = [derived];
  readonly #used = new Map<string, StoredTensor>();
  readonly #nodes: Node[] = [];

  constructor(stored: StoredTensors) {
    this.#stored = stored;
  }

  /**
   * Says that names which match may also be stored with the match replaced: `spelling(/^model\./, '')` accepts a
   * checkpoint of the base model, whose names lack the prefix that the model with a head gives it.
   */
  spelling(pattern: RegExp, other: string): this {
    this.#spellings.push({ pattern, other });
    return this;
  }

  /** Says that tensors of these names may be there although the graph has no use for them, such as the head of another task. */
  unused(pattern: RegExp): this {
    this.#unused.push(pattern);
    return this;
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  /**
   * A tensor as a float32 value. What is stored in 16 bits is cast in the graph; ONNX Runtime does that once, while it loads.
   * @throws LabError `model-unreadable` if it is missing or of another shape
   */
  get(name: string, shape: readonly number[]): string {
    const stored = this.#take(name, shape);
    if (stored.dtype === 'F32') return stored.name;
    const cast = `${stored.name}::float32`;
    if (!this.#nodes.some((node) => node.outputs[0] === cast))
      this.#nodes.push(makeNode('Cast', [stored.name], [cast], { to: dataType.float }));
    return cast;
  }

  /** A tensor in the type that it is stored in: for tables of which few rows are read, which are cheaper to cast afterwards. */
  stored(name: string, shape: readonly number[]): string {
    return this.#take(name, shape).name;
  }

  /**
   * The initializers asked for, and the nodes that cast them.
   * @throws LabError `model-unreadable` if the checkpoint holds a tensor that nothing asked for: the architecture is not what was built
   */
  finish(): { readonly initializers: readonly Tensor[]; readonly nodes: readonly Node[] } {
    const extra = [...this.#stored.keys()].filter((name) => !this.#used.has(name) && !this.#unused.some((pattern) => pattern.test(name)));
    if (extra.length > 0) {
      throw new LabError(
        'model-unreadable',
        `the checkpoint holds ${list(extra)}, which the architecture in config.json has no place for`,
        'Check that config.json and the weights belong together. A variant of the architecture cannot be opened.',
      );
    }
    const initializers = [...this.#used.values()].map(({ name, dtype, shape, location, offset, length }) => ({
      name,
      shape,
      type: typeOf[dtype]!,
      place: { kind: 'external', location, offset, length } as const,
    }));
    return { initializers, nodes: this.#nodes };
  }

  #take(name: string, shape: readonly number[]): StoredTensor {
    const tensor = this.#find(name);
    if (tensor === undefined) {
      throw new LabError(
        'model-unreadable',
        `the checkpoint has no tensor ${name}`,
        'The weights are incomplete, or do not belong to this config.json: copy the folder again.',
      );
    }
    if (tensor.shape.join() !== shape.join()) {
      throw new LabError(
        'model-unreadable',
        `the tensor ${tensor.name} has the shape [${tensor.shape.join(', ')}] where config.json asks for [${shape.join(', ')}]`,
        'Check that config.json and the weights belong together.',
      );
    }
    if (typeOf[tensor.dtype] === undefined) {
      throw new LabError(
        'model-unsupported',
        `the tensor ${tensor.name} is stored as ${tensor.dtype}; weights can be F32, F16 or BF16`,
        'Use the checkpoint that this one was quantized from, or an ONNX export.',
      );
    }
    this.#used.set(tensor.name, tensor);
    return tensor;
  }

  #find(name: string): StoredTensor | undefined {
    const candidates = [name];
    for (const { pattern, other } of this.#spellings) {
      for (const candidate of [...candidates]) if (pattern.test(candidate)) candidates.push(candidate.replace(pattern, other));
    }
    return candidates.map((candidate) => this.#stored.get(candidate)).find((tensor) => tensor !== undefined);
  }
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more tensors` : shown;
}

// A program's model: named tensors of 32-bit floats with a version, dense or row-sparse, and the views of them.
import type { RowRequest, RowsPart, TensorPart } from '../../protocol/program-tensors.ts';
import type { TensorShape } from '../../protocol/program.ts';
import { PROGRAM_LIMITS } from '../../protocol/program.ts';
import { hashAt, STREAM, streamKey } from '../../word2vec/random.ts';
import { TributaryError } from '../errors.ts';

/** First value at place `at` of a tensor; `random` is uniform in [0, 1), the same in every run of this seed. */
export type Init = (at: number, random: number) => number;

export interface TensorSpec<Kind extends 'dense' | 'sparse' = 'dense' | 'sparse'> {
  readonly kind: Kind;
  /** Lengths, outermost first; a row-sparse tensor has two, rows and columns. */
  readonly shape: readonly number[];
  /** Zeros unless told. */
  readonly init?: Init | undefined;
}

/** A tensor that travels whole with a task when it has changed. */
export function dense(shape: readonly number[], init?: Init): TensorSpec<'dense'> {
  return { kind: 'dense', shape, init };
}

/** A tensor of which a gradient asks for rows. */
export function sparse(rows: number, columns: number, init?: Init): TensorSpec<'sparse'> {
  return { kind: 'sparse', shape: [rows, columns], init };
}

/** A tensor as a descent sees it: its values themselves, not a copy. */
export class Tensor {
  readonly name: string;
  readonly kind: 'dense' | 'sparse';
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
  /** Values of one row: all but the outermost length. */
  readonly columns: number;

  /** @throws TributaryError TENSOR_SHAPE */
  constructor(name: string, spec: TensorSpec, key: number) {
    const { kind, shape, init } = spec;
    const size = shape.reduce((product, length) => product * length, 1);
    const whole =
      shape.length > 0 && shape.length < 256 && shape.every((length) => Number.isInteger(length) && length > 0);
    if (!whole || size > 2 ** 31 || (kind === 'sparse' && shape.length !== 2))
      throw new TributaryError('TENSOR_SHAPE', `tensor ${name} cannot have the shape [${shape.join(', ')}]`, {
        hint: 'Give whole lengths above 0, of at most 2^31 values in all; a row-sparse tensor has rows and columns.',
      });
    this.name = name;
    this.kind = kind;
    this.shape = shape;
    this.data = new Float32Array(size);
    this.columns = size / shape[0]!;
    if (init !== undefined)
      for (let at = 0; at < size; at++) this.data[at] = init(at, (hashAt(key, at) >>> 0) / 2 ** 32);
  }

  /** A view of row `row`. @throws TributaryError TENSOR_ROW */
  row(row: number): Float32Array {
    if (!Number.isInteger(row) || row < 0 || row >= this.shape[0]!) throw rowError(this, row);
    return this.data.subarray(row * this.columns, (row + 1) * this.columns);
  }

  /** Adds `scale` × the part's values, in 64-bit arithmetic rounded once. The gate has checked that the part fits. */
  add(part: TensorPart, scale = 1): void {
    if (part.kind === 'dense') addTo(this.data, part.values, scale);
    else
      for (const [k, row] of part.rows.entries())
        addTo(this.row(row), part.values.subarray(k * part.columns, (k + 1) * part.columns), scale);
  }
}

function addTo(target: Float32Array, values: Float32Array, scale: number): void {
  for (let at = 0; at < target.length; at++) target[at] = target[at]! + scale * values[at]!;
}

export function rowError(tensor: Tensor, row: number): TributaryError {
  return new TributaryError('TENSOR_ROW', `tensor ${tensor.name} has rows 0 to ${tensor.shape[0]! - 1}, not ${row}`);
}

/** A key of its own for every tensor of a run: the seed's, and FNV-1a over the name. */
function keyOf(seed: number, name: string): number {
  let hash = 0x811c9dc5;
  for (let k = 0; k < name.length; k++) hash = Math.imul(hash ^ name.charCodeAt(k), 0x01000193) >>> 0;
  return streamKey(seed, STREAM.initial, hash);
}

/** The named tensors of one model; `Names` are what its specification calls them. */
export class NamedTensors<Names extends string = string> {
  readonly tensors: Readonly<Record<Names, Tensor>>;
  readonly #all: ReadonlyMap<string, Tensor>;
  #version = 0;

  /** @throws TributaryError TENSOR_SHAPE, TENSOR_UNKNOWN */
  constructor(specs: Readonly<Record<Names, TensorSpec>>, seed: number) {
    const entries = Object.entries<TensorSpec>(specs);
    if (entries.length === 0 || entries.length > PROGRAM_LIMITS.tensors)
      throw new TributaryError('TENSOR_SHAPE', `a model of ${entries.length} tensors`, {
        hint: `Give 1 to ${PROGRAM_LIMITS.tensors} tensors.`,
      });
    for (const [name] of entries)
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name.length > PROGRAM_LIMITS.tensorName)
        throw new TributaryError('TENSOR_UNKNOWN', `"${name.slice(0, 80)}" is no name for a tensor`, {
          hint: `Take letters, digits and _, at most ${PROGRAM_LIMITS.tensorName}.`,
        });
    this.#all = new Map(entries.map(([name, spec]) => [name, new Tensor(name, spec, keyOf(seed, name))]));
    this.tensors = Object.fromEntries(this.#all) as Record<Names, Tensor>;
  }

  /** Groups of updates applied so far. */
  get version(): number {
    return this.#version;
  }

  /** Told once after each group of updates. */
  advance(): void {
    this.#version += 1;
  }

  get shapes(): readonly TensorShape[] {
    return [...this.#all.values()].map(({ name, kind, shape }) => ({ name, kind, shape }));
  }

  /** @throws TributaryError TENSOR_UNKNOWN */
  get(name: string): Tensor {
    const tensor = this.#all.get(name);
    if (tensor === undefined)
      throw new TributaryError('TENSOR_UNKNOWN', `the model has no tensor "${name}"`, {
        hint: `It has ${[...this.#all.keys()].join(', ')}.`,
      });
    return tensor;
  }

  /** A copy of the rows asked for. @throws TributaryError TENSOR_UNKNOWN, TENSOR_ROW */
  rows(request: RowRequest): RowsPart {
    const tensor = this.get(request.name);
    const { columns } = tensor;
    const values = new Float32Array(request.rows.length * columns);
    for (const [k, row] of request.rows.entries()) values.set(tensor.row(row), k * columns);
    return { kind: 'rows', name: tensor.name, rows: request.rows, columns, values };
  }

  /** Copies of the dense tensors. */
  denseParts(): TensorPart[] {
    const all = [...this.#all.values()].filter(({ kind }) => kind === 'dense');
    return all.map(({ name, data }) => ({ kind: 'dense', name, values: data.slice() }));
  }

  /** Every value as it is now, for `restore`. */
  snapshot(): ReadonlyMap<string, Float32Array> {
    return new Map([...this.#all].map(([name, { data }]) => [name, data.slice()]));
  }

  /** Puts back what `snapshot` of this model kept. */
  restore(kept: ReadonlyMap<string, Float32Array>): void {
    for (const [name, values] of kept) this.get(name).data.set(values);
  }
}

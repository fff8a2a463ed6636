// Rows in memory that WebAssembly sees: int8 rows are packed, added and rounded by SIMD, in batches through a stage.
import type { PackedRows } from '../protocol/rows.ts';
import { addRow, packRow, rowNorm, unpackRow } from '../protocol/rows.ts';
import { squaredNorm } from './plain-rows.ts';
import type { RoundedRows, RowStore } from './row-store.ts';
import type { Stage } from './simd-columns.ts';
import { stageOf } from './simd-columns.ts';
import { rowsCode } from './simd-rows-code.ts';

const PAGE = 65_536;
/** Addresses are of 32 bits. */
const MOST_PAGES = 65_536;
/** Free bytes after the last row: a vector may be read there. */
const SLACK = 16;

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

type Module = object;

// As in word2vec/cpu-simd.ts: the es2023 library alone does not declare it.
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => Module;
  readonly Instance: new (module: Module, imports: object) => { readonly exports: unknown };
  readonly Memory: new (size: { readonly initial: number }) => Memory;
  readonly CompileError: new () => Error;
};

interface Passes {
  pack(last: number): void;
  unpack(last: number): void;
  add(last: number): void;
  gather(last: number): void;
  norms(last: number): void;
  round(last: number, key: number, counter: number): void;
}

/** Code by row length; null where it cannot run. A run has one length. */
const modules = new Map<number, Module | null>();

function moduleOf(dim: number): Module | null {
  let module = modules.get(dim);
  if (module === undefined) modules.set(dim, (module = compiled(rowsCode(dim))));
  return module;
}

function compiled(code: Uint8Array): Module | null {
  if (typeof WebAssembly !== 'object' || !WebAssembly.validate(code)) return null;
  try {
    return new WebAssembly.Module(code);
  } catch (error) {
    // A content security policy forbids it: a volunteer with a GPU does without.
    if (error instanceof WebAssembly.CompileError) return null;
    throw error;
  }
}

/** Views of the stage. */
interface Views {
  readonly ids: Uint32Array;
  readonly scales: Float32Array;
  readonly moved: Uint32Array;
  readonly wholes: Int32Array;
  readonly doubles: Float64Array;
  readonly bytes: Int8Array;
  readonly floats: Float32Array;
}

export class SimdRows implements RowStore {
  readonly dim: number;
  readonly #stage: Stage;
  readonly #memory: Memory;
  readonly #passes: Passes;
  #rows: number;
  #values!: Float32Array<ArrayBuffer>;
  #views!: Views;

  private constructor(rows: number, dim: number, module: Module, memory: Memory) {
    this.dim = dim;
    this.#stage = stageOf(dim);
    this.#rows = rows;
    this.#memory = memory;
    this.#passes = new WebAssembly.Instance(module, { host: { memory } }).exports as Passes;
    this.#view();
  }

  /** null where this runtime has no WebAssembly SIMD, or so many rows are beyond its memory. */
  static make(rows: number, dim: number): SimdRows | null {
    const module = moduleOf(dim);
    const pages = pagesFor(rows, dim);
    if (module === null || pages > MOST_PAGES) return null;
    return new SimdRows(rows, dim, module, new WebAssembly.Memory({ initial: pages }));
  }

  get values(): Float32Array<ArrayBuffer> {
    return this.#values;
  }

  /** @throws RangeError beyond 4 GiB: a volunteer's cache is limited to less */
  reserve(rows: number): void {
    if (rows <= this.#rows) return;
    const room = Math.max(rows, Math.min(this.#rows * 2, mostRows(this.dim)));
    this.#memory.grow(pagesFor(room, this.dim) - this.#memory.buffer.byteLength / PAGE);
    // Not before: where it cannot grow, the store stays what it was.
    this.#rows = room;
    this.#view();
  }

  #view(): void {
    const { dim } = this;
    const { buffer } = this.#memory;
    const { batch, ids, scales, moved, sums, bytes, floats, rows } = this.#stage;
    this.#values = new Float32Array(buffer, rows, this.#rows * dim);
    this.#views = {
      ids: new Uint32Array(buffer, ids, batch),
      scales: new Float32Array(buffer, scales, batch),
      moved: new Uint32Array(buffer, moved, batch),
      wholes: new Int32Array(buffer, sums, batch * 8),
      doubles: new Float64Array(buffer, sums, batch * 4),
      bytes: new Int8Array(buffer, bytes, batch * dim),
      floats: new Float32Array(buffer, floats, batch * dim),
    };
  }

  pack(ids: Uint32Array, packed: PackedRows, at: number): void {
    const { dim } = this;
    if (packed.format !== 'int8') {
      for (let k = 0; k < ids.length; k++) packRow(packed, at + k, this.#values, ids[k]! * dim, dim);
      return;
    }
    const { scales, bytes } = this.#views;
    this.#eachBatch(ids, (from, count, last) => {
      this.#passes.pack(last);
      packed.scales.set(scales.subarray(0, count), at + from);
      packed.values.set(bytes.subarray(0, count * dim), (at + from) * dim);
    });
  }

  unpack(packed: PackedRows, at: number, ids: Uint32Array): void {
    const { dim } = this;
    if (packed.format !== 'int8') {
      for (let k = 0; k < ids.length; k++) unpackRow(packed, at + k, this.#values, ids[k]! * dim, dim);
      return;
    }
    this.#eachBatch(ids, (from, count, last) => {
      this.#stagePacked(packed, at + from, count);
      this.#passes.unpack(last);
    });
  }

  add(packed: PackedRows, at: number, ids: Uint32Array, squares: Float64Array): void {
    const { dim } = this;
    if (packed.format !== 'int8') {
      for (let k = 0; k < ids.length; k++) {
        addRow(packed, at + k, this.#values, ids[k]! * dim, dim);
        squares[k] = squaredNorm(this.#values, ids[k]! * dim, dim);
      }
      return;
    }
    const { doubles } = this.#views;
    this.#eachBatch(ids, (from, count, last) => {
      this.#stagePacked(packed, at + from, count);
      this.#passes.add(last);
      for (let k = 0; k < count; k++)
        squares[from + k] = doubles[4 * k]! + doubles[4 * k + 1]! + doubles[4 * k + 2]! + doubles[4 * k + 3]!;
    });
  }

  norms(packed: PackedRows, at: number, norms: Float64Array): void {
    if (packed.format !== 'int8') {
      for (let k = 0; k < norms.length; k++) norms[k] = rowNorm(packed, at + k, this.dim);
      return;
    }
    const { batch, ids } = this.#stage;
    const { wholes } = this.#views;
    for (let from = 0; from < norms.length; from += batch) {
      const count = Math.min(batch, norms.length - from);
      this.#stagePacked(packed, at + from, count);
      this.#passes.norms(ids + count * 4);
      for (let k = 0; k < count; k++) {
        const sum = wholes[8 * k]! + wholes[8 * k + 1]! + wholes[8 * k + 2]! + wholes[8 * k + 3]!;
        norms[from + k] = Math.sqrt(sum) * packed.scales[at + from + k]!;
      }
    }
  }

  gather(ids: Uint32Array, target: Float32Array): void {
    const { dim } = this;
    const { floats } = this.#views;
    this.#eachBatch(ids, (from, count, last) => {
      this.#passes.gather(last);
      target.set(floats.subarray(0, count * dim), from * dim);
    });
  }

  round(
    ids: Uint32Array,
    trained: Float32Array,
    { key, first }: { readonly key: number; readonly first: number },
    moved: Uint8Array,
    rounded: RoundedRows,
    at: number,
  ): number {
    const { dim } = this;
    const { floats, moved: flags, scales, bytes } = this.#views;
    let to = at;
    this.#eachBatch(ids, (from, count, last) => {
      floats.set(trained.subarray(from * dim, (from + count) * dim));
      this.#passes.round(last, key, Math.imul(first + from, dim));
      let sent = 0;
      for (let k = 0; k < count; k++) sent += moved[from + k] = flags[k]!;
      rounded.scales.set(scales.subarray(0, sent), to);
      rounded.values.set(bytes.subarray(0, sent * dim), to * dim);
      to += sent;
    });
    return to - at;
  }

  /** @param work takes the first of a batch's rows, how many, and the address that ends their ids */
  #eachBatch(all: Uint32Array, work: (from: number, count: number, last: number) => void): void {
    const { batch, ids } = this.#stage;
    for (let from = 0; from < all.length; from += batch) {
      const count = Math.min(batch, all.length - from);
      for (let k = 0; k < count; k++) {
        const id = all[from + k]!;
        // The code would write wherever this says.
        if (id >= this.#rows) throw new RangeError(`row ${id} of ${this.#rows}`);
        this.#views.ids[k] = id;
      }
      work(from, count, ids + count * 4);
    }
  }

  #stagePacked(packed: PackedRows & { readonly format: 'int8' }, at: number, count: number): void {
    const { dim } = this;
    this.#views.scales.set(packed.scales.subarray(at, at + count));
    this.#views.bytes.set(packed.values.subarray(at * dim, (at + count) * dim));
  }
}

function pagesFor(rows: number, dim: number): number {
  return Math.ceil((stageOf(dim).rows + rows * dim * 4 + SLACK) / PAGE);
}

function mostRows(dim: number): number {
  return Math.floor((MOST_PAGES * PAGE - stageOf(dim).rows - SLACK) / (dim * 4));
}

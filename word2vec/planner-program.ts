// Plans leases in WebAssembly: lays pairs and tables out in memory, runs the assembled code, and shows the plan there.
import type { DrawTable } from './noise.ts';
import type { LeaseShape, Plan, RowPlan } from './plan.ts';
import { GROUP } from './plan.ts';
import { plannerCode } from './planner-code.ts';
import { DOTS_AT, HEAD_BYTES, wordOf } from './planner-parts-code.ts';
import { STREAM, streamKey } from './random.ts';
import type { FlushList } from './row-census.ts';

const PAGE = 65_536;
/** Beyond it the plain planner is asked: addresses are of 32 bits. */
const MOST_BYTES = 2 ** 30;
/** Up to here a draw's product with the size is exact in doubles too, and both planners draw alike. */
const MOST_ROWS = 2 ** 21;

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

type Module = object;

// As in cpu-simd.ts: the es2023 library alone does not declare it.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => Module;
  readonly Instance: new (module: Module, imports: object) => { readonly exports: unknown };
  readonly Memory: new (size: { readonly initial: number }) => Memory;
  readonly CompileError: new () => Error;
};

interface Exports {
  shuffle(): void;
  plan(): void;
  census(): void;
}

/** undefined until it is asked for; null where it cannot run. */
let compiled: Module | null | undefined;

function compile(): Module | null {
  if (typeof WebAssembly !== 'object') return null;
  try {
    return new WebAssembly.Module(plannerCode());
  } catch (error) {
    // A content security policy forbids it.
    if (error instanceof WebAssembly.CompileError) return null;
    throw error;
  }
}

/** Entries of a table for the code, made once: 33 bits to keep, then the alias. Shape (2 n). */
const packedTables = new WeakMap<DrawTable, Uint32Array>();

function packed(table: DrawTable): Uint32Array {
  let words = packedTables.get(table);
  if (words === undefined) {
    const { keep, alias } = table;
    words = new Uint32Array(keep.length * 2);
    for (let slot = 0; slot < keep.length; slot++) {
      words[slot * 2] = keep[slot]! >>> 0;
      words[slot * 2 + 1] = alias[slot]! * 2 + (keep[slot] === 2 ** 32 ? 1 : 0);
    }
    packedTables.set(table, words);
  }
  return words;
}

/** Words that a piece of memory has, by its name in the code. */
type Sizes = Readonly<Record<string, number>>;

export class PlannerProgram {
  readonly #memory: Memory;
  readonly #exports: Exports;
  #words: Uint32Array<ArrayBuffer>;
  /** Where the pieces of the plan at hand lie, in words. */
  #places: Record<string, number> = {};

  private constructor(module: Module) {
    this.#memory = new WebAssembly.Memory({ initial: 1 });
    this.#exports = new WebAssembly.Instance(module, { host: { memory: this.#memory } }).exports as Exports;
    this.#words = new Uint32Array(this.#memory.buffer);
  }

  /** null where this runtime has no WebAssembly. */
  static make(): PlannerProgram | null {
    if (compiled === undefined) compiled = compile();
    return compiled === null ? null : new PlannerProgram(compiled);
  }

  /** null for a lease beyond what the code can plan. @param isSorted the pairs are shuffled first */
  plan(shape: LeaseShape, isSorted: boolean): Plan | null {
    const bounds = boundsOf(shape);
    if (bounds === null || !this.#take(shape, isSorted, { ...bounds.rows, ...bounds.groups })) return null;
    this.#exports.plan();
    const groups = this.#count('groups');
    const minibatches = bounds.minibatches;
    return {
      ...this.#rows(shape, minibatches),
      targets: shape.targets,
      groups,
      groupInputs: this.#view('groupInputs', groups * GROUP),
      groupOutputs: this.#view('groupOutputs', groups * GROUP),
      negativeStart: this.#view('negativeStart', groups + 1),
      negatives: this.#view('negatives', this.#count('drawn')),
      batchStart: this.#view('batchStart', minibatches + 1),
    };
  }

  /** Of a plan what it says of the rows; as `plan`. */
  census(shape: LeaseShape, isSorted: boolean): RowPlan | null {
    const bounds = boundsOf(shape);
    if (bounds === null || !this.#take(shape, isSorted, bounds.rows)) return null;
    this.#exports.census();
    return this.#rows(shape, bounds.minibatches);
  }

  #rows(shape: LeaseShape, minibatches: number): RowPlan {
    const dots = DOTS_AT / 4;
    return {
      inputIds: this.#view('input.ids', this.#count('input.rows')).slice(),
      outputIds: this.#view('output.ids', this.#count('output.rows')).slice(),
      inputHits: this.#view('input.idHits', this.#count('input.rows')).slice(),
      outputHits: this.#view('output.idHits', this.#count('output.rows')).slice(),
      minibatches,
      inputFlush: this.#flush('input', minibatches),
      outputFlush: this.#flush('output', minibatches),
      positiveDots: shape.inputs.length,
      negativeDots: this.#words[dots]! + this.#words[dots + 1]! * 2 ** 32,
    };
  }

  #flush(matrix: 'input' | 'output', minibatches: number): FlushList {
    const flushed = this.#count(`${matrix}.flushed`);
    return {
      start: this.#view(`${matrix}.starts`, minibatches + 1),
      rows: this.#view(`${matrix}.flushRows`, flushed),
      hits: this.#view(`${matrix}.flushHits`, flushed),
    };
  }

  #view(name: string, length: number): Uint32Array {
    const from = this.#places[name]!;
    return this.#words.subarray(from, from + length);
  }

  #count(name: string): number {
    return this.#words[wordOf(name)]!;
  }

  /** Writes all that the code reads. Answers false where memory does not suffice. */
  #take(shape: LeaseShape, isSorted: boolean, sizes: Sizes): boolean {
    const { negatives, inputs, outputs, targets, minibatch, noise } = shape;
    const lone = loneOf(shape);
    if (!this.#layOut(sizes)) return false;
    const words = this.#words;
    const put = (name: string, value: number): void => {
      words[wordOf(name)] = value;
    };
    const pairs = inputs.length;
    put('pairs', pairs);
    put('chunkPairs', Math.min(pairs, shape.chunkPairs));
    put('minibatch', Math.min(pairs, minibatch));
    put('labelled', targets === 'labelled' ? 1 : 0);
    put('rate', negatives.kind === 'coupled' ? negatives.rate : 0);
    put('loneRate', lone?.rate ?? 0);
    put('draws', lone?.draws ?? 0);
    put('noiseSize', noise.keep.length);
    put('loneSize', lone?.inputs.keep.length ?? 0);
    put('input.size', shape.inputPartSize);
    put('output.size', shape.outputPartSize);
    for (const [name, from] of Object.entries(this.#places)) put(name, from * 4);
    words.set(inputs, this.#places['inputs']);
    words.set(outputs, this.#places['outputs']);
    if (sizes['noise']! > 0) words.set(packed(noise), this.#places['noise']);
    if (lone !== null) words.set(packed(lone.inputs), this.#places['lone']);
    for (const matrix of ['input', 'output']) {
      for (const counts of ['hits', 'totals']) this.#view(`${matrix}.${counts}`, sizes[`${matrix}.${counts}`]!).fill(0);
      words[this.#places[`${matrix}.starts`]!] = 0;
    }
    if ('negativeStart' in sizes)
      for (const starts of ['negativeStart', 'batchStart']) words[this.#places[starts]!] = 0;
    const { seed, episode, block, firstChunk } = shape;
    for (let k = 0; k < sizes['keys']!; k++) {
      const chunk = firstChunk + k;
      words[this.#places['keys']! + k] = streamKey(seed, STREAM.negatives, episode, block, chunk);
      // As in shuffleChunks.
      words[this.#places['shuffleKeys']! + k] = streamKey(seed, STREAM.shuffle, episode, block, chunk + 1);
    }
    if (isSorted) this.#exports.shuffle();
    return true;
  }

  /** Pieces one after the other, each at a multiple of eight bytes. */
  #layOut(sizes: Sizes): boolean {
    const places: Record<string, number> = {};
    let end = HEAD_BYTES / 4;
    for (const [name, size] of Object.entries(sizes)) {
      places[name] = end;
      end += size + (size % 2);
    }
    if (end * 4 > MOST_BYTES) return false;
    const missing = Math.ceil((end * 4 - this.#memory.buffer.byteLength) / PAGE);
    if (missing > 0) {
      this.#memory.grow(missing);
      this.#words = new Uint32Array(this.#memory.buffer);
    }
    this.#places = places;
    return true;
  }
}

function loneOf({ negatives }: LeaseShape): { rate: number; draws: number; inputs: DrawTable } | null {
  return negatives.kind === 'decoupled' && negatives.draws > 0 ? negatives : null;
}

interface Bounds {
  readonly minibatches: number;
  /** Pieces that count rows, and those that list groups beside them. */
  readonly rows: Sizes;
  readonly groups: Sizes;
}

/** null where doubles are inexact, or a table is not that of its part. */
function boundsOf(shape: LeaseShape): Bounds | null {
  const { inputPartSize, outputPartSize, negatives: rule, noise } = shape;
  const pairs = shape.inputs.length;
  const lone = loneOf(shape);
  const isDrawn = lone !== null || rule.kind === 'coupled';
  const rate = rule.kind === 'none' ? 0 : rule.rate;
  if (Math.max(inputPartSize, outputPartSize) > MOST_ROWS || rate !== rate >>> 0) return null;
  if (isDrawn && noise.keep.length !== outputPartSize) return null;
  if (lone !== null && lone.inputs.keep.length !== inputPartSize) return null;
  const chunks = Math.ceil(pairs / shape.chunkPairs);
  const last = pairs - (chunks - 1) * shape.chunkPairs;
  const batchesOf = (count: number): number => Math.ceil(count / shape.minibatch);
  const minibatches = pairs === 0 ? 0 : (chunks - 1) * batchesOf(shape.chunkPairs) + batchesOf(last);
  const loneGroups = lone === null ? 0 : Math.ceil((pairs * lone.rate) / 65536 / GROUP) + minibatches * 2;
  const groups = Math.ceil(pairs / GROUP) + minibatches + loneGroups;
  const perGroup = rule.kind === 'coupled' ? Math.floor(rule.rate / 65536) + 1 : 0;
  const draws = groups * perGroup + loneGroups * (lone?.draws ?? 0);
  const matrix = (name: 'input' | 'output', size: number, touches: number): Sizes => {
    // One more: the code writes behind the end of a list before it knows whether the list grows.
    const flushed = Math.min(touches, minibatches * size) + 1;
    return {
      [`${name}.hits`]: size,
      [`${name}.totals`]: size,
      [`${name}.index`]: size,
      [`${name}.flushRows`]: flushed,
      [`${name}.flushHits`]: flushed,
      [`${name}.starts`]: minibatches + 1,
      [`${name}.ids`]: size + 1,
      [`${name}.idHits`]: size + 1,
    };
  };
  return {
    minibatches,
    rows: {
      keys: chunks,
      shuffleKeys: chunks,
      inputs: pairs,
      outputs: pairs,
      noise: isDrawn ? outputPartSize * 2 : 0,
      lone: lone === null ? 0 : inputPartSize * 2,
      ...matrix('input', inputPartSize, pairs + loneGroups * GROUP),
      ...matrix('output', outputPartSize, pairs + draws),
    },
    groups: {
      groupInputs: groups * GROUP,
      groupOutputs: groups * GROUP,
      negativeStart: groups + 1,
      negatives: draws,
      batchStart: minibatches + 1,
    },
  };
}

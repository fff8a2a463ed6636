// The CPU engine's kernel in WebAssembly SIMD: lays a lease out in memory, runs the assembled code, reads rows back.
import type { CpuKernel } from './cpu-kernel.ts';
import {
  columnsOf,
  FLUSH_WORDS,
  GROUP_WORDS,
  kernelCode,
  LINE,
  NEGATIVE_LOSS,
  POSITIVE_LOSS,
  SCRATCH_END,
} from './cpu-simd-code.ts';
import type { LeaseLoss, LeaseRows, StepSize } from './engine.ts';
import { Word2vecError } from './errors.ts';
import { ABSENT, GROUP, type FlushList, type Plan } from './plan.ts';

const PAGE = 65_536;

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

// Every runtime of the project has WebAssembly; the es2023 library alone does not declare it.
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  instantiate(bytes: Uint8Array, imports: object): Promise<{ readonly instance: { readonly exports: unknown } }>;
  readonly Memory: new (size: { readonly initial: number }) => Memory;
};

interface Exports {
  groups(from: number, to: number, alpha: number): void;
  flush(from: number, to: number): void;
}

/** Whether this runtime has WebAssembly and its SIMD instructions. */
export function hasSimd(): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(kernelCode(1));
}

/** Byte addresses of a lease's pieces in memory; groups and lists first, then a record of zeros, then all rows. */
interface Layout {
  readonly groups: number;
  readonly negatives: number;
  readonly inputFlush: number;
  readonly outputFlush: number;
  readonly zero: number;
  readonly input: number;
  readonly output: number;
  readonly end: number;
  /** Bytes of a record: a padded row and its summed step. */
  readonly record: number;
}

export class SimdKernel implements CpuKernel {
  readonly device = 'CPU, WebAssembly SIMD';
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  #words = new Uint32Array(0);
  #floats = new Float32Array(0);
  /** Code is written for one row length; leases of a run share it. */
  #columns = 0;
  #exports: Exports | undefined;

  async train(plan: Plan, rows: LeaseRows, step: StepSize): Promise<LeaseLoss> {
    const exports = await this.#codeFor(columnsOf(rows.dim));
    const at = layOut(plan, rows.dim);
    this.#reserve(at.end);
    const losses = new Float64Array(this.#memory.buffer, 0, SCRATCH_END / 8).fill(0);
    for (const sum of [POSITIVE_LOSS, NEGATIVE_LOSS]) losses.fill(1, sum / 8 + 2, sum / 8 + 4);
    const positiveGroups = writeGroups(this.#words, plan, at);
    writeFlush(this.#words, this.#floats, plan.inputFlush, at.inputFlush, at.input, at.record, step);
    writeFlush(this.#words, this.#floats, plan.outputFlush, at.outputFlush, at.output, at.record, step);
    this.#floats.fill(0, at.zero / 4, at.end / 4);
    copyRows(rows.input, this.#floats, rows.dim, at.input, at.record, 'in');
    copyRows(rows.output, this.#floats, rows.dim, at.output, at.record, 'in');
    // A call a minibatch: V8 swaps in its optimised code between calls only.
    for (let batch = 0; batch < plan.minibatches; batch++) {
      const [from, to] = [plan.batchStart[batch]!, plan.batchStart[batch + 1]!];
      exports.groups(at.groups + from * GROUP_WORDS * 4, at.groups + to * GROUP_WORDS * 4, step.alpha);
      flush(exports, plan.inputFlush, at.inputFlush, batch);
      flush(exports, plan.outputFlush, at.outputFlush, batch);
    }
    copyRows(rows.input, this.#floats, rows.dim, at.input, at.record, 'out');
    copyRows(rows.output, this.#floats, rows.dim, at.output, at.record, 'out');
    const lanes = LINE / 4;
    return {
      positive: total(losses, POSITIVE_LOSS, positiveGroups * lanes - plan.positiveDots),
      negative: total(losses, NEGATIVE_LOSS, plan.negatives.length * lanes - plan.negativeDots),
    };
  }

  dispose(): void {
    this.#exports = undefined;
    this.#columns = 0;
  }

  async #codeFor(columns: number): Promise<Exports> {
    if (this.#exports !== undefined && this.#columns === columns) return this.#exports;
    const { instance } = await WebAssembly.instantiate(kernelCode(columns), { host: { memory: this.#memory } });
    this.#exports = instance.exports as Exports;
    this.#columns = columns;
    return this.#exports;
  }

  #reserve(bytes: number): void {
    const missing = Math.ceil((bytes - this.#memory.buffer.byteLength) / PAGE);
    if (missing > 0) {
      try {
        this.#memory.grow(missing);
      } catch (error) {
        throw new Word2vecError(
          'LEASE_MEMORY',
          `a lease needs ${Math.ceil(bytes / 2 ** 20)} MiB of WebAssembly memory: ${String(error)}`,
          'Lease fewer pairs at once, or cut the vocabulary into more parts.',
        );
      }
    }
    if (this.#words.buffer === this.#memory.buffer) return;
    this.#words = new Uint32Array(this.#memory.buffer);
    this.#floats = new Float32Array(this.#memory.buffer);
  }
}

function layOut(plan: Plan, dim: number): Layout {
  const record = columnsOf(dim) * 32;
  const flushBytes = FLUSH_WORDS * 4;
  const groups = SCRATCH_END;
  const negatives = groups + plan.groups * GROUP_WORDS * 4;
  const inputFlush = negatives + plan.negatives.length * 4;
  const outputFlush = inputFlush + plan.inputFlush.rows.length * flushBytes;
  const zero = Math.ceil((outputFlush + plan.outputFlush.rows.length * flushBytes) / 64) * 64;
  const input = zero + record;
  const output = input + plan.inputIds.length * record;
  const end = output + plan.outputIds.length * record;
  return { groups, negatives, inputFlush, outputFlush, zero, input, output, end, record };
}

/** Writes the groups' entries and lists as `kernelCode` reads them. Answers how many groups have positives. */
function writeGroups(words: Uint32Array, plan: Plan, at: Layout): number {
  let positiveGroups = 0;
  let word = at.groups / 4;
  for (let group = 0; group < plan.groups; group++) {
    const positive = plan.groupOutputs[group * GROUP] !== ABSENT;
    if (positive) positiveGroups++;
    for (let slot = 0; slot < GROUP; slot++) {
      const x = plan.groupInputs[group * GROUP + slot]!;
      const target = plan.groupOutputs[group * GROUP + slot]!;
      words[word + slot] = x === ABSENT ? at.zero : at.input + x * at.record;
      words[word + GROUP + slot] = target !== ABSENT ? at.output + target * at.record : positive ? at.zero : 0;
    }
    words[word + GROUP * 2] = at.negatives + plan.negativeStart[group]! * 4;
    words[word + GROUP * 2 + 1] = at.negatives + plan.negativeStart[group + 1]! * 4;
    word += GROUP_WORDS;
  }
  for (let k = 0; k < plan.negatives.length; k++) {
    words[at.negatives / 4 + k] = at.output + plan.negatives[k]! * at.record;
  }
  return positiveGroups;
}

function writeFlush(
  words: Uint32Array,
  floats: Float32Array,
  list: FlushList,
  at: number,
  rows: number,
  record: number,
  step: StepSize,
): void {
  for (let entry = 0; entry < list.rows.length; entry++) {
    words[at / 4 + entry * FLUSH_WORDS] = rows + list.rows[entry]! * record;
    floats[at / 4 + entry * FLUSH_WORDS + 1] = 1 / (1 + step.damping * step.alpha * (list.hits[entry]! - 1));
  }
}

function flush(exports: Exports, list: FlushList, at: number, batch: number): void {
  const bytes = FLUSH_WORDS * 4;
  exports.flush(at + list.start[batch]! * bytes, at + list.start[batch + 1]! * bytes);
}

/** Between rows of `dim` values and records; the padding of records is left alone. */
function copyRows(
  rows: Float32Array,
  floats: Float32Array,
  dim: number,
  at: number,
  record: number,
  direction: 'in' | 'out',
): void {
  let to = at / 4;
  for (let begin = 0; begin < rows.length; begin += dim) {
    if (direction === 'in') for (let d = 0; d < dim; d++) floats[to + d] = rows[begin + d]!;
    else for (let d = 0; d < dim; d++) rows[begin + d] = floats[to + d]!;
    to += record / 4;
  }
}

/** The loss summed at `sum`, less `absent` dot products of zero rows and empty lanes, each of which added log 2. */
function total(losses: Float64Array, sum: number, absent: number): number {
  const [linear0, linear1, product0, product1] = losses.subarray(sum / 8, sum / 8 + 4);
  return linear0! + linear1! + Math.log(product0!) + Math.log(product1!) - absent * Math.LN2;
}

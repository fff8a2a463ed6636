// The CPU engine's kernel in WebAssembly SIMD: lays a lease out in memory, runs the assembled code, reads rows back.
import type { Between, CpuKernel } from './cpu-kernel.ts';
import { BAG_WORDS, CONTEXT_WORDS } from './cpu-simd-bags-code.ts';
import { columnsOf } from './cpu-simd-columns.ts';
import {
  FLUSH_WORDS,
  GROUP_WORDS,
  kernelCode,
  LABELS,
  LINE,
  NEGATIVE_LOSS,
  NEGATIVE_WORDS,
  POSITIVE_LOSS,
  SCRATCH_END,
} from './cpu-simd-code.ts';
import type { LeaseLoss, LeaseRows, StepSize } from './engine.ts';
import { Word2vecError } from './errors.ts';
import { ABSENT, GROUP, LABEL_ZERO, type BagPlan, type Plan } from './plan.ts';
import type { FlushList } from './row-census.ts';

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
  groups(from: number, to: number, alpha: number, skips: number): void;
  flush(from: number, to: number): void;
  pool(from: number, to: number): void;
  spill(from: number, to: number): void;
}

/** Whether this runtime has WebAssembly and its SIMD instructions. */
export function hasSimd(): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(kernelCode(1));
}

/** Byte addresses of a lease's pieces in memory. */
interface Layout {
  readonly groups: number;
  readonly negatives: number;
  readonly inputFlush: number;
  readonly outputFlush: number;
  /** A row of zeros for absent slots, and the step that it would take. */
  readonly zero: number;
  readonly zeroStep: number;
  /** Steps, in the order of the minibatch's flush list. */
  readonly inputSteps: number;
  readonly outputSteps: number;
  readonly input: number;
  readonly output: number;
  /** Entries of all bags; means and their steps, of one minibatch's bags. */
  readonly bags: number;
  readonly means: number;
  readonly meanSteps: number;
  readonly end: number;
  /** Bytes of a row or step. */
  readonly row: number;
}

export class SimdKernel implements CpuKernel {
  readonly device = 'CPU, WebAssembly SIMD';
  #memory = new WebAssembly.Memory({ initial: 1 });
  #words = new Uint32Array(0);
  #floats = new Float32Array(0);
  /** Code is written for one row length; leases of a run share it. */
  #columns = 0;
  #exports: Exports | undefined;
  /** Where the step of each row of the minibatch at hand lies. */
  #inputStepAt = new Uint32Array(0);
  #outputStepAt = new Uint32Array(0);

  private constructor() {}

  /** @throws Word2vecError WASM_BLOCKED where a content security policy forbids WebAssembly. */
  static async create(): Promise<SimdKernel> {
    const kernel = new SimdKernel();
    try {
      await kernel.#codeFor(1);
    } catch (error) {
      throw new Word2vecError(
        'WASM_BLOCKED',
        `WebAssembly cannot be compiled here: ${String(error)}`,
        "Serve the page with 'wasm-unsafe-eval' in the script-src of its Content-Security-Policy.",
      );
    }
    return kernel;
  }

  async train(plan: Plan, rows: LeaseRows, step: StepSize, between: Between): Promise<LeaseLoss> {
    return this.#train(plan, rows, step, between, await this.#codeFor(columnsOf(rows.dim)));
  }

  async trainBags(plan: BagPlan, rows: LeaseRows, step: StepSize, between: Between): Promise<LeaseLoss> {
    return this.#train(plan, rows, step, between, await this.#codeFor(columnsOf(rows.dim)));
  }

  async #train(
    plan: Plan | BagPlan,
    rows: LeaseRows,
    step: StepSize,
    between: Between,
    exports: Exports,
  ): Promise<LeaseLoss> {
    const at = layOut(plan, rows.dim);
    this.#reserve(at.end);
    const losses = new Float64Array(this.#memory.buffer, 0, SCRATCH_END / 8).fill(0);
    for (const sum of [POSITIVE_LOSS, NEGATIVE_LOSS]) losses.fill(1, sum / 8 + 2, sum / 8 + 4);
    for (let labels = 0; labels < 1 << GROUP; labels++) {
      for (let slot = 0; slot < GROUP; slot++)
        this.#floats[LABELS / 4 + (labels * LINE) / 4 + slot] = (labels >> slot) & 1;
    }
    const positiveGroups = this.#writeGroups(plan, at);
    const bagAt = 'bagStart' in plan ? this.#writeBags(plan, at) : null;
    this.#writeFlush(plan.inputFlush, at.inputFlush, at.input, at.inputSteps, at.row, step);
    this.#writeFlush(plan.outputFlush, at.outputFlush, at.output, at.outputSteps, at.row, step);
    this.#floats.fill(0, at.zero / 4, at.input / 4);
    this.#writeRows(rows.input, rows.dim, at.input, at.row);
    this.#writeRows(rows.output, rows.dim, at.output, at.row);
    const skips = plan.targets === 'labelled' ? 1 : 0;
    // A call a minibatch: V8 swaps in its optimised code between calls only.
    for (let batch = 0; batch < plan.minibatches; batch++) {
      const [from, to] = [plan.batchStart[batch]!, plan.batchStart[batch + 1]!];
      if (bagAt !== null) exports.pool(bagAt[batch]!, bagAt[batch + 1]!);
      exports.groups(at.groups + from * GROUP_WORDS * 4, at.groups + to * GROUP_WORDS * 4, step.alpha, skips);
      if (bagAt !== null) exports.spill(bagAt[batch]!, bagAt[batch + 1]!);
      flush(exports, plan.inputFlush, at.inputFlush, batch);
      flush(exports, plan.outputFlush, at.outputFlush, batch);
      const rest = between((batch + 1) / plan.minibatches);
      if (rest !== null) await rest;
    }
    this.#readRows(rows.input, rows.dim, at.input, at.row);
    this.#readRows(rows.output, rows.dim, at.output, at.row);
    const lanes = LINE / 4;
    return {
      positive: total(losses, POSITIVE_LOSS, positiveGroups * lanes - plan.positiveDots),
      negative: total(losses, NEGATIVE_LOSS, plan.negatives.length * lanes - plan.negativeDots),
    };
  }

  dispose(): void {
    this.#exports = undefined;
    this.#columns = 0;
    this.#memory = new WebAssembly.Memory({ initial: 1 });
    this.#words = new Uint32Array(0);
    this.#floats = new Float32Array(0);
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

  /** Writes the groups' entries and lists as `kernelCode` reads them. Answers how many groups have positives. */
  #writeGroups(plan: Plan | BagPlan, at: Layout): number {
    const bags = 'bagStart' in plan ? plan : null;
    const slots = 'bagStart' in plan ? plan.groupBags : plan.groupInputs;
    if (this.#inputStepAt.length < plan.inputIds.length) this.#inputStepAt = new Uint32Array(plan.inputIds.length);
    if (this.#outputStepAt.length < plan.outputIds.length) this.#outputStepAt = new Uint32Array(plan.outputIds.length);
    const words = this.#words;
    const inputStepAt = this.#inputStepAt;
    const outputStepAt = this.#outputStepAt;
    let positiveGroups = 0;
    let word = at.groups / 4;
    let listed = at.negatives / 4;
    for (let batch = 0; batch < plan.minibatches; batch++) {
      placeSteps(inputStepAt, plan.inputFlush, batch, at.inputSteps, at.row);
      placeSteps(outputStepAt, plan.outputFlush, batch, at.outputSteps, at.row);
      const firstBag = bags === null ? 0 : bags.batchBags[batch]!;
      for (let group = plan.batchStart[batch]!; group < plan.batchStart[batch + 1]!; group++) {
        const positive = plan.groupOutputs[group * GROUP] !== ABSENT;
        let labels = 0;
        if (positive) positiveGroups++;
        for (let slot = 0; slot < GROUP; slot++) {
          const x = slots[group * GROUP + slot]!;
          const mean = (x - firstBag) * at.row;
          const marked = plan.groupOutputs[group * GROUP + slot]!;
          const target = marked === ABSENT ? ABSENT : marked & ~LABEL_ZERO;
          if (marked < LABEL_ZERO) labels |= 1 << slot;
          const absentTarget = positive ? at.zero : 0;
          words[word + slot] = x === ABSENT ? at.zero : bags === null ? at.input + x * at.row : at.means + mean;
          words[word + GROUP + slot] =
            x === ABSENT ? at.zeroStep : bags === null ? inputStepAt[x]! : at.meanSteps + mean;
          words[word + GROUP * 2 + slot] = target === ABSENT ? absentTarget : at.output + target * at.row;
          words[word + GROUP * 3 + slot] = target === ABSENT ? at.zeroStep : outputStepAt[target]!;
        }
        words[word + GROUP * 4] = listed * 4;
        for (let k = plan.negativeStart[group]!; k < plan.negativeStart[group + 1]!; k++) {
          const row = plan.negatives[k]!;
          words[listed++] = at.output + row * at.row;
          words[listed++] = outputStepAt[row]!;
        }
        words[word + GROUP * 4 + 1] = listed * 4;
        words[word + GROUP * 4 + 2] = LABELS + labels * LINE;
        word += GROUP_WORDS;
      }
    }
    return positiveGroups;
  }

  /** Writes the bags' entries. Answers where those of each minibatch begin, and the end of all. */
  #writeBags({ batchBags, bagStart, bagRows, inputFlush, minibatches }: BagPlan, at: Layout): Float64Array {
    const words = this.#words;
    const begins = new Float64Array(minibatches + 1);
    let word = at.bags / 4;
    for (let batch = 0; batch < minibatches; batch++) {
      begins[batch] = word * 4;
      placeSteps(this.#inputStepAt, inputFlush, batch, at.inputSteps, at.row);
      const first = batchBags[batch]!;
      for (let bag = first; bag < batchBags[batch + 1]!; bag++) {
        const contexts = bagStart[bag + 1]! - bagStart[bag]!;
        words[word] = at.means + (bag - first) * at.row;
        words[word + 1] = at.meanSteps + (bag - first) * at.row;
        this.#floats[word + 2] = 1 / contexts;
        words[word + 3] = (word + BAG_WORDS + contexts * CONTEXT_WORDS) * 4;
        word += BAG_WORDS;
        for (let k = bagStart[bag]!; k < bagStart[bag + 1]!; k++) {
          words[word++] = at.input + bagRows[k]! * at.row;
          words[word++] = this.#inputStepAt[bagRows[k]!]!;
        }
      }
    }
    begins[minibatches] = word * 4;
    return begins;
  }

  #writeFlush(list: FlushList, at: number, rows: number, steps: number, row: number, step: StepSize): void {
    let word = at / 4;
    for (let batch = 0; batch + 1 < list.start.length; batch++) {
      const first = list.start[batch]!;
      for (let entry = first; entry < list.start[batch + 1]!; entry++) {
        this.#words[word] = rows + list.rows[entry]! * row;
        this.#words[word + 1] = steps + (entry - first) * row;
        this.#floats[word + 2] = 1 / (1 + step.damping * step.alpha * (list.hits[entry]! - 1));
        word += FLUSH_WORDS;
      }
    }
  }

  #writeRows(rows: Float32Array, dim: number, at: number, row: number): void {
    if (row === dim * 4) {
      this.#floats.set(rows, at / 4);
      return;
    }
    const floats = this.#floats;
    let to = at / 4;
    for (let begin = 0; begin < rows.length; begin += dim) {
      for (let d = 0; d < dim; d++) floats[to + d] = rows[begin + d]!;
      floats.fill(0, to + dim, to + row / 4);
      to += row / 4;
    }
  }

  #readRows(rows: Float32Array, dim: number, at: number, row: number): void {
    if (row === dim * 4) {
      rows.set(this.#floats.subarray(at / 4, at / 4 + rows.length));
      return;
    }
    const floats = this.#floats;
    let from = at / 4;
    for (let begin = 0; begin < rows.length; begin += dim) {
      for (let d = 0; d < dim; d++) rows[begin + d] = floats[from + d]!;
      from += row / 4;
    }
  }
}

function layOut(plan: Plan | BagPlan, dim: number): Layout {
  const row = columnsOf(dim) * 16;
  const groups = SCRATCH_END;
  const negatives = groups + plan.groups * GROUP_WORDS * 4;
  const inputFlush = negatives + plan.negatives.length * NEGATIVE_WORDS * 4;
  const outputFlush = inputFlush + plan.inputFlush.rows.length * FLUSH_WORDS * 4;
  const zero = Math.ceil((outputFlush + plan.outputFlush.rows.length * FLUSH_WORDS * 4) / 64) * 64;
  const zeroStep = zero + row;
  const inputSteps = zeroStep + row;
  const outputSteps = inputSteps + longest(plan.inputFlush.start) * row;
  const input = outputSteps + longest(plan.outputFlush.start) * row;
  const output = input + plan.inputIds.length * row;
  const means = output + plan.outputIds.length * row;
  const bagged = 'bagStart' in plan;
  const meanSteps = means + (bagged ? longest(plan.batchBags) * row : 0);
  const bags = meanSteps + (meanSteps - means);
  const bagWords = bagged ? (plan.bagStart.length - 1) * BAG_WORDS + plan.bagRows.length * CONTEXT_WORDS : 0;
  const end = bags + bagWords * 4;
  return {
    groups,
    negatives,
    inputFlush,
    outputFlush,
    zero,
    zeroStep,
    inputSteps,
    outputSteps,
    input,
    output,
    bags,
    means,
    meanSteps,
    end,
    row,
  };
}

/** Longest stretch between two starts: the most entries that one minibatch has. */
function longest(starts: Uint32Array): number {
  let most = 0;
  for (let batch = 0; batch + 1 < starts.length; batch++) most = Math.max(most, starts[batch + 1]! - starts[batch]!);
  return most;
}

function placeSteps(stepAt: Uint32Array, list: FlushList, batch: number, steps: number, row: number): void {
  const first = list.start[batch]!;
  for (let entry = first; entry < list.start[batch + 1]!; entry++) {
    stepAt[list.rows[entry]!] = steps + (entry - first) * row;
  }
}

function flush(exports: Exports, list: FlushList, at: number, batch: number): void {
  const bytes = FLUSH_WORDS * 4;
  exports.flush(at + list.start[batch]! * bytes, at + list.start[batch + 1]! * bytes);
}

/** The loss summed at `sum`, less `absent` dot products of zero rows and empty lanes, each of which added log 2. */
function total(losses: Float64Array, sum: number, absent: number): number {
  const [linear0, linear1, product0, product1] = losses.subarray(sum / 8, sum / 8 + 4);
  return linear0! + linear1! + Math.log(product0!) + Math.log(product1!) - absent * Math.LN2;
}

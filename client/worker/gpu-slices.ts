// Cuts the minibatches of a plan into dispatches of bounded work: groups to step, then flush-list entries to flush.
import { MOST_WORKGROUPS, SLICE, SLICE_STRIDE } from '../../shaders/layout.ts';
import type { Plan } from '../../word2vec/plan.ts';
import type { FlushList } from '../../word2vec/row-census.ts';

/** One dispatch. Work is counted in columns of GROUP dot products, those of their steps included. */
export interface Slice {
  readonly kernel: 'step' | 'flush';
  readonly batch: number;
  /** Groups [first, first + count) of the lease, or entries of the minibatch's flush lists, inputs first. */
  readonly first: number;
  readonly count: number;
  readonly work: number;
}

/**
 * Work of flushing one column, in the unit of `Slice.work`. It moves 64 bytes, a unit of a group with 5 negatives 136;
 * measured on the software adapter: 0.4 to 0.8.
 */
const FLUSH_WORK = 0.5;

/** Walks a plan's dispatches in order. */
export class SliceCursor {
  readonly #plan: Plan;
  readonly #columns: number;
  /** Minibatches [0, end) are walked. */
  readonly #end: number;
  #batch = 0;
  /** Next group of the lease, then next entry of the minibatch. */
  #group = 0;
  #entry = 0;

  constructor(plan: Plan, columns: number, minibatches = plan.minibatches) {
    this.#plan = plan;
    this.#columns = columns;
    this.#end = minibatches;
  }

  get done(): boolean {
    return this.#batch === this.#end;
  }

  /** Share of the minibatches that is walked. */
  get share(): number {
    return this.#batch / Math.max(1, this.#end);
  }

  /**
   * The next dispatch, of `most` work at most; a single group or flush entry is not cut. Null at the end, or if even
   * that is more and `needed` is false.
   */
  next(most: number, needed: boolean): Slice | null {
    if (this.done) return null;
    const slice = this.#group < this.#plan.batchStart[this.#batch + 1]! ? this.#step(most) : this.#flush(most);
    if (slice.work > most && !needed) return null;
    if (slice.kernel === 'step') this.#group += slice.count;
    else {
      this.#entry += slice.count;
      // A minibatch ends with its last entry; its flush also hands the extents on, so even an empty one has one.
      if (this.#entry === entries(this.#plan, this.#batch)) {
        this.#batch++;
        this.#entry = 0;
      }
    }
    return slice;
  }

  #step(most: number): Slice {
    const { batchStart, negativeStart } = this.#plan;
    const first = this.#group;
    const last = Math.min(batchStart[this.#batch + 1]!, first + MOST_WORKGROUPS);
    const workTo = (end: number): number => (end - first + negativeStart[end]! - negativeStart[first]!) * this.#columns;
    let end = first + 1;
    while (end < last && workTo(end + 1) <= most) end++;
    return { kernel: 'step', batch: this.#batch, first, count: end - first, work: workTo(end) };
  }

  #flush(most: number): Slice {
    const each = this.#columns * FLUSH_WORK;
    const left = entries(this.#plan, this.#batch) - this.#entry;
    const count = Math.min(left, Math.max(1, Math.floor(most / each)));
    return { kernel: 'flush', batch: this.#batch, first: this.#entry, count, work: count * each };
  }
}

/** The uniform bytes of a submit's dispatches, SLICE_STRIDE apart. */
export class SliceWriter {
  readonly #view: DataView<ArrayBuffer>;
  readonly #plan: Plan;
  readonly #alpha: number;
  #reachOf = -1;
  #inputReach = 0;
  #outputReach = 0;

  constructor(plan: Plan, alpha: number, most: number) {
    this.#view = new DataView(new ArrayBuffer(most * SLICE_STRIDE));
    this.#plan = plan;
    this.#alpha = alpha;
  }

  /** Writes dispatch `index` of the submit; answers its offset. */
  write(index: number, { kernel, batch, first, count }: Slice): number {
    const { inputFlush, outputFlush } = this.#plan;
    if (this.#reachOf !== batch) {
      this.#reachOf = batch;
      this.#inputReach = this.#alpha * mostHits(inputFlush, batch);
      this.#outputReach = this.#alpha * mostHits(outputFlush, batch);
    }
    const view = this.#view;
    const at = index * SLICE_STRIDE;
    const step = kernel === 'step';
    const inputs = entryCount(inputFlush, batch);
    const inputFirst = Math.min(first, inputs);
    const inputCount = Math.min(first + count, inputs) - inputFirst;
    view.setUint32(at + SLICE.batch, batch, true);
    view.setUint32(at + SLICE.firstGroup, step ? first : 0, true);
    view.setUint32(at + SLICE.groups, step ? count : 0, true);
    view.setUint32(at + SLICE.inputFirst, step ? 0 : inputFlush.start[batch]! + inputFirst, true);
    view.setUint32(at + SLICE.inputCount, step ? 0 : inputCount, true);
    view.setUint32(at + SLICE.outputFirst, step ? 0 : outputFlush.start[batch]! + Math.max(0, first - inputs), true);
    view.setUint32(at + SLICE.outputCount, step ? 0 : count - inputCount, true);
    view.setFloat32(at + SLICE.inputReach, this.#inputReach, true);
    view.setFloat32(at + SLICE.outputReach, this.#outputReach, true);
    return at;
  }

  /** The bytes of dispatches [0, count). */
  bytes(count: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#view.buffer, 0, count * SLICE_STRIDE);
  }
}

/** The largest α × hits of any row in a minibatch of the plan. */
export function largestReach(plan: Plan, alpha: number): number {
  let most = 0;
  for (const { hits } of [plan.inputFlush, plan.outputFlush]) for (const hit of hits) if (hit > most) most = hit;
  return alpha * most;
}

function entries(plan: Plan, batch: number): number {
  return entryCount(plan.inputFlush, batch) + entryCount(plan.outputFlush, batch);
}

function entryCount(list: FlushList, batch: number): number {
  return list.start[batch + 1]! - list.start[batch]!;
}

function mostHits(list: FlushList, batch: number): number {
  let most = 0;
  for (let at = list.start[batch]!; at < list.start[batch + 1]!; at++) most = Math.max(most, list.hits[at]!);
  return most;
}

// The CPU engine's kernel in plain JavaScript: typed arrays, a group of pairs at a time.
import type { Between, CpuKernel } from './cpu-kernel.ts';
import { SATURATION, type LeaseLoss, type LeaseRows, type StepSize } from './engine.ts';
import { ABSENT, GROUP, LABEL_ZERO, MAX_NEGATIVES, type BagPlan, type Plan } from './plan.ts';
import type { FlushList } from './row-census.ts';

/** A product of loss factors is turned into a logarithm above this; one group multiplies it by less than 2^400. */
const PRODUCT_LIMIT = 2 ** 500;

export class PlainKernel implements CpuKernel {
  readonly device = 'CPU, plain JavaScript';
  /** Summed steps of the minibatch, shaped as the rows; a flush clears what it used. */
  #inputStep = new Float32Array(0);
  #outputStep = new Float32Array(0);
  /** The means of the minibatch's bags and their steps, (bags, dim) each. */
  #means = new Float32Array(0);
  #meanStep = new Float32Array(0);
  /** Where each slot's input row and target begin, and each negative's row. */
  readonly #inputAt = new Int32Array(GROUP);
  readonly #targetAt = new Int32Array(GROUP);
  readonly #negativeAt = new Int32Array(MAX_NEGATIVES);
  /** Gradients times α: of the positives, shape (GROUP), and of the negatives, shape (m, GROUP). */
  readonly #positiveGradient = new Float64Array(GROUP);
  readonly #negativeGradient = new Float64Array(MAX_NEGATIVES * GROUP);
  readonly #positive = new LossSum();
  readonly #negative = new LossSum();

  async train(plan: Plan, rows: LeaseRows, step: StepSize, between: Between): Promise<LeaseLoss> {
    this.#begin(rows);
    for (let batch = 0; batch < plan.minibatches; batch++) {
      this.#groups(plan, batch, plan.groupInputs, 0, rows, this.#inputStep, step.alpha);
      this.#flush(plan, rows, batch, step);
      const rest = between((batch + 1) / plan.minibatches);
      if (rest !== null) await rest;
    }
    return this.#loss();
  }

  async trainBags(plan: BagPlan, rows: LeaseRows, step: StepSize, between: Between): Promise<LeaseLoss> {
    this.#begin(rows);
    for (let batch = 0; batch < plan.minibatches; batch++) {
      const first = plan.batchBags[batch]!;
      this.#takeMeans(plan, batch, rows);
      const bags = { input: this.#means, output: rows.output, dim: rows.dim };
      this.#groups(plan, batch, plan.groupBags, first, bags, this.#meanStep, step.alpha);
      this.#giveSteps(plan, batch, rows.dim);
      this.#flush(plan, rows, batch, step);
      const rest = between((batch + 1) / plan.minibatches);
      if (rest !== null) await rest;
    }
    return this.#loss();
  }

  #begin(rows: LeaseRows): void {
    if (this.#inputStep.length < rows.input.length) this.#inputStep = new Float32Array(rows.input.length);
    if (this.#outputStep.length < rows.output.length) this.#outputStep = new Float32Array(rows.output.length);
    // Rows that were not finite may have left something behind.
    this.#inputStep.fill(0, 0, rows.input.length);
    this.#outputStep.fill(0, 0, rows.output.length);
    this.#positive.reset();
    this.#negative.reset();
  }

  #flush(plan: Plan | BagPlan, rows: LeaseRows, batch: number, step: StepSize): void {
    flush(rows.input, this.#inputStep, plan.inputFlush, batch, rows.dim, step);
    flush(rows.output, this.#outputStep, plan.outputFlush, batch, rows.dim, step);
  }

  #loss(): LeaseLoss {
    return { positive: this.#positive.total(), negative: this.#negative.total() };
  }

  #takeMeans({ batchBags, bagStart, bagRows }: BagPlan, batch: number, { input, dim }: LeaseRows): void {
    const [first, end] = [batchBags[batch]!, batchBags[batch + 1]!];
    if (this.#means.length < (end - first) * dim) {
      this.#means = new Float32Array((end - first) * dim);
      this.#meanStep = new Float32Array((end - first) * dim);
    }
    const means = this.#means.fill(0);
    this.#meanStep.fill(0);
    for (let bag = first; bag < end; bag++) {
      const to = (bag - first) * dim;
      for (let at = bagStart[bag]!; at < bagStart[bag + 1]!; at++) {
        const from = bagRows[at]! * dim;
        for (let d = 0; d < dim; d++) means[to + d]! += input[from + d]!;
      }
      const share = 1 / (bagStart[bag + 1]! - bagStart[bag]!);
      for (let d = to; d < to + dim; d++) means[d]! *= share;
    }
  }

  /** Each bag's step, in full, to each of its rows. */
  #giveSteps({ batchBags, bagStart, bagRows }: BagPlan, batch: number, dim: number): void {
    const first = batchBags[batch]!;
    for (let bag = first; bag < batchBags[batch + 1]!; bag++) {
      const from = (bag - first) * dim;
      for (let at = bagStart[bag]!; at < bagStart[bag + 1]!; at++) {
        const to = bagRows[at]! * dim;
        for (let d = 0; d < dim; d++) this.#inputStep[to + d]! += this.#meanStep[from + d]!;
      }
    }
  }

  dispose(): void {
    this.#inputStep = new Float32Array(0);
    this.#outputStep = new Float32Array(0);
    this.#means = new Float32Array(0);
    this.#meanStep = new Float32Array(0);
  }

  /** Trains a minibatch's groups, without flushing. `slots` names the input row, counted from `first`, of each slot. */
  #groups(
    plan: Plan | BagPlan,
    batch: number,
    slots: Uint32Array,
    first: number,
    rows: LeaseRows,
    inputStep: Float32Array,
    alpha: number,
  ): void {
    const end = plan.batchStart[batch + 1]!;
    for (let group = plan.batchStart[batch]!; group < end; group++) {
      const negatives = this.#meet(plan, slots, first, rows, group, alpha);
      this.#accumulate(rows, inputStep, negatives);
    }
  }

  /** All dot products of a group, turned into gradients and loss. Answers how many negatives the group shares. */
  #meet(
    plan: Plan | BagPlan,
    slots: Uint32Array,
    firstRow: number,
    { input, output, dim }: LeaseRows,
    group: number,
    alpha: number,
  ): number {
    const first = plan.negativeStart[group]!;
    const negatives = plan.negativeStart[group + 1]! - first;
    const skips = plan.targets === 'labelled';
    for (let k = 0; k < negatives; k++) this.#negativeAt[k] = plan.negatives[first + k]! * dim;
    for (let slot = 0; slot < GROUP; slot++) {
      const x = slots[group * GROUP + slot]!;
      const target = plan.groupOutputs[group * GROUP + slot]!;
      // An absent slot stands on slot 0, which is always present, with gradients of zero: no branch in the column loop.
      const inputAt = x === ABSENT ? this.#inputAt[0]! : (x - firstRow) * dim;
      this.#inputAt[slot] = inputAt;
      const label = target < LABEL_ZERO ? 1 : 0;
      const targetAt = target === ABSENT ? 0 : (target & ~LABEL_ZERO) * dim;
      this.#targetAt[slot] = targetAt;
      this.#positiveGradient[slot] =
        target === ABSENT ? 0 : alpha * this.#positive.pull(dot(input, inputAt, output, targetAt, dim), label, skips);
      for (let k = 0; k < negatives; k++) {
        this.#negativeGradient[k * GROUP + slot] =
          x === ABSENT
            ? 0
            : alpha * this.#negative.pull(dot(input, inputAt, output, this.#negativeAt[k]!, dim), 0, false);
      }
    }
    this.#positive.settle();
    this.#negative.settle();
    return negatives;
  }

  /** Adds the group's steps, column by column, so that each value is read once for all the rows that it meets. */
  #accumulate({ input, output, dim }: LeaseRows, inputStep: Float32Array, negatives: number): void {
    const outputStep = this.#outputStep;
    const negativeAt = this.#negativeAt;
    const gradient = this.#negativeGradient;
    const [at0, at1, at2, at3, at4, at5] = six(this.#inputAt);
    const [to0, to1, to2, to3, to4, to5] = six(this.#targetAt);
    const [p0, p1, p2, p3, p4, p5] = six(this.#positiveGradient);
    for (let d = 0; d < dim; d++) {
      const x0 = input[at0 + d]!;
      const x1 = input[at1 + d]!;
      const x2 = input[at2 + d]!;
      const x3 = input[at3 + d]!;
      const x4 = input[at4 + d]!;
      const x5 = input[at5 + d]!;
      let s0 = p0 * output[to0 + d]!;
      let s1 = p1 * output[to1 + d]!;
      let s2 = p2 * output[to2 + d]!;
      let s3 = p3 * output[to3 + d]!;
      let s4 = p4 * output[to4 + d]!;
      let s5 = p5 * output[to5 + d]!;
      outputStep[to0 + d]! += p0 * x0;
      outputStep[to1 + d]! += p1 * x1;
      outputStep[to2 + d]! += p2 * x2;
      outputStep[to3 + d]! += p3 * x3;
      outputStep[to4 + d]! += p4 * x4;
      outputStep[to5 + d]! += p5 * x5;
      for (let k = 0; k < negatives; k++) {
        const at = negativeAt[k]! + d;
        const u = output[at]!;
        const g0 = gradient[k * GROUP]!;
        const g1 = gradient[k * GROUP + 1]!;
        const g2 = gradient[k * GROUP + 2]!;
        const g3 = gradient[k * GROUP + 3]!;
        const g4 = gradient[k * GROUP + 4]!;
        const g5 = gradient[k * GROUP + 5]!;
        outputStep[at]! += g0 * x0 + g1 * x1 + g2 * x2 + g3 * x3 + g4 * x4 + g5 * x5;
        s0 += g0 * u;
        s1 += g1 * u;
        s2 += g2 * u;
        s3 += g3 * u;
        s4 += g4 * u;
        s5 += g5 * u;
      }
      inputStep[at0 + d]! += s0;
      inputStep[at1 + d]! += s1;
      inputStep[at2 + d]! += s2;
      inputStep[at3 + d]! += s3;
      inputStep[at4 + d]! += s4;
      inputStep[at5 + d]! += s5;
    }
  }
}

/**
 * Σ −log σ(±x) without a logarithm a term: log(1 + e^−x) = max(−x, 0) + log(1 + e^−|x|), and the second parts are
 * multiplied up, since Σ log f = log Π f.
 */
class LossSum {
  #linear = 0;
  #logarithm = 0;
  #product = 1;

  reset(): void {
    this.#linear = 0;
    this.#logarithm = 0;
    this.#product = 1;
  }

  /** Adds the loss of one dot product; answers label − σ(x), the pull on both rows. `skips`: none beyond ±6. */
  pull(x: number, label: 0 | 1, skips: boolean): number {
    const e = Math.exp(-Math.abs(x));
    this.#product *= 1 + e;
    const wrong = label === 1 ? -x : x;
    if (wrong > 0) this.#linear += wrong;
    if (Math.abs(x) >= SATURATION) return skips ? 0 : x > 0 ? label - 1 : label;
    return label - (x >= 0 ? 1 : e) / (1 + e);
  }

  /** Call after each group: keeps the product finite. */
  settle(): void {
    if (this.#product < PRODUCT_LIMIT) return;
    this.#logarithm += Math.log(this.#product);
    this.#product = 1;
  }

  total(): number {
    return this.#linear + this.#logarithm + Math.log(this.#product);
  }
}

/** Four sums at once, since each addition waits for the one before it. */
function dot(a: Float32Array, aAt: number, b: Float32Array, bAt: number, dim: number): number {
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  let d = 0;
  for (; d + 3 < dim; d += 4) {
    sum0 += a[aAt + d]! * b[bAt + d]!;
    sum1 += a[aAt + d + 1]! * b[bAt + d + 1]!;
    sum2 += a[aAt + d + 2]! * b[bAt + d + 2]!;
    sum3 += a[aAt + d + 3]! * b[bAt + d + 3]!;
  }
  for (; d < dim; d++) sum0 += a[aAt + d]! * b[bAt + d]!;
  return sum0 + sum1 + (sum2 + sum3);
}

function six(values: Int32Array | Float64Array): [number, number, number, number, number, number] {
  return [values[0]!, values[1]!, values[2]!, values[3]!, values[4]!, values[5]!];
}

function flush(
  rows: Float32Array,
  steps: Float32Array,
  list: FlushList,
  batch: number,
  dim: number,
  step: StepSize,
): void {
  const end = list.start[batch + 1]!;
  for (let at = list.start[batch]!; at < end; at++) {
    const begin = list.rows[at]! * dim;
    const scale = 1 / (1 + step.damping * step.alpha * (list.hits[at]! - 1));
    for (let i = begin; i < begin + dim; i++) {
      rows[i]! += scale * steps[i]!;
      steps[i] = 0;
    }
  }
}

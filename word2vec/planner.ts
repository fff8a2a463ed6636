// Turns the pairs of a lease and a seed into minibatches of groups.
import { Word2vecError } from './errors.ts';
import { draw } from './noise.ts';
import { CONTINUES } from './objective.ts';
import { shuffleChunks } from './pair-order.ts';
import type { BagPlan, GroupPlan, LeaseShape, Plan, RowPlan } from './plan.ts';
import { ABSENT, BAG_GROUP, GROUP, LABEL_ZERO } from './plan.ts';
import { PlannerProgram } from './planner-program.ts';
import { hashAt, STREAM, streamKey } from './random.ts';
import { RowCensus } from './row-census.ts';

/** `text`: as they are trained. `sorted`: each chunk is shuffled first, as `shuffleChunks` does. */
type PairOrder = 'text' | 'sorted';

type Finished = Omit<RowPlan & GroupPlan, 'targets' | 'positiveDots' | 'negativeDots'> & {
  readonly newIndex: Uint32Array;
};

/**
 * Plans one lease at a time into buffers that it keeps and grows. Pairs are planned in WebAssembly where there is one;
 * the plain code says what comes of it, to the last bit, and plans bags, and what is too large.
 */
export class Planner {
  /** undefined until it is needed. */
  #program: PlannerProgram | null | undefined;
  #groupInputs = new Uint32Array(0);
  #groupOutputs = new Uint32Array(0);
  #negativeStart = new Uint32Array(1);
  #negatives = new Uint32Array(0);
  #batchStart = new Uint32Array(1);
  readonly #input = new RowCensus();
  readonly #output = new RowCensus();

  /** @param isPlain without WebAssembly */
  constructor({ isPlain = false } = {}) {
    if (isPlain) this.#program = null;
  }

  /** Ranks are below the sizes of their parts, and tables of those sizes. */
  plan(shape: LeaseShape, order: PairOrder = 'text'): Plan {
    this.#program = this.#program === undefined ? PlannerProgram.make() : this.#program;
    return this.#program?.plan(shape, order === 'sorted') ?? this.#plan(inOrder(shape, order));
  }

  /** What `plan` says of the rows: all that the coordinator needs. */
  census(shape: LeaseShape, order: PairOrder = 'text'): RowPlan {
    this.#program = this.#program === undefined ? PlannerProgram.make() : this.#program;
    return this.#program?.census(shape, order === 'sorted') ?? this.#plan(inOrder(shape, order));
  }

  #plan(shape: LeaseShape): Plan {
    const { inputs, outputs, chunkPairs, minibatch, negatives: rule } = shape;
    const pairs = inputs.length;
    const batchBound = Math.ceil(pairs / chunkPairs) * Math.ceil(chunkPairs / minibatch);
    const extra = rule.kind === 'decoupled' ? Math.ceil((pairs * rule.rate) / 65536 / GROUP) + batchBound * 2 : 0;
    const groupBound = Math.ceil(pairs / GROUP) + batchBound + extra;
    const negativeBound =
      rule.kind === 'coupled'
        ? groupBound * (Math.floor(rule.rate / 65536) + 1)
        : extra * (rule.kind === 'decoupled' ? rule.draws : 0);
    this.#reserve(groupBound, negativeBound, batchBound);
    this.#input.begin(shape.inputPartSize);
    this.#output.begin(shape.outputPartSize);
    const groupInputs = this.#groupInputs;
    const groupOutputs = this.#groupOutputs;
    const negatives = this.#negatives;
    const input = this.#input;
    const output = this.#output;
    const labelled = shape.targets === 'labelled';
    let groups = 0;
    let drawn = 0;
    let batches = 0;
    let negativeDots = 0;

    for (let chunkStart = 0; chunkStart < pairs; chunkStart += chunkPairs) {
      const chunkEnd = Math.min(pairs, chunkStart + chunkPairs);
      const chunk = shape.firstChunk + chunkStart / chunkPairs;
      const key = streamKey(shape.seed, STREAM.negatives, shape.episode, shape.block, chunk);
      let counter = 0;
      for (let start = chunkStart; start < chunkEnd; start += minibatch) {
        const end = Math.min(chunkEnd, start + minibatch);
        for (let at = start; at < end; at += GROUP) {
          const size = Math.min(GROUP, end - at);
          const count = rule.kind === 'coupled' ? roundAt(rule.rate, hashAt(key, counter++)) : 0;
          for (let slot = 0; slot < GROUP; slot++) {
            const present = slot < size;
            groupInputs[groups * GROUP + slot] = present ? input.touch(inputs[at + slot]!, 1 + count) : ABSENT;
            groupOutputs[groups * GROUP + slot] = present ? target(output, outputs[at + slot]!, labelled) : ABSENT;
          }
          for (let k = 0; k < count; k++) {
            negatives[drawn++] = output.touch(draw(shape.noise, hashAt(key, counter++)), size);
          }
          negativeDots += size * count;
          this.#negativeStart[++groups] = drawn;
        }
        // Without draws the lone inputs would meet nothing, yet be listed to flush.
        if (rule.kind === 'decoupled' && rule.draws > 0) {
          const lone = roundAt(rule.rate * (end - start), hashAt(key, counter++));
          for (let done = 0; done < lone; done += GROUP) {
            const size = Math.min(GROUP, lone - done);
            for (let slot = 0; slot < GROUP; slot++) {
              const row = slot < size ? draw(rule.inputs, hashAt(key, counter++)) : ABSENT;
              groupInputs[groups * GROUP + slot] = row === ABSENT ? ABSENT : input.touch(row, rule.draws);
              groupOutputs[groups * GROUP + slot] = ABSENT;
            }
            for (let k = 0; k < rule.draws; k++) {
              negatives[drawn++] = output.touch(draw(shape.noise, hashAt(key, counter++)), size);
            }
            negativeDots += size * rule.draws;
            this.#negativeStart[++groups] = drawn;
          }
        }
        this.#batchStart[++batches] = groups;
        input.endBatch();
        output.endBatch();
      }
    }
    const { newIndex, ...plan } = this.#finish(groups, drawn, batches);
    const slots = groupInputs.subarray(0, groups * GROUP);
    renumber(slots, newIndex);
    return { ...plan, targets: shape.targets, groupInputs: slots, positiveDots: pairs, negativeDots };
  }

  /**
   * Plans CBOW's bags; groups of BAG_GROUP bags share their negatives. A bag begins wherever an output is not
   * CONTINUES; the minibatch that holds its first context holds all of it, so minibatches may exceed `minibatch` pairs.
   * @throws Word2vecError CBOW_PARTS for decoupled negatives; BAG_CUT where a chunk begins within a bag
   */
  planBags(shape: LeaseShape): BagPlan {
    const { inputs, outputs, chunkPairs, minibatch, negatives: rule } = shape;
    if (rule.kind === 'decoupled') {
      throw new Word2vecError('CBOW_PARTS', 'negatives are decoupled in more than a few parts; CBOW is trained in one');
    }
    const pairs = inputs.length;
    const rate = rule.kind === 'coupled' ? rule.rate : 0;
    const bags = outputs.reduce((sum, value) => sum + (value === CONTINUES ? 0 : 1), 0);
    const batchBound = Math.ceil(pairs / chunkPairs) * Math.ceil(chunkPairs / minibatch);
    const groupBound = Math.ceil(bags / BAG_GROUP) + batchBound;
    this.#reserve(groupBound, groupBound * (Math.floor(rate / 65536) + 1), batchBound);
    this.#input.begin(shape.inputPartSize);
    this.#output.begin(shape.outputPartSize);
    const [input, output, groupBags, groupOutputs] = [this.#input, this.#output, this.#groupInputs, this.#groupOutputs];
    const negatives = this.#negatives;
    const bagStart = new Uint32Array(bags + 1);
    const batchBags = new Uint32Array(batchBound + 1);
    let [groups, drawn, batches, bag, negativeDots] = [0, 0, 0, 0, 0];
    for (let chunkStart = 0; chunkStart < pairs; chunkStart += chunkPairs) {
      const chunkEnd = Math.min(pairs, chunkStart + chunkPairs);
      const chunk = shape.firstChunk + chunkStart / chunkPairs;
      if (outputs[chunkStart] === CONTINUES) {
        throw new Word2vecError('BAG_CUT', `chunk ${chunk} begins with a context that has no centre`);
      }
      const key = streamKey(shape.seed, STREAM.negatives, shape.episode, shape.block, chunk);
      let counter = 0;
      for (let at = chunkStart; at < chunkEnd;) {
        const batchEnd = Math.min(chunkEnd, at + minibatch);
        while (at < batchEnd) {
          const count = roundAt(rate, hashAt(key, counter++));
          let size = 0;
          for (let slot = 0; slot < GROUP; slot++) {
            const present = slot < BAG_GROUP && at < batchEnd;
            groupBags[groups * GROUP + slot] = present ? bag : ABSENT;
            groupOutputs[groups * GROUP + slot] = present ? output.touch(outputs[at]!, 1) : ABSENT;
            if (!present) continue;
            size++;
            do input.touch(inputs[at++]!, 1 + count);
            while (at < chunkEnd && outputs[at] === CONTINUES);
            bagStart[++bag] = at;
          }
          for (let k = 0; k < count; k++) {
            negatives[drawn++] = output.touch(draw(shape.noise, hashAt(key, counter++)), size);
          }
          negativeDots += size * count;
          this.#negativeStart[++groups] = drawn;
        }
        this.#batchStart[++batches] = groups;
        batchBags[batches] = bag;
        input.endBatch();
        output.endBatch();
      }
    }
    const { newIndex, ...plan } = this.#finish(groups, drawn, batches);
    const bagRows = inputs.map((rank) => newIndex[rank]!);
    const slots = { groupBags: groupBags.subarray(0, groups * GROUP), batchBags: batchBags.subarray(0, batches + 1) };
    return { ...plan, ...slots, targets: 'positive', bagStart, bagRows, positiveDots: bags, negativeDots };
  }

  /** Renumbers the output rows; `newIndex` is to renumber the input rows. */
  #finish(groups: number, drawn: number, batches: number): Finished {
    const inputRows = this.#input.finish();
    const outputRows = this.#output.finish();
    const groupOutputs = this.#groupOutputs.subarray(0, groups * GROUP);
    const negatives = this.#negatives.subarray(0, drawn);
    renumber(groupOutputs, outputRows.newIndex);
    renumber(negatives, outputRows.newIndex);
    return {
      inputIds: inputRows.ids,
      outputIds: outputRows.ids,
      inputHits: inputRows.hits,
      outputHits: outputRows.hits,
      groups,
      groupOutputs,
      negativeStart: this.#negativeStart.subarray(0, groups + 1),
      negatives,
      minibatches: batches,
      batchStart: this.#batchStart.subarray(0, batches + 1),
      inputFlush: inputRows.flush,
      outputFlush: outputRows.flush,
      newIndex: inputRows.newIndex,
    };
  }

  #reserve(groups: number, negatives: number, batches: number): void {
    if (this.#groupInputs.length < groups * GROUP) {
      this.#groupInputs = new Uint32Array(groups * GROUP);
      this.#groupOutputs = new Uint32Array(groups * GROUP);
      this.#negativeStart = new Uint32Array(groups + 1);
    }
    if (this.#negatives.length < negatives) this.#negatives = new Uint32Array(negatives);
    if (this.#batchStart.length < batches + 1) this.#batchStart = new Uint32Array(batches + 1);
  }
}

function inOrder(shape: LeaseShape, order: PairOrder): LeaseShape {
  if (order === 'text') return shape;
  const pairs = { inputs: shape.inputs.slice(), outputs: shape.outputs.slice() };
  shuffleChunks(pairs, shape);
  return { ...shape, ...pairs };
}

/** Notes the dot product with a pair's target; answers its rank, marked where the label is 0. */
function target(output: RowCensus, value: number, labelled: boolean): number {
  if (!labelled) return output.touch(value, 1);
  const rank = output.touch(value >>> 1, 1);
  return (value & 1) === 1 ? rank : rank + LABEL_ZERO;
}

function renumber(values: Uint32Array, newIndex: Uint32Array): void {
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (value === ABSENT) continue;
    values[at] = value < LABEL_ZERO ? newIndex[value]! : newIndex[value - LABEL_ZERO]! + LABEL_ZERO;
  }
}

/** Rounds `rate`/65536 up or down at random so that the mean is exact; at most MAX_NEGATIVES would be asked of it. */
function roundAt(rate: number, hash: number): number {
  const whole = Math.floor(rate / 65536);
  return whole + (hash >>> 16 < rate - whole * 65536 ? 1 : 0);
}

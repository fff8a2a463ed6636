// One lease on the volunteer's side: unpack, plan, train, and pack what changed.
import { hasBit, bitmapBytes, setBit } from '../protocol/bitmap.ts';
import { ProtocolError } from '../protocol/bytes.ts';
import { unpackPairs } from '../protocol/pairs.ts';
import { keepsResidual, reserveRows, rowsBytes, unpackRow } from '../protocol/rows.ts';
import { beginResult } from '../protocol/to-coordinator.ts';
import type { Lease, Welcome } from '../protocol/to-volunteer.ts';
import type { Engine, LeaseLoss, LeaseRows, StepSize } from '../word2vec/engine.ts';
import { GridTablesCache } from '../word2vec/grid-tables.ts';
import { drawTable } from '../word2vec/noise.ts';
import { CONTINUES } from '../word2vec/objective.ts';
import { shuffleChunks } from '../word2vec/pair-order.ts';
import type { BagPlan, LeaseShape, NegativeRule, Plan } from '../word2vec/plan.ts';
import { Planner } from '../word2vec/plan.ts';
import { STREAM, streamKey } from '../word2vec/random.ts';
import { rowReach } from '../word2vec/row-reach.ts';
import { DeltaWriter } from './delta-writer.ts';
import { RowCache } from './row-cache.ts';

/** A lease that this volunteer cannot train; it is returned with this code and the run goes on. */
export class LeaseRefused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'LeaseRefused';
    this.code = code;
  }
}

/** A lease taken and not yet trained. */
export interface QueuedLease {
  readonly lease: Lease;
}

/** Whatever takes leases and trains them for a session: a `LeaseWorker`, or one that has the work done elsewhere. */
export interface LeaseTrainer {
  reset(): void;
  /** As `LeaseWorker.prepare`. */
  prepare(lease: Lease, live: readonly QueuedLease[]): QueuedLease;
  /** As `LeaseWorker.train`. */
  train(
    prepared: QueuedLease,
    engine: Engine,
    now: () => number,
    isCurrent: () => boolean,
  ): Promise<Uint8Array<ArrayBuffer> | null>;
}

type Work = { readonly form: 'pairs'; readonly plan: Plan } | { readonly form: 'bags'; readonly plan: BagPlan };

interface PreparedLease extends QueuedLease {
  readonly work: Work;
  /** Owns the plan's memory: plans nothing else while this lease is queued or in training. */
  readonly planner: Planner;
  /** Model row of each planned row: input rows, then output rows. */
  readonly inputRows: Uint32Array;
  readonly outputRows: Uint32Array;
}

/** Holds the cached rows and turns leases into results. Pipelined leases are prepared ahead, trained in order. */
export class LeaseWorker implements LeaseTrainer {
  readonly #welcome: Welcome;
  readonly #tables: GridTablesCache;
  readonly #input: RowCache;
  readonly #output: RowCache;
  /** As many as leases were ever live at once; a plan lives until its planner plans again. */
  readonly #planners: Planner[] = [];
  #inputValues = new Float32Array(0);
  #outputValues = new Float32Array(0);

  constructor(welcome: Welcome) {
    this.#welcome = welcome;
    const { counts, sample, seed, objective } = welcome;
    const model = objective === 'cbow' ? 'cbow' : 'skipgram';
    this.#tables = new GridTablesCache(counts, sample, seed, { model, hs: objective === 'hs' });
    const keepResiduals = keepsResidual(welcome.rowsUp);
    this.#input = new RowCache(welcome.counts.length, welcome.dim, keepResiduals);
    this.#output = new RowCache(welcome.counts.length, welcome.dim, keepResiduals);
  }

  /** Forgets every cached row. */
  reset(): void {
    this.#input.clear();
    this.#output.clear();
  }

  /**
   * Plans the lease and takes the rows it brings.
   * @param live leases queued or in training, whose plans must stay as they are
   * @throws LeaseRefused PLAN_MISMATCH, ROWS_MISSING; ProtocolError BAD_PAIRS
   */
  prepare(lease: Lease, live: readonly PreparedLease[]): PreparedLease {
    if (lease.reset) this.reset();
    const { seed, negative, chunkPairs } = this.#welcome;
    const tables = this.#tables.of(lease.parts);
    const inputMembers = tables.input.members[lease.inputPart];
    const outputMembers = tables.output.members[lease.outputPart];
    if (inputMembers === undefined || outputMembers === undefined) {
      throw new LeaseRefused(
        'PLAN_MISMATCH',
        `block ${lease.inputPart}, ${lease.outputPart} is outside ${lease.parts} parts`,
      );
    }
    const { hs: labelled, model } = this.#tables.objective;
    const form = model === 'cbow' ? 'bags' : 'pairs';
    const place = {
      seed,
      episode: lease.episode,
      block: lease.inputPart * lease.parts + lease.outputPart,
      firstChunk: lease.firstChunk,
      chunkPairs,
    };
    const outputSize = outputMembers.length * (labelled ? 2 : 1);
    const sizes = { inputSize: inputMembers.length, outputSize };
    const pairs = unpackPairs(lease.pairBytes, { pairs: lease.pairs, chunkPairs, ...sizes });
    refuseStrayContexts(pairs.outputs, form === 'bags' ? chunkPairs : 1);
    if (pairs.order === 'sorted') shuffleChunks(pairs, place);
    const planner = this.#idlePlanner(live);
    const shape: LeaseShape = {
      ...place,
      minibatch: lease.minibatch,
      inputs: pairs.inputs,
      outputs: pairs.outputs,
      targets: labelled ? 'labelled' : 'positive',
      inputPartSize: inputMembers.length,
      outputPartSize: outputMembers.length,
      noise: tables.noise(lease.outputPart),
      negatives: negativesOf(lease, negative),
    };
    const work: Work = form === 'bags' ? { form, plan: planner.planBags(shape) } : { form, plan: planner.plan(shape) };
    const { plan } = work;
    if (plan.inputIds.length !== lease.inputRows || plan.outputIds.length !== lease.outputRows) {
      throw new LeaseRefused(
        'PLAN_MISMATCH',
        `planned ${plan.inputIds.length} input and ${plan.outputIds.length} output rows, coordinator ${lease.inputRows} and ${lease.outputRows}`,
      );
    }
    const inputRows = plan.inputIds.map((rank) => inputMembers[rank]!);
    const outputRows = plan.outputIds.map((rank) => outputMembers[rank]!);
    this.#take(lease, inputRows, outputRows);
    return { lease, work, planner, inputRows, outputRows };
  }

  #idlePlanner(live: readonly PreparedLease[]): Planner {
    let planner = this.#planners.find((candidate) => live.every((prepared) => prepared.planner !== candidate));
    if (planner === undefined) this.#planners.push((planner = new Planner()));
    return planner;
  }

  #take(lease: Lease, inputRows: Uint32Array, outputRows: Uint32Array): void {
    const { dim } = this.#welcome;
    let packed = 0;
    for (let r = 0; r < inputRows.length + outputRows.length; r++) {
      const isInput = r < inputRows.length;
      const cache = isInput ? this.#input : this.#output;
      const row = isInput ? inputRows[r]! : outputRows[r - inputRows.length]!;
      if (hasBit(lease.present, r)) {
        const offset = cache.reserve(row);
        unpackRow(lease.rows, packed++, cache.values, offset, dim);
      } else if (cache.find(row) < 0) {
        throw new LeaseRefused('ROWS_MISSING', `row ${row} was neither held nor sent`);
      }
    }
  }

  /**
   * Trains and answers the result frame; `isCurrent` is asked after training, and a lease that was cancelled
   * meanwhile changes nothing and answers null.
   */
  async train(
    prepared: PreparedLease,
    engine: Engine,
    now: () => number,
    isCurrent: () => boolean,
  ): Promise<Uint8Array<ArrayBuffer> | null> {
    const { work, lease, inputRows, outputRows } = prepared;
    const { plan } = work;
    const { dim, damping, rowsUp, seed } = this.#welcome;
    this.#inputValues = gather(this.#input, inputRows, dim, this.#inputValues);
    this.#outputValues = gather(this.#output, outputRows, dim, this.#outputValues);
    const rows = {
      input: this.#inputValues.subarray(0, inputRows.length * dim),
      output: this.#outputValues.subarray(0, outputRows.length * dim),
      dim,
    };
    const begun = now();
    const step = { alpha: lease.alpha, damping };
    const loss = await (work.form === 'bags'
      ? trainBags(engine, work.plan, rows, step)
      : engine.train(work.plan, rows, step));
    const computeMs = now() - begun;
    if (!isCurrent()) return null;
    const total = inputRows.length + outputRows.length;
    const present = new Uint8Array(bitmapBytes(total));
    const sent =
      subtract(this.#input, inputRows, rows.input, dim, present, 0) +
      subtract(this.#output, outputRows, rows.output, dim, present, inputRows.length);
    const head = { lease: lease.lease, positiveLoss: loss.positive, negativeLoss: loss.negative, computeMs };
    const write = beginResult(
      { ...head, inputRows: inputRows.length, outputRows: outputRows.length, present },
      rowsBytes(rowsUp, sent, dim),
    );
    const key = streamKey(seed, STREAM.rounding, lease.lease);
    const deltas = new DeltaWriter(reserveRows(write, rowsUp, sent, dim), dim, key);
    const inputReach = rowReach(plan.inputFlush, inputRows.length, step);
    const outputReach = rowReach(plan.outputFlush, outputRows.length, step);
    for (let r = 0; r < total; r++) {
      if (!hasBit(present, r)) continue;
      const isInput = r < inputRows.length;
      const local = isInput ? r : r - inputRows.length;
      const cache = isInput ? this.#input : this.#output;
      const held = cache.find((isInput ? inputRows : outputRows)[local]!);
      const reach = (isInput ? inputReach : outputReach)[local]!;
      const values = isInput ? rows.input : rows.output;
      deltas.write({ held, values, offset: local * dim, reach }, cache, r * dim);
    }
    return write.finish();
  }
}

/** @throws Error for an engine that has no CBOW: whoever made the session keeps to one that has */
function trainBags(engine: Engine, plan: BagPlan, rows: LeaseRows, step: StepSize): Promise<LeaseLoss> {
  if (engine.trainBags === undefined) throw new Error(`the ${engine.kind} engine does not train CBOW`);
  return engine.trainBags(plan, rows, step);
}

/**
 * No bag goes on from one chunk to the next; where there are no bags, none goes on at all.
 * @param every pairs from one place where a bag must begin to the next
 * @throws ProtocolError BAD_PAIRS
 */
function refuseStrayContexts(outputs: Uint32Array, every: number): void {
  for (let at = 0; at < outputs.length; at += every) {
    if (outputs[at] === CONTINUES) throw new ProtocolError('BAD_PAIRS', `pair ${at} goes on with no bag`);
  }
}

function negativesOf({ rule, rate, inputCounts }: Lease, draws: number): NegativeRule {
  switch (rule) {
    case 'none':
      return { kind: rule };
    case 'coupled':
      return { kind: rule, rate };
    case 'decoupled':
      return { kind: rule, rate, draws, inputs: drawTable(Float64Array.from(inputCounts)) };
  }
}

/** Copies held rows into one dense matrix, row-major. */
function gather(
  cache: RowCache,
  rows: Uint32Array,
  dim: number,
  room: Float32Array<ArrayBuffer>,
): Float32Array<ArrayBuffer> {
  const target = room.length >= rows.length * dim ? room : new Float32Array(rows.length * dim);
  for (let r = 0; r < rows.length; r++) {
    const offset = cache.find(rows[r]!);
    target.set(cache.values.subarray(offset, offset + dim), r * dim);
  }
  return target;
}

/** trained -= held, marking the rows that moved; answers how many did. */
function subtract(
  cache: RowCache,
  rows: Uint32Array,
  trained: Float32Array,
  dim: number,
  present: Uint8Array,
  firstBit: number,
): number {
  const { values } = cache;
  let moved = 0;
  for (let r = 0; r < rows.length; r++) {
    const offset = cache.find(rows[r]!);
    let any = false;
    for (let d = 0; d < dim; d++) {
      const delta = trained[r * dim + d]! - values[offset + d]!;
      trained[r * dim + d] = delta;
      if (delta !== 0) any = true;
    }
    if (!any) continue;
    setBit(present, firstBit + r);
    moved++;
  }
  return moved;
}

// One lease on the volunteer's side: unpack, plan, train, and pack what changed.
import { withBits } from '../protocol/bitmap.ts';
import { ProtocolError } from '../protocol/bytes.ts';
import { unpackPairs } from '../protocol/pairs.ts';
import { keepsResidual } from '../protocol/rows.ts';
import type { Lease, Welcome } from '../protocol/to-volunteer.ts';
import type { Engine, LeaseLoss, LeaseRows, StepSize } from '../word2vec/engine.ts';
import { GridTablesCache } from '../word2vec/grid-tables.ts';
import type { DrawTable } from '../word2vec/noise.ts';
import { drawTable } from '../word2vec/noise.ts';
import { CONTINUES } from '../word2vec/objective.ts';
import type { BagPlan, LeaseShape, NegativeRule, Plan } from '../word2vec/plan.ts';
import { Planner } from '../word2vec/planner.ts';
import { rowReach } from '../word2vec/row-reach.ts';
import { LeaseDeltas } from './lease-deltas.ts';
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

/** What leases are planned with: a function of the run alone, and room. Workers that train in turn may share it. */
export class LeaseTools {
  readonly tables: GridTablesCache;
  /** As many as leases were ever live at once; a plan lives until its planner plans again. */
  readonly #planners: Planner[] = [];
  /** Of each input part the draws of its last lease: counts change with the episode. */
  readonly #inputs = new Map<number, { readonly counts: Uint32Array; readonly table: DrawTable }>();

  constructor({ counts, sample, seed, objective }: Welcome) {
    const model = objective === 'cbow' ? 'cbow' : 'skipgram';
    this.tables = new GridTablesCache(counts, sample, seed, { model, hs: objective === 'hs' });
  }

  /** One whose plan none of `live` needs. */
  planner(live: readonly PreparedLease[]): Planner {
    let planner = this.#planners.find((candidate) => live.every((prepared) => prepared.planner !== candidate));
    if (planner === undefined) this.#planners.push((planner = new Planner()));
    return planner;
  }

  inputTable(part: number, counts: Uint32Array): DrawTable {
    let known = this.#inputs.get(part);
    if (known === undefined || !isSame(known.counts, counts)) {
      known = { counts: counts.slice(), table: drawTable(Float64Array.from(counts)) };
      this.#inputs.set(part, known);
    }
    return known.table;
  }
}

function isSame(a: Uint32Array, b: Uint32Array): boolean {
  if (a.length !== b.length) return false;
  for (let k = 0; k < a.length; k++) if (a[k] !== b[k]) return false;
  return true;
}

/** Holds the cached rows and turns leases into results. Pipelined leases are prepared ahead, trained in order. */
export class LeaseWorker implements LeaseTrainer {
  readonly #welcome: Welcome;
  readonly #tools: LeaseTools;
  readonly #input: RowCache;
  readonly #output: RowCache;
  readonly #deltas: LeaseDeltas;
  #inputValues = new Float32Array(0);
  #outputValues = new Float32Array(0);

  constructor(welcome: Welcome, tools = new LeaseTools(welcome)) {
    this.#welcome = welcome;
    this.#tools = tools;
    this.#deltas = new LeaseDeltas(welcome);
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
    const tables = this.#tools.tables.of(lease.parts);
    const inputMembers = tables.input.members[lease.inputPart];
    const outputMembers = tables.output.members[lease.outputPart];
    if (inputMembers === undefined || outputMembers === undefined) {
      throw new LeaseRefused(
        'PLAN_MISMATCH',
        `block ${lease.inputPart}, ${lease.outputPart} is outside ${lease.parts} parts`,
      );
    }
    const { hs: labelled, model } = this.#tools.tables.objective;
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
    const planner = this.#tools.planner(live);
    const shape: LeaseShape = {
      ...place,
      minibatch: lease.minibatch,
      inputs: pairs.inputs,
      outputs: pairs.outputs,
      targets: labelled ? 'labelled' : 'positive',
      inputPartSize: inputMembers.length,
      outputPartSize: outputMembers.length,
      noise: tables.noise(lease.outputPart),
      negatives: negativesOf(lease, negative, this.#tools),
    };
    const work: Work =
      form === 'bags' ? { form, plan: planner.planBags(shape) } : { form, plan: planner.plan(shape, pairs.order) };
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

  #take(lease: Lease, inputRows: Uint32Array, outputRows: Uint32Array): void {
    const inputs = takeRows(lease, this.#input, inputRows, 0, 0);
    takeRows(lease, this.#output, outputRows, inputRows.length, inputs);
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
    const { dim, damping } = this.#welcome;
    const inputPlaces = this.#input.places(inputRows);
    const outputPlaces = this.#output.places(outputRows);
    this.#inputValues = roomFor(inputRows.length * dim, this.#inputValues);
    this.#outputValues = roomFor(outputRows.length * dim, this.#outputValues);
    const rows = {
      input: this.#inputValues.subarray(0, inputRows.length * dim),
      output: this.#outputValues.subarray(0, outputRows.length * dim),
      dim,
    };
    this.#input.store.gather(inputPlaces, rows.input);
    this.#output.store.gather(outputPlaces, rows.output);
    const begun = now();
    const step = { alpha: lease.alpha, damping };
    const loss = await (work.form === 'bags'
      ? trainBags(engine, work.plan, rows, step)
      : engine.train(work.plan, rows, step));
    const computeMs = now() - begun;
    if (!isCurrent()) return null;
    return this.#deltas.frame(
      { lease: lease.lease, positiveLoss: loss.positive, negativeLoss: loss.negative, computeMs },
      {
        cache: this.#input,
        places: inputPlaces,
        values: rows.input,
        reach: () => rowReach(plan.inputFlush, inputRows.length, step),
      },
      {
        cache: this.#output,
        places: outputPlaces,
        values: rows.output,
        reach: () => rowReach(plan.outputFlush, outputRows.length, step),
      },
    );
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

function negativesOf({ rule, rate, inputPart, inputCounts }: Lease, draws: number, tools: LeaseTools): NegativeRule {
  switch (rule) {
    case 'none':
      return { kind: rule };
    case 'coupled':
      return { kind: rule, rate };
    case 'decoupled':
      return { kind: rule, rate, draws, inputs: tools.inputTable(inputPart, inputCounts) };
  }
}

function roomFor(length: number, room: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  return room.length >= length ? room : new Float32Array(length);
}

/**
 * Takes the rows that a lease brings of one matrix; answers how many.
 * @param firstBit of the rows in the lease's bitmap @param at first of them among the packed rows
 * @throws LeaseRefused ROWS_MISSING
 */
function takeRows(lease: Lease, cache: RowCache, rows: Uint32Array, firstBit: number, at: number): number {
  const brought = withBits(rows, lease.present, firstBit);
  for (let r = 0; r < brought.length; r++) cache.reserve(brought[r]!);
  for (let r = 0; r < rows.length; r++) {
    if (cache.find(rows[r]!) < 0) throw new LeaseRefused('ROWS_MISSING', `row ${rows[r]} was neither held nor sent`);
  }
  cache.store.unpack(lease.rows, at, cache.places(brought));
  return brought.length;
}

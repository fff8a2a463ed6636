// A small run in memory: real grid, model, desk, sessions and engine; frames go through queues, time is set by hand.
import type { Descent, DescentRule } from '../../../coordinator/descent/descent.ts';
import { makeDescent } from '../../../coordinator/descent/make.ts';
import type { Episode } from '../../../coordinator/leases/episode.ts';
import type { Audit, DeskConstants, DeskEvent } from '../../../coordinator/leases/desk-types.ts';
import { LeaseDesk } from '../../../coordinator/leases/lease-desk.ts';
import { Addition, Merging } from '../../../coordinator/leases/merge.ts';
import type { Volunteer } from '../../../coordinator/leases/volunteer.ts';
import { Model } from '../../../coordinator/model/model.ts';
import { Downpour } from '../../../coordinator/schedule/downpour.ts';
import { Grid } from '../../../coordinator/schedule/grid.ts';
import type { Scheduler } from '../../../coordinator/schedule/scheduler.ts';
import type { RowFormat } from '../../../protocol/rows.ts';
import type { Lease } from '../../../protocol/to-volunteer.ts';
import type { SessionEvent } from '../../../volunteer/session.ts';
import { VolunteerSession } from '../../../volunteer/session.ts';
import { BatchedReference } from '../../../word2vec/batched-reference.ts';
import type { Engine, LeaseLoss, LeaseRows, StepSize } from '../../../word2vec/engine.ts';
import { GridTablesCache } from '../../../word2vec/grid-tables.ts';
import { draw, drawTable } from '../../../word2vec/noise.ts';
import type { BagPlan, Plan } from '../../../word2vec/plan.ts';
import type { Objective } from '../../../word2vec/objective.ts';
import { hashAt, streamKey } from '../../../word2vec/random.ts';
import { PairCollector } from '../../../word2vec/skip-gram-pairs.ts';
import { EventChecker } from './event-checker.ts';

export interface RunOptions {
  readonly words?: number;
  readonly dim?: number;
  /** P of each episode, in order. */
  readonly parts?: readonly number[];
  /** Tokens of each episode. */
  readonly tokens?: number;
  readonly rowsDown?: RowFormat;
  readonly rowsUp?: RowFormat;
  readonly chunkPairs?: number;
  /** Pairs per minibatch; 0: by parts and words. */
  readonly batch?: number;
  readonly alpha?: number;
  readonly maxVolunteers?: number;
  /** Exponent of the words' Zipf law. */
  readonly skew?: number;
  /** Chance that a word is followed by its successor: structure to learn. */
  readonly structure?: number;
  readonly seed?: number;
  /** What is trained: skip-gram with negatives if nothing else is said. */
  readonly objective?: Objective;
  /** Merge rule: the schedule is then downpour, and every episode has one part. */
  readonly descent?: DescentRule;
  readonly audit?: Audit;
}

const SKIP_GRAM = { model: 'skipgram', hs: false } as const;

export class SmallRun {
  readonly model: Model;
  readonly grid: Scheduler;
  readonly desk: LeaseDesk;
  readonly tables: GridTablesCache;
  readonly constants: DeskConstants;
  readonly journal: EventChecker;
  readonly descent: Descent | null;
  readonly episodes: Episode[];
  readonly clock = { now: 1000 };
  #added = 0;
  #tokensDone = 0;

  constructor(options: RunOptions = {}) {
    const {
      descent,
      words = 60,
      dim = 8,
      parts = descent === undefined ? [4, 4] : [1, 1],
      tokens = 3000,
      skew = 1,
      structure = 0.5,
      seed = 5,
      objective = SKIP_GRAM,
    } = options;
    const counts = Float64Array.from({ length: words }, (_, id) => Math.ceil(20_000 / (id + 1) ** skew));
    const {
      rowsDown = 'int8',
      rowsUp = 'int8',
      chunkPairs = 384,
      batch = 0,
      alpha = 0.06,
      maxVolunteers = 16,
    } = options;
    this.constants = {
      seed,
      dim,
      negative: 5,
      coupledParts: 16,
      batch,
      damping: 0.25,
      sample: 1e-3,
      chunkPairs,
      schedule: descent === undefined ? 'grid' : 'downpour',
      rowsDown,
      rowsUp,
      counts,
      leaseMs: 3000,
      graceMs: 20_000,
      maxVolunteers,
    };
    this.model = Model.fresh(words, dim, seed);
    const totalTokens = tokens * parts.length;
    const budget = { totalTokens, shares: { run: 0.2, done: 2 }, tokensDone: () => this.#tokensDone };
    this.grid = descent === undefined ? new Grid(chunkPairs) : new Downpour(chunkPairs, budget);
    this.descent = descent === undefined ? null : makeDescent(descent, words, dim);
    this.journal = new EventChecker(descent === undefined);
    this.tables = new GridTablesCache(counts, 1e-3, seed, objective);
    const edges = {
      audit: options.audit ?? null,
      now: () => this.clock.now,
      alpha: () => alpha,
      report: (event: DeskEvent): void => {
        if (event.kind === 'applied') this.#tokensDone += event.record.words;
        this.journal.note(event);
      },
    };
    const merge = this.descent === null ? new Addition(this.model) : new Merging(this.model, this.descent, 6);
    this.desk = new LeaseDesk(this.constants, this.model, this.grid, this.tables, edges, merge);
    this.episodes = makeEpisodes(parts, tokens, counts, seed, structure, this.tables);
  }

  /** Chunks of all episodes together. */
  get chunks(): number {
    let chunks = 0;
    for (const { offsets, parts } of this.episodes) {
      for (let block = 0; block < parts * parts; block++) {
        chunks += Math.ceil((offsets[block + 1]! - offsets[block]!) / this.constants.chunkPairs);
      }
    }
    return chunks;
  }

  /** Retires complete episodes and keeps two open, as a run does. */
  settle(): void {
    for (let number = this.grid.retire(); number !== null; number = this.grid.retire()) this.desk.dropEpisode(number);
    while (this.#added < this.episodes.length && this.grid.episodes.length < 2)
      this.desk.addEpisode(this.episodes[this.#added++]!);
  }

  get done(): boolean {
    return this.#added === this.episodes.length && this.grid.episodes.length === 0;
  }

  /** Copies of everything that a refused frame must not change. */
  image(): Float32Array[] {
    const { input, output, inputVersions, outputVersions } = this.model;
    return [input.slice(), output.slice(), Float32Array.from(inputVersions), Float32Array.from(outputVersions)];
  }
}

function makeEpisodes(
  parts: readonly number[],
  tokens: number,
  counts: Float64Array,
  seed: number,
  structure: number,
  tables: GridTablesCache,
): Episode[] {
  const words = counts.length;
  const collector = new PairCollector({
    seed,
    window: 3,
    keep: new Float64Array(words).fill(2 ** 32),
    objective: tables.objective,
    order: parts.every((P) => P === 1) ? 'text' : 'shuffled',
    chunkPairs: 384,
  });
  const table = drawTable(counts);
  const key = streamKey(seed, 99);
  let last = 0;
  return parts.map((P, number) => {
    for (let at = 0; at < tokens; at++) {
      const position = number * tokens + at;
      const follows = hashAt(key, position * 2) / 2 ** 32 < structure;
      last = follows ? (last + 1) % words : draw(table, hashAt(key, position * 2 + 1));
      collector.add(last, 0, position);
      if (at % 40 === 39) collector.endSentence(0);
    }
    collector.endSentence(0);
    const place = (count: number): Episode['from'] => ({
      epoch: 0,
      split: 0,
      line: count,
      token: 0,
      tokens: count,
      beyond: 0,
    });
    const { kept } = collector;
    const pairs = collector.bucket(tables.of(P), number);
    return { ...pairs, number, parts: P, kept, from: place(number * tokens), to: place((number + 1) * tokens) };
  });
}

/** Trains by the reference; may be told to wait, to fail, or to look at what it got. */
export class StagedEngine implements Engine {
  readonly kind = 'reference';
  readonly device = 'reference';
  readonly #reference = new BatchedReference();
  /** Called with every lease before it is trained. */
  look: (plan: Plan | BagPlan, rows: LeaseRows) => void = () => undefined;
  /** Set to make the next leases fail. */
  failures = 0;
  #gate: Promise<void> | null = null;
  #open: () => void = () => undefined;

  /** From now on leases wait in the engine until `release`. */
  hold(): void {
    this.#gate = new Promise((resolve) => (this.#open = resolve));
  }

  release(): void {
    this.#open();
    this.#gate = null;
  }

  async train(plan: Plan, rows: LeaseRows, step: StepSize): Promise<LeaseLoss> {
    await this.#stage(plan, rows);
    return this.#reference.train(plan, rows, step);
  }

  async trainBags(plan: BagPlan, rows: LeaseRows, step: StepSize): Promise<LeaseLoss> {
    await this.#stage(plan, rows);
    return this.#reference.trainBags(plan, rows, step);
  }

  async #stage(plan: Plan | BagPlan, rows: LeaseRows): Promise<void> {
    this.look(plan, rows);
    if (this.#gate !== null) await this.#gate;
    if (this.failures > 0) {
      this.failures--;
      throw new Error('device lost');
    }
  }

  dispose(): void {}
}

/** One volunteer: its session, the queues in between, and what it was told. */
export class Tab {
  readonly engine = new StagedEngine();
  readonly session: VolunteerSession;
  readonly volunteer: Volunteer;
  readonly events: SessionEvent[] = [];
  readonly up: Uint8Array[] = [];
  readonly down: Uint8Array[] = [];
  /** Close code of the coordinator, null while open. */
  closed: number | null = null;
  closeReason = '';
  /** The lease in training, or the last that was. */
  lease: Lease | null = null;
  readonly #run: SmallRun;

  constructor(run: SmallRun, cacheMiB = 64) {
    this.#run = run;
    const { down } = this;
    this.volunteer = run.desk.connect(
      {
        send: (frame) => void down.push(frame.slice()),
        close: (code, reason) => {
          this.closed ??= code;
          this.closeReason = reason;
        },
        buffered: 0,
        address: '',
      },
      false,
    );
    this.session = new VolunteerSession(
      {
        send: (frame) => void this.up.push(frame.slice()),
        now: () => run.clock.now,
        engine: () => Promise.resolve(this.engine),
        engineFailed: () => undefined,
      },
      (event) => {
        if (event.kind === 'training') this.lease = event.lease;
        this.events.push(event);
      },
    );
    this.session.open({ engine: 'cpu', device: 'reference', cacheMiB, name: '', browser: '' });
  }

  /** Delivers the oldest frame on its way up; answers whether there was one. */
  deliverUp(): boolean {
    const frame = this.up.shift();
    if (frame !== undefined && this.closed === null) this.#run.desk.receive(this.volunteer, frame);
    return frame !== undefined;
  }

  deliverDown(): boolean {
    const frame = this.down.shift();
    if (frame !== undefined) this.session.receive(frame);
    return frame !== undefined;
  }

  /** The connection breaks. */
  vanish(): void {
    this.session.close();
    this.up.length = 0;
    this.down.length = 0;
    this.closed = 1006;
    this.#run.desk.disconnect(this.volunteer, 'its connection closed');
  }

  outcomes(): string[] {
    return this.events.flatMap((event) => (event.kind === 'outcome' ? [event.outcome.outcome] : []));
  }

  reasons(): string[] {
    return this.events.flatMap((event) => (event.kind === 'idle' ? [event.reason] : []));
  }
}

/** Lets promises settle. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Delivers frames in an order chosen by `seed` until nothing moves any more; `msPerFrame` passes with each.
 * @throws Error when the run moves for ever
 */
export async function play(
  run: SmallRun,
  tabs: readonly Tab[],
  { seed = 1, msPerFrame = 5, until = (): boolean => false } = {},
): Promise<void> {
  for (let step = 0; ; step++) {
    if (step > 200_000) throw new Error('the run does not end');
    run.settle();
    if (until()) return;
    const first = hashAt(seed, step);
    let moved = false;
    for (let k = 0; k < tabs.length * 2 && !moved; k++) {
      const choice = (first + k) % (tabs.length * 2);
      const tab = tabs[choice >> 1]!;
      moved = choice % 2 === 0 ? tab.deliverUp() : tab.deliverDown();
    }
    run.clock.now += msPerFrame;
    if (moved) continue;
    // What moves next comes out of an engine, if at all.
    await turn();
    if (tabs.every((tab) => tab.up.length === 0 && tab.down.length === 0)) return;
  }
}

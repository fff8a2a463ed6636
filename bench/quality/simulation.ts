// A run of virtual volunteers on the real ingest, episodes, grid, lease desk, gate, codec, planner and CPU engine.
import type { Counted } from '../../coordinator/ingest/requests.ts';
import type { IngestThread } from '../../coordinator/ingest/ingest-thread.ts';
import type { Episode } from '../../coordinator/leases/episode.ts';
import type { DeskEvent } from '../../coordinator/leases/desk-types.ts';
import { Traffic } from '../../coordinator/leases/traffic.ts';
import type { Model } from '../../coordinator/model/model.ts';
import type { Schedule, TrainingConfig } from '../../coordinator/run/config.ts';
import { Episodes } from '../../coordinator/run/episodes.ts';
import type { JournalEntry, JournalWriter } from '../../coordinator/run/journal.ts';
import { LossMeter } from '../../coordinator/run/meters.ts';
import { isDivergent } from '../../coordinator/run/recorder.ts';
import type { Training } from '../../coordinator/run/training.ts';
import { assembleTraining } from '../../coordinator/run/training.ts';
import { episodeEnd } from '../../word2vec/curriculum.ts';
import { ComputeThreads } from './compute-threads.ts';
import type { FleetRules } from './fleet.ts';
import { speeds } from './fleet.ts';
import { VirtualClock } from './virtual-clock.ts';
import type { VolunteerFigures, World } from './virtual-volunteer.ts';
import { VirtualVolunteer } from './virtual-volunteer.ts';

/** ms between the coordinator's ticks. */
const TICK_MS = 1000;
/** ms of simulated time without any result after which something is wrong with the simulation itself. */
const STALLED_MS = 3_600_000;

/** How many times as fast as the volunteers train the coordinator prepares, unless told. */
const INGEST_LEAD = 4;

export interface SimulationPlan {
  readonly config: TrainingConfig;
  readonly counted: Counted;
  /** Has opened and counted the corpus. */
  readonly ingest: IngestThread;
  readonly schedule: Schedule;
  readonly fleet: FleetRules;
  /** Words that the coordinator prepares in a second; 0: four times what the volunteers train. */
  readonly ingestSpeed: number;
  readonly threads: number;
  /** How good the model is as it is, asked after each episode; null for no curve. */
  readonly measure: ((model: Model) => Goodness) | null;
  /** Called with the share of the words that are trained, and the seconds simulated. */
  progress(share: number, seconds: number): void;
}

export interface EpisodeFigures {
  readonly parts: number;
  readonly pairs: number;
  /** Words trained when it was opened. */
  readonly fromTokens: number;
}

export interface Goodness {
  readonly heldOutLoss: number | null;
  /** Share of the analogies that were right; absent where they were not asked. */
  readonly accuracy?: number | null;
}

/** How good the model was after an episode. */
export interface CurvePoint extends Goodness {
  readonly tokens: number;
  /** Of simulated time. */
  readonly seconds: number;
}

export interface Simulated {
  readonly model: Model;
  /** Whether it was stopped since rows grew beyond all measure. */
  readonly diverged: boolean;
  /** Words of the corpus trained. */
  readonly tokens: number;
  readonly pairs: number;
  /** Of simulated time, from the joining to the last result. */
  readonly seconds: number;
  /** Mean over the last leases, as the dashboard shows it. */
  readonly loss: number | null;
  readonly leases: Readonly<Record<'granted' | 'applied' | 'expired' | 'returned' | 'rejected' | 'late', number>>;
  readonly episodes: readonly EpisodeFigures[];
  readonly curve: readonly CurvePoint[];
  readonly traffic: Traffic;
  readonly volunteers: readonly VolunteerFigures[];
  /** What it took to compute all this. */
  readonly cost: {
    readonly seconds: number;
    /** Of all threads together, and of the engines in them. */
    readonly processorSeconds: number;
    readonly engineSeconds: number;
    /** Processor time before, for loading, counting and starting threads. */
    readonly startSeconds: number;
    readonly threads: number;
  };
}

export async function simulate(plan: SimulationPlan): Promise<Simulated> {
  const threads = new ComputeThreads(plan.threads);
  try {
    return await new Simulation(plan, threads).run();
  } finally {
    await threads.close();
  }
}

class Simulation {
  readonly #plan: SimulationPlan;
  readonly #threads: ComputeThreads;
  readonly #clock = new VirtualClock();
  /** Of those who have gone. */
  readonly #gone = new Traffic();
  readonly #loss = new LossMeter(200_000);
  readonly #leases = { granted: 0, applied: 0, expired: 0, returned: 0, rejected: 0, late: 0 };
  readonly #opened: EpisodeFigures[] = [];
  readonly #curve: CurvePoint[] = [];
  readonly #episodes: Episodes;
  #volunteers: readonly VirtualVolunteer[] = [];
  #tokens = 0;
  #pairs = 0;
  #lastResult = 0;
  #settling = false;
  #over = false;
  #diverged = false;
  #failure: Error | null = null;

  constructor(plan: SimulationPlan, threads: ComputeThreads) {
    this.#plan = plan;
    this.#threads = threads;
    this.#episodes = new Episodes(plan.ingest, null);
  }

  async run(): Promise<Simulated> {
    const { config, counted, ingest, schedule, fleet } = this.#plan;
    await ingest.train({
      words: counted.words,
      counts: counted.counts,
      heldOutLimit: counted.heldOut.limit,
      exact: true,
      ...config,
    });
    const journal: JournalWriter = { write: (entry) => this.#note(entry) };
    const edges = {
      now: () => this.#clock.now,
      tokensDone: () => this.#tokens,
      report: (event: DeskEvent) => this.#onDesk(event),
      audit: null,
    };
    const training = assembleTraining(config, counted, null, journal, edges, schedule);
    const world: World = {
      clock: this.#clock,
      desk: training.desk,
      threads: this.#threads,
      fleet,
      fail: (error) => (this.#failure ??= error),
    };
    await this.#threads.ready;
    const begun = performance.now();
    const used = process.cpuUsage();
    this.#volunteers = enlist(world, this.#threads.size);
    for (const one of this.#volunteers) one.join();
    // The first episode is cut for those who are here.
    this.#clock.at(2 * fleet.rtt, () => this.#settle(training));
    this.#clock.at(TICK_MS, () => this.#tick(training));
    await this.#clock.run(() => {
      if (this.#failure !== null) throw this.#failure;
      if (this.#settling) this.#settle(training);
      return this.#over;
    });
    const seconds = (performance.now() - begun) / 1000;
    const { user, system } = process.cpuUsage(used);
    return {
      model: training.model,
      diverged: this.#diverged,
      tokens: this.#tokens,
      pairs: this.#pairs,
      seconds: this.#clock.now / 1000,
      loss: this.#loss.value,
      leases: this.#leases,
      episodes: this.#opened,
      curve: this.#curve,
      traffic: Traffic.sum(this.#gone, training.desk.volunteers),
      volunteers: this.#volunteers.map((one) => one.figures),
      cost: {
        seconds,
        processorSeconds: (user + system) / 1e6,
        engineSeconds: this.#threads.engineSeconds,
        startSeconds: (used.user + used.system) / 1e6,
        threads: this.#threads.size,
      },
    };
  }

  #note(entry: JournalEntry): void {
    if (entry.kind !== 'episode') return;
    const { parts, pairs, fromTokens } = entry;
    this.#opened.push({ parts, pairs, fromTokens });
  }

  #onDesk(event: DeskEvent): void {
    switch (event.kind) {
      case 'granted':
        this.#leases.granted++;
        for (const one of this.#volunteers) one.granted(event.volunteer.id, event.record.grant.lease);
        if (isDivergent(event.record)) this.#diverged = this.#over = true;
        return;
      case 'applied':
        this.#leases.applied++;
        this.#tokens += event.record.words;
        this.#pairs += event.record.pairs;
        this.#loss.add(event.loss, event.record.pairs);
        this.#lastResult = this.#clock.now;
        this.#settling = true;
        return;
      case 'ended':
        this.#leases[event.cause]++;
        return;
      case 'late':
        this.#leases.late++;
        return;
      case 'gone':
        this.#gone.add(event.volunteer.traffic);
        return;
      case 'joined':
        return;
    }
  }

  /** As the run does after each result: retires complete episodes, prepares the next, ends when nothing is left. */
  #settle(training: Training<JournalWriter>): void {
    this.#settling = false;
    const before = this.#episodes.open.length;
    this.#episodes.retireComplete(training);
    if (this.#episodes.open.length < before) this.#measure(training.model);
    const { tokens } = this.#episodes.next.position;
    const preparing = this.#episodes.prepare(training);
    if (preparing !== null) this.#adopt(preparing, tokens, training);
    if (this.#episodes.exhausted(training.totalTokens)) {
      this.#tokens = training.totalTokens;
      this.#over = true;
    }
  }

  #measure(model: Model): void {
    const { measure } = this.#plan;
    if (measure === null) return;
    this.#curve.push({ tokens: Math.round(this.#tokens), seconds: this.#clock.now / 1000, ...measure(model) });
  }

  /** The episode is there when the coordinator would have it; the ingest thread works on it meanwhile. */
  #adopt(preparing: Promise<Episode>, from: number, training: Training<JournalWriter>): void {
    const { curriculum } = training;
    const tokens = episodeEnd(from, curriculum) - from;
    const wordsPerSecond = this.#plan.ingestSpeed || this.#defaultIngestSpeed(curriculum.keptShare);
    // Rejections are met where it is awaited.
    preparing.catch(() => undefined);
    this.#clock.at(this.#clock.now + (tokens / wordsPerSecond) * 1000, async () => {
      this.#episodes.adopt(await preparing, training);
      this.#settling = true;
    });
  }

  #defaultIngestSpeed(keptShare: number): number {
    const { fleet, config } = this.#plan;
    const pairsPerWord = keptShare * (config.window + 1);
    return (INGEST_LEAD * fleet.pairsPerSecond * fleet.volunteers) / pairsPerWord;
  }

  #tick(training: Training<JournalWriter>): void {
    const { desk, totalTokens } = training;
    desk.tick();
    const loss = this.#loss.value ?? Number.NaN;
    const figures = { wordsPerSecond: 0, volunteers: desk.willing, etaSeconds: Number.NaN, loss };
    const tokens = { tokensDone: this.#tokens, tokensTotal: totalTokens, allWords: this.#tokens };
    desk.broadcast({ ...tokens, ...figures });
    this.#plan.progress(this.#tokens / totalTokens, this.#clock.now / 1000);
    if (this.#clock.now - this.#lastResult > STALLED_MS) throw new Error('the simulated run has come to a standstill');
    this.#clock.at(this.#clock.now + TICK_MS, () => this.#tick(training));
  }
}

/** Volunteers pinned to threads such that each thread gets about the same work. */
function enlist(world: World, threads: number): VirtualVolunteer[] {
  const loads = new Float64Array(threads);
  const all = speeds(world.fleet);
  const pinned = new Map<number, number>();
  for (const [number, speed] of [...all.entries()].sort((a, b) => b[1] - a[1] || a[0] - b[0])) {
    const thread = loads.indexOf(Math.min(...loads));
    loads[thread]! += speed;
    pinned.set(number, thread);
  }
  return all.map((speed, number) => new VirtualVolunteer(world, number, pinned.get(number)!, speed));
}

// A volunteer in simulated time: the real session, its link to the real lease desk, and an engine that takes
// as long as its speed says while a compute thread does the work.
import type { LeaseDesk } from '../../coordinator/leases/lease-desk.ts';
import type { Volunteer } from '../../coordinator/leases/volunteer.ts';
import type { Lease } from '../../protocol/to-volunteer.ts';
import type { LeaseTrainer, QueuedLease } from '../../volunteer/lease-work.ts';
import { VolunteerSession } from '../../volunteer/session.ts';
import type { Engine } from '../../word2vec/engine.ts';
import type { ComputeThreads } from './compute-threads.ts';
import type { Death, FleetRules } from './fleet.ts';
import { death } from './fleet.ts';
import { Link } from './link.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** ms of silence after which the server takes a connection for dead (volunteer-socket.ts). */
const SILENCE_MS = 45_000;
/** MiB of rows that a volunteer may cache. */
const CACHE_MIB = 1024;

export interface World {
  readonly clock: VirtualClock;
  readonly desk: LeaseDesk;
  readonly threads: ComputeThreads;
  readonly fleet: FleetRules;
  /** It cannot go on. */
  fail(error: Error): void;
}

export interface VolunteerFigures {
  readonly pairsPerSecond: number;
  /** Leases trained to the end, and their pairs. */
  readonly leases: number;
  readonly pairs: number;
  /** ms in training, and connected. */
  readonly busyMs: number;
  readonly presentMs: number;
  readonly deaths: number;
}

export class VirtualVolunteer {
  readonly #world: World;
  readonly #number: number;
  readonly #thread: number;
  readonly #pairsPerSecond: number;
  #connection: Connection | null = null;
  #deaths = 0;
  readonly #totals = { leases: 0, pairs: 0, busyMs: 0, presentMs: 0 };

  /** @param number from 0 @param thread that does its computing */
  constructor(world: World, number: number, thread: number, pairsPerSecond: number) {
    this.#world = world;
    this.#number = number;
    this.#thread = thread;
    this.#pairsPerSecond = pairsPerSecond;
  }

  /** Connects, and dies and comes back as its fate has it. */
  join(): void {
    const { clock, fleet } = this.#world;
    const connection = new Connection(this.#world, this.#thread, this.#pairsPerSecond);
    this.#connection = connection;
    const fate = death(fleet, this.#number, this.#deaths);
    if (fate !== null) clock.at(clock.now + fate.after, () => this.#die(connection, fate));
  }

  #die(connection: Connection, { silent, absence }: Death): void {
    const { clock } = this.#world;
    this.#deaths++;
    this.#add(connection);
    this.#connection = null;
    connection.die();
    if (silent) clock.at(clock.now + Math.min(SILENCE_MS, absence), () => connection.notice('it was silent'));
    else connection.notice('its connection closed');
    clock.at(clock.now + absence, () => this.join());
  }

  #add({ figures }: Connection): void {
    this.#totals.leases += figures.leases;
    this.#totals.pairs += figures.pairs;
    this.#totals.busyMs += figures.busyMs;
    this.#totals.presentMs += figures.presentMs;
  }

  /** The lease is on its way to this volunteer's connection, where it is the one of that session. */
  granted(session: number, lease: number): void {
    if (this.#connection?.session === session) this.#connection.pending.add(lease);
  }

  /** Of all its connections, up to now. */
  get figures(): VolunteerFigures {
    const { leases, pairs, busyMs, presentMs } = this.#totals;
    const now = this.#connection?.figures ?? { leases: 0, pairs: 0, busyMs: 0, presentMs: 0 };
    return {
      pairsPerSecond: this.#pairsPerSecond,
      leases: leases + now.leases,
      pairs: pairs + now.pairs,
      busyMs: busyMs + now.busyMs,
      presentMs: presentMs + now.presentMs,
      deaths: this.#deaths,
    };
  }
}

/** From one joining to one death. */
class Connection implements LeaseTrainer {
  /** Leases granted whose results were not asked for. */
  readonly pending = new Set<number>();
  readonly #world: World;
  readonly #thread: number;
  readonly #pairsPerSecond: number;
  readonly #down: Link;
  readonly #up: Link;
  readonly #volunteer: Volunteer;
  readonly #session: VolunteerSession;
  readonly #since: number;
  #dead = false;
  #leases = 0;
  #pairs = 0;
  #busyMs = 0;
  /** When the lease in training was begun; null between leases. */
  #trainingSince: number | null = null;

  constructor(world: World, thread: number, pairsPerSecond: number) {
    const { clock, desk, threads, fleet } = world;
    this.#world = world;
    this.#thread = thread;
    this.#pairsPerSecond = pairsPerSecond;
    this.#down = new Link(fleet.bandwidth, fleet.rtt / 2);
    this.#up = new Link(fleet.bandwidth, fleet.rtt / 2);
    this.#since = clock.now;
    this.#volunteer = desk.connect(
      {
        send: (frame) => {
          if (this.#dead) return;
          threads.post(thread, this.#volunteer.id, frame);
          this.#later(this.#down.arrival(clock.now, frame.length), () => this.#session.receive(frame));
        },
        close: (code, reason) => {
          if (!this.#dead) world.fail(new Error(`the desk sent a volunteer away (${code}): ${reason}`));
        },
        buffered: 0,
        address: '',
      },
      false,
    );
    this.#session = new VolunteerSession(
      {
        send: (frame) => {
          this.#later(this.#up.arrival(clock.now, frame.length), () => desk.receive(this.#volunteer, frame));
        },
        now: () => clock.now,
        engine: () => Promise.resolve(ELSEWHERE),
        engineFailed: (error) => world.fail(error instanceof Error ? error : new Error(String(error))),
      },
      (event) => {
        if (event.kind === 'failed') world.fail(event.error);
      },
      () => this,
    );
    this.#session.open({ engine: 'cpu', device: 'simulated', cacheMiB: CACHE_MIB, name: '', browser: '' });
  }

  get session(): number {
    return this.#volunteer.id;
  }

  #later(at: number, run: () => void): void {
    this.#world.clock.at(at, () => {
      if (!this.#dead) run();
    });
  }

  get figures(): Pick<VolunteerFigures, 'leases' | 'pairs' | 'busyMs' | 'presentMs'> {
    const { now } = this.#world.clock;
    const busyMs = this.#busyMs + (this.#trainingSince === null ? 0 : now - this.#trainingSince);
    return { leases: this.#leases, pairs: this.#pairs, busyMs, presentMs: now - this.#since };
  }

  /** Nothing is sent, received or trained any more. */
  die(): void {
    this.#dead = true;
    this.#session.close();
    const { threads } = this.#world;
    threads.post(this.#thread, this.session, null);
    for (const lease of this.pending) threads.forget(lease);
  }

  /** The coordinator learns of the death. */
  notice(reason: string): void {
    this.#world.desk.disconnect(this.#volunteer, reason);
  }

  /** The compute thread was told of the same frame. */
  reset(): void {}

  prepare(lease: Lease): QueuedLease {
    return { lease };
  }

  train(
    { lease }: QueuedLease,
    _engine: Engine,
    _now: () => number,
    isCurrent: () => boolean,
  ): Promise<Uint8Array<ArrayBuffer> | null> {
    const { clock } = this.#world;
    this.#trainingSince = clock.now;
    const end = clock.now + (lease.pairs / this.#pairsPerSecond) * 1000;
    return new Promise((resolve, reject) => {
      clock.at(end, () => this.#trained(lease, isCurrent).then(resolve, reject));
    });
  }

  async #trained(lease: Lease, isCurrent: () => boolean): Promise<Uint8Array<ArrayBuffer> | null> {
    if (this.#dead) return null;
    const { clock, threads } = this.#world;
    this.#busyMs += clock.now - this.#trainingSince!;
    this.#trainingSince = null;
    if (!isCurrent()) return null;
    this.pending.delete(lease.lease);
    const result = await threads.result(lease.lease);
    this.#leases++;
    this.#pairs += lease.pairs;
    return result;
  }
}

/** Stands for the engine in the session, which never calls it: the trainer does. */
const ELSEWHERE: Engine = {
  kind: 'cpu',
  device: 'simulated',
  train: () => Promise.reject(new Error('leases are trained by the compute threads')),
  dispose: () => undefined,
};

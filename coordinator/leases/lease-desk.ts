// The lease state machine: volunteers come, get leases, deliver or fail, and go. Time is passed in; no socket, no file.
import { ProtocolError } from '../../protocol/bytes.ts';
import { CLOSE, LIMITS, PROTOCOL_VERSION } from '../../protocol/limits.ts';
import { agreeFormat, packedBytes } from '../../protocol/rows.ts';
import type { Hello, Result, ToCoordinator } from '../../protocol/to-coordinator.ts';
import { decodeToCoordinator } from '../../protocol/to-coordinator.ts';
import type { OutcomeKind } from '../../protocol/to-volunteer.ts';
import { encodeToVolunteer } from '../../protocol/to-volunteer.ts';
import { lossPerPair } from '../../word2vec/engine.ts';
import type { GridTablesCache } from '../../word2vec/grid-tables.ts';
import type { Model } from '../model/model.ts';
import type { Scheduler } from '../schedule/scheduler.ts';
import { checkResult } from './delta-gate.ts';
import type { Episode } from './episode.ts';
import { Granting } from './granting.ts';
import { measureLease, setDeadline } from './lease-size.ts';
import type { DeskConstants, DeskEdges, RunProgress } from './desk-types.ts';
import type { Merge } from './merge.ts';
import { Addition } from './merge.ts';
import { placesOf } from './ranking.ts';
import { Traffic } from './traffic.ts';
import type { Channel } from './volunteer.ts';
import { plainName, Volunteer } from './volunteer.ts';

/** Largest loss of one dot product that is believed: −log σ of −30. */
const MOST_LOSS = 30;
/** Leases that a volunteer may return in a row; a lost GPU takes two, and is tried three times. */
const RETURNS = 12;
/** Leases in a row that a volunteer may let expire: meanwhile they lock their parts, and an episode waits for its last block. */
const EXPIRIES = 4;

export class LeaseDesk {
  readonly #constants: DeskConstants;
  readonly #model: Model;
  readonly #schedule: Scheduler;
  readonly #granting: Granting;
  readonly #merge: Merge;
  readonly #tables: GridTablesCache;
  readonly #edges: DeskEdges;
  readonly #volunteers = new Map<number, Volunteer>();
  #nextSession = 1;

  constructor(
    constants: DeskConstants,
    model: Model,
    schedule: Scheduler,
    tables: GridTablesCache,
    edges: DeskEdges,
    merge: Merge = new Addition(model),
  ) {
    this.#constants = constants;
    this.#model = model;
    this.#schedule = schedule;
    this.#edges = edges;
    this.#merge = merge;
    this.#tables = tables;
    this.#granting = new Granting(constants, this.#volunteers, { model, schedule, tables, merge, edges });
  }

  get volunteers(): readonly Volunteer[] {
    return [...this.#volunteers.values()];
  }

  /** Volunteers that could train now: connected, greeted, not paused or leaving. */
  get willing(): number {
    let count = 0;
    for (const one of this.#volunteers.values()) if (one.greeting !== null && !one.paused && !one.leaving) count++;
    return count;
  }

  /** Leases granted and not ended. */
  get outstanding(): number {
    return this.#granting.outstanding;
  }

  /** Bytes of all volunteers. @param gone those of volunteers that have left */
  trafficWith(gone: Traffic): Traffic {
    return Traffic.sum(gone, this.#volunteers.values());
  }

  connect(channel: Channel, local: boolean): Volunteer {
    const one = new Volunteer(this.#nextSession++, channel, local, this.#edges.now(), this.#model);
    if (this.#volunteers.size >= this.#constants.maxVolunteers && !local) {
      channel.close(CLOSE.full, `${this.#constants.maxVolunteers} volunteers are here already; try again later`);
      return one;
    }
    this.#volunteers.set(one.id, one);
    return one;
  }

  /** The connection is gone: its leases are free at once. */
  disconnect(one: Volunteer, reason: string): void {
    if (!this.#volunteers.delete(one.id)) return;
    this.#endLeases(one, 'returned', reason);
    this.#schedule.forget(one.id);
    if (one.greeting !== null) this.#edges.report({ kind: 'gone', volunteer: one, reason });
    this.#granting.dispatch();
  }

  /** One frame from a volunteer. A frame that breaks the protocol ends the connection, and only that. */
  receive(one: Volunteer, frame: Uint8Array): void {
    if (!this.#volunteers.has(one.id)) return;
    one.traffic.up += frame.length;
    try {
      this.#handle(
        one,
        decodeToCoordinator(frame, { format: one.greeting?.rowsUp ?? 'f32', dim: this.#constants.dim }),
      );
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#violation(one, error);
    }
  }

  #violation(one: Volunteer, error: ProtocolError): void {
    const reason = `${error.code}: ${error.message}`;
    one.rejected++;
    const [head] = one.leases;
    if (head !== undefined) {
      this.#outcome(one, head.grant.lease, 'rejected', reason);
      this.#endLeases(one, 'rejected', reason);
    }
    one.channel.close(error.code === 'VERSION' ? CLOSE.version : CLOSE.violation, reason.slice(0, 120));
    this.disconnect(one, reason);
  }

  #handle(one: Volunteer, message: ToCoordinator): void {
    if (one.greeting === null && message.tag !== 'hello')
      throw new ProtocolError('OUT_OF_ORDER', `${message.tag} before hello`);
    switch (message.tag) {
      case 'hello':
        this.#greet(one, message);
        return;
      case 'ready':
        one.credit = Math.min(one.credit + 1, LIMITS.pipeline - one.leases.length);
        this.#granting.dispatch();
        return;
      case 'result':
        this.#result(one, message);
        return;
      case 'returned':
        this.#returned(one, message.lease, message.reason);
        return;
      case 'condition':
        one.paused = message.paused;
        one.hidden = message.hidden;
        one.leaving = message.leaving;
        one.conditionReason = message.reason;
        one.duty = message.duty;
        if (message.paused || message.leaving) one.credit = 0;
        this.#granting.dispatch();
        return;
      case 'bye':
        this.disconnect(one, 'it said goodbye');
        one.channel.close(1000, 'bye');
        return;
    }
  }

  #greet(one: Volunteer, hello: Hello): void {
    if (one.greeting !== null) throw new ProtocolError('OUT_OF_ORDER', 'a second hello');
    const { seed, dim, negative, chunkPairs, damping, sample, counts } = this.#constants;
    const rowsDown = agreeFormat(this.#constants.rowsDown, hello.reads);
    const rowsUp = agreeFormat(this.#constants.rowsUp, hello.writes);
    const { engine, device, name, browser, cacheMiB } = hello;
    one.greeting = { engine, device, name: plainName(name), browser, cacheMiB, rowsDown, rowsUp };
    const { hs, model } = this.#tables.objective;
    const objective = hs ? ('hs' as const) : model;
    const run = { seed, dim, negative, chunkPairs, damping, sample, objective, rowsDown, rowsUp, counts };
    one.send(encodeToVolunteer({ tag: 'welcome', version: PROTOCOL_VERSION, session: one.id, ...run }));
    this.#edges.report({ kind: 'joined', volunteer: one });
  }

  #result(one: Volunteer, result: Result): void {
    one.traffic.deltas += packedBytes(result.deltas);
    const index = one.leases.findIndex((record) => record.grant.lease === result.lease);
    if (index < 0) {
      this.#outcome(one, result.lease, 'late', 'the lease had ended');
      this.#edges.report({ kind: 'late', lease: result.lease, volunteer: one });
      return;
    }
    // Later leases were planned on rows that this one changes, so results come in the order of the grants.
    if (index > 0)
      throw new ProtocolError(
        'OUT_OF_ORDER',
        `result of lease ${result.lease} before that of ${one.leases[0]!.grant.lease}`,
      );
    const record = one.leases[0]!;
    checkResult(result, record, this.#model.inputStore);
    this.#merge.apply(result, record, one.held);
    one.leases.shift();
    this.#schedule.complete(record.grant.lease);
    const now = this.#edges.now();
    measureLease(one, record, now, this.#constants);
    one.returnsInRow = 0;
    one.expiriesInRow = 0;
    one.accepted++;
    one.acceptedWords += record.words;
    this.#outcome(one, result.lease, 'applied', '');
    const loss = lossPerPair(
      // A stranger's word: one absurd figure must not spoil the mean.
      {
        positive: Math.min(result.positiveLoss, record.positiveDots * MOST_LOSS),
        negative: Math.min(result.negativeLoss, record.negativeDots * MOST_LOSS),
      },
      { positiveDots: record.positiveDots / this.#tables.targetsPerPair, negativeDots: record.negativeDots },
      this.#constants.negative,
    );
    const rows = record.inputRows.length + record.outputRows.length;
    this.#edges.report({ kind: 'applied', record, volunteer: one, loss, rows });
    this.#granting.dispatch();
  }

  #returned(one: Volunteer, lease: number, reason: string): void {
    const index = one.leases.findIndex((record) => record.grant.lease === lease);
    if (index < 0) return;
    const [record] = one.leases.splice(index, 1);
    this.#schedule.release(lease);
    this.#edges.report({ kind: 'ended', record: record!, volunteer: one, cause: 'returned', reason });
    // Planning and sending a lease is work for us: nobody may have it done for nothing, for ever.
    if (!one.paused && !one.leaving && ++one.returnsInRow > RETURNS) {
      throw new ProtocolError('RETURNS', `${one.returnsInRow} leases returned without a result`);
    }
    if (index === 0) {
      one.headSince = this.#edges.now();
      setDeadline(one, one.headSince, this.#constants);
      if (one.leases.length === 0) one.hungrySince = one.headSince;
    }
    this.#granting.dispatch();
  }

  /** Ends all leases of a volunteer; its cached rows can no longer be trusted to equal ours. */
  #endLeases(one: Volunteer, cause: 'expired' | 'returned' | 'rejected', reason: string): void {
    for (const record of one.leases.splice(0)) {
      this.#schedule.release(record.grant.lease);
      this.#edges.report({ kind: 'ended', record, volunteer: one, cause, reason });
    }
    one.forgetRows();
    one.credit = 0;
    one.deadline = Number.POSITIVE_INFINITY;
  }

  /** Expires leases whose deadline has passed. */
  tick(): void {
    const now = this.#edges.now();
    for (const one of this.#volunteers.values()) {
      if (now < one.deadline) continue;
      const seconds = (now - one.headSince) / 1000;
      const reason = `no result for ${Math.round(seconds)} s`;
      // All that is known of its speed is that it is below this: the next lease is shorter and gets more time, so
      // that the slowest device delivers in the end.
      one.pairsPerSecond = one.leases[0]!.pairs / seconds;
      this.#endLeases(one, 'expired', reason);
      one.hungrySince = now;
      if (++one.expiriesInRow > EXPIRIES) {
        this.#violation(one, new ProtocolError('EXPIRIES', `${one.expiriesInRow} leases expired without a result`));
        continue;
      }
      one.send(encodeToVolunteer({ tag: 'cancel', reason: `the lease expired: ${reason}` }));
    }
    this.#granting.dispatch();
  }

  addEpisode(episode: Episode, done?: Uint8Array): void {
    this.#granting.addEpisode(episode, done);
  }

  dropEpisode(number: number): void {
    this.#granting.dropEpisode(number);
  }

  /** As Granting. */
  setPaused(paused: boolean, reason?: string): void {
    this.#granting.setPaused(paused, reason);
  }

  /** As Granting. */
  setIdleReason(reason: string): void {
    this.#granting.setIdleReason(reason);
  }

  broadcast(progress: RunProgress): void {
    const places = placesOf(this.#volunteers.values());
    for (const one of this.#volunteers.values()) {
      // Progress is news, not work: a peer that reads slowly misses some instead of being queued for.
      if (one.greeting === null || one.channel.buffered >= 1 << 20) continue;
      const own = { ownWords: one.acceptedWords, rank: places.get(one.id) ?? 0, ranked: places.size };
      one.send(encodeToVolunteer({ tag: 'progress', ...progress, ...own }));
    }
  }

  /** The run is over: everyone is told and let go. */
  finish(reason: string): void {
    const frame = encodeToVolunteer({ tag: 'finished', reason });
    for (const one of this.#volunteers.values()) {
      if (one.greeting !== null) one.send(frame);
      one.channel.close(CLOSE.finished, reason.slice(0, 120));
      this.disconnect(one, 'the run is over');
    }
  }

  #outcome(one: Volunteer, lease: number, outcome: OutcomeKind, reason: string): void {
    one.send(encodeToVolunteer({ tag: 'outcome', lease, outcome, reason }));
  }
}

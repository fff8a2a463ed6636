// The lease state machine: volunteers come, get leases, deliver or fail, and go. Time is passed in; no socket, no file.
import { ProtocolError } from '../../protocol/bytes.ts';
import { CLOSE, LIMITS, PROTOCOL_VERSION } from '../../protocol/limits.ts';
import type { Standing } from '../../protocol/operator.ts';
import { agreeFormat, packedBytes } from '../../protocol/rows.ts';
import type { Hello, Result, ToCoordinator } from '../../protocol/to-coordinator.ts';
import { decodeToCoordinator } from '../../protocol/to-coordinator.ts';
import type { OutcomeKind } from '../../protocol/to-volunteer.ts';
import { encodeToVolunteer } from '../../protocol/to-volunteer.ts';
import type { GridTablesCache } from '../../word2vec/grid-tables.ts';
import type { Model } from '../model/model.ts';
import type { Scheduler } from '../schedule/scheduler.ts';
import { checkResult } from './delta-gate.ts';
import type { Episode } from './episode.ts';
import { Granting } from './granting.ts';
import { changeDuty, measureLease, setDeadline } from './lease-size.ts';
import type { DeskConstants, DeskEdges, RunProgress, Verdict } from './desk-types.ts';
import { Intake } from './intake.ts';
import type { Merge } from './merge.ts';
import { Addition } from './merge.ts';
import { placesOf } from './ranking.ts';
import { Traffic } from './traffic.ts';
import type { Channel } from './volunteer.ts';
import { plainName, Volunteer } from './volunteer.ts';

/** Leases that a volunteer may return in a row; a lost GPU takes two, and is tried three times. */
const RETURNS = 12;
/** Leases in a row that a volunteer may let expire: meanwhile they lock their parts, and an episode waits for its last block. */
const EXPIRIES = 4;

export class LeaseDesk {
  readonly #constants: DeskConstants;
  readonly #model: Model;
  readonly #schedule: Scheduler;
  readonly #granting: Granting;
  readonly #intake: Intake;
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
    this.#tables = tables;
    this.#granting = new Granting(constants, this.#volunteers, { model, schedule, tables, merge, edges });
    this.#intake = new Intake({
      schedule,
      merge,
      edges,
      negative: constants.negative,
      targetsPerPair: tables.targetsPerPair,
      replay: (one, record) => this.#granting.replayIfChosen(one, record),
      refuted: (one, reason) => this.quarantine(one, reason),
    });
  }

  get volunteers(): readonly Volunteer[] {
    return [...this.#volunteers.values()];
  }

  /** Volunteers that could train now. */
  get willing(): number {
    let count = 0;
    for (const one of this.#volunteers.values()) if (one.canTrain) count++;
    return count;
  }

  /** Leases granted and not ended. */
  get outstanding(): number {
    return this.#granting.outstanding + this.#intake.inHand;
  }

  /** Chunks whose results are in hand and are checked before they are applied, or wait behind such. */
  get checkingChunks(): number {
    return this.#intake.chunksInHand;
  }

  /** When the oldest of these results arrived, on the desk's clock; null when there is none. */
  get checkingSince(): number | null {
    return this.#intake.oldest;
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

  /** The connection is gone: its leases are free at once. Results that are being checked may still be applied. */
  disconnect(one: Volunteer, reason: string): void {
    if (!this.#volunteers.delete(one.id)) return;
    this.#endGranted(one, 'returned', reason);
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
    if (head !== undefined) this.#outcome(one, head.grant.lease, 'rejected', reason);
    this.#endLeases(one, 'rejected', reason);
    one.close(error.code === 'VERSION' ? CLOSE.version : CLOSE.violation, reason);
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
        changeDuty(one, message.duty, this.#constants);
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
    one.leases.shift();
    measureLease(one, record, this.#edges.now(), this.#constants);
    one.returnsInRow = 0;
    one.expiriesInRow = 0;
    this.#intake.take(one, record, result);
    this.#moveOn(one);
  }

  /** What came of the check of a lease's result. */
  verdict(lease: number, verdict: Verdict): void {
    const one = this.#intake.verdict(lease, verdict);
    if (one !== null) this.#moveOn(one);
  }

  /** Sends away who drains and has ended everything; others may get more. */
  #moveOn(one: Volunteer): void {
    if (one.standing === 'drained' && one.leases.length === 0 && one.checking.length === 0)
      this.dismiss(one, one.standingReason);
    else this.#granting.dispatch();
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
    this.#moveOn(one);
  }

  /**
   * Ends all leases of a volunteer, and gives up what it sent and is not applied: its cached rows can no longer be
   * trusted to equal ours, and nothing may follow that builds on them.
   */
  #endLeases(one: Volunteer, cause: 'expired' | 'returned' | 'rejected', reason: string): void {
    this.#intake.drop(one, cause, reason);
    this.#endGranted(one, cause, reason);
  }

  #endGranted(one: Volunteer, cause: 'expired' | 'returned' | 'rejected', reason: string): void {
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
      this.#moveOn(one);
    }
    this.#granting.dispatch();
  }

  /** It ends what it holds and gets nothing more; then it is sent away. @param reason that it is told */
  drain(one: Volunteer, reason: string): void {
    this.#stand(one, 'drained', reason);
    this.#moveOn(one);
  }

  /** What it holds goes to others at once; it stays connected and gets nothing until it is released. */
  quarantine(one: Volunteer, reason: string): void {
    this.#endLeases(one, 'returned', `quarantined: ${reason}`);
    if (!this.#volunteers.has(one.id)) return;
    this.#stand(one, 'quarantined', reason);
    one.send(encodeToVolunteer({ tag: 'cancel', reason: `held back: ${reason}` }));
    this.#granting.dispatch();
  }

  /** It may take part as before. */
  release(one: Volunteer): void {
    this.#stand(one, 'free', '');
    this.#granting.dispatch();
  }

  /** Sent away at once: what it holds goes to others. */
  dismiss(one: Volunteer, reason: string): void {
    this.#endLeases(one, 'returned', reason);
    one.close(CLOSE.banned, reason);
    this.disconnect(one, reason);
  }

  #stand(one: Volunteer, standing: Standing, reason: string): void {
    one.standing = standing;
    one.standingReason = reason;
    one.idleReason = '';
    this.#edges.report({ kind: 'standing', volunteer: one, standing, reason });
  }

  addEpisode(episode: Episode, done?: Uint8Array): void {
    this.#granting.addEpisode(episode, done);
  }

  dropEpisode(number: number): void {
    this.#granting.dropEpisode(number);
  }

  /** Grants what can be granted now. */
  dispatch(): void {
    this.#granting.dispatch();
  }

  /** As Granting. */
  setPaused(paused: boolean, reason?: string): void {
    this.#granting.setPaused(paused, reason);
  }

  /** As Granting. */
  setIdleReason(reason: string): void {
    this.#granting.setIdleReason(reason);
  }

  /** Tells everybody where the run stands, and each what its own part of it is. */
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
    this.#intake.dropAll('returned', 'the run is over');
    for (const one of this.#volunteers.values()) {
      if (one.greeting !== null) one.send(frame);
      one.close(CLOSE.finished, reason);
      this.disconnect(one, 'the run is over');
    }
  }

  #outcome(one: Volunteer, lease: number, outcome: OutcomeKind, reason: string): void {
    one.send(encodeToVolunteer({ tag: 'outcome', lease, outcome, reason }));
  }
}

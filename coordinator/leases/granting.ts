// Who gets which lease, and when: first those without any, longest waiting first; then ahead. No socket, no clock.
import { keepsResidual } from '../../protocol/rows.ts';
import { encodeToVolunteer } from '../../protocol/to-volunteer.ts';
import type { GridTablesCache } from '../../word2vec/grid-tables.ts';
import type { Model } from '../model/model.ts';
import type { Scheduler } from '../schedule/scheduler.ts';
import type { DeskConstants, DeskEdges } from './desk-types.ts';
import type { Episode } from './episode.ts';
import { EpisodeCensus } from './episode.ts';
import { HeldRows } from './held-rows.ts';
import type { LeaseRecord } from './lease-builder.ts';
import { LeaseBuilder } from './lease-builder.ts';
import { bindablePairs, fetchesAhead, leasePairs, setDeadline } from './lease-size.ts';
import type { Merge } from './merge.ts';
import type { Volunteer } from './volunteer.ts';

const MOST_CHECKING = 4;

export interface GrantingParts {
  readonly model: Model;
  readonly schedule: Scheduler;
  readonly tables: GridTablesCache;
  readonly merge: Merge;
  readonly edges: DeskEdges;
}

export class Granting {
  readonly #constants: DeskConstants;
  readonly #parts: GrantingParts;
  readonly #builder: LeaseBuilder;
  /** Everyone who is connected, by session; the desk's. */
  readonly #volunteers: ReadonlyMap<number, Volunteer>;
  /** Downpour: others move the rows meanwhile, so what is to be checked is chosen and kept with the grant. */
  readonly #kept = new WeakMap<LeaseRecord, Uint8Array<ArrayBuffer>>();
  /** Of a volunteer that has no rows. */
  readonly #nothingHeld: HeldRows;
  readonly #episodes = new Map<number, { episode: Episode; census: EpisodeCensus }>();
  /** Why nothing is granted; null while leases are. */
  #pausedFor: string | null = null;
  #idleReason = 'the first pairs are being prepared';

  constructor(constants: DeskConstants, volunteers: ReadonlyMap<number, Volunteer>, parts: GrantingParts) {
    this.#constants = constants;
    this.#volunteers = volunteers;
    this.#parts = parts;
    this.#builder = new LeaseBuilder(constants, parts.model, parts.tables);
    this.#nothingHeld = new HeldRows(parts.model);
  }

  /** Leases granted and without a result. */
  get outstanding(): number {
    let count = 0;
    for (const one of this.#volunteers.values()) count += one.leases.length;
    return count;
  }

  /** The lease's frame for a replay, if the audit chooses this result; else null. */
  replayIfChosen(one: Volunteer, record: LeaseRecord): Uint8Array<ArrayBuffer> | null {
    if (this.#constants.schedule === 'downpour') return this.#kept.get(record) ?? null;
    return this.#parts.edges.audit?.chooses(one) === true ? this.#replay(record) : null;
  }

  /**
   * The lease with every row in full precision, as they are now: on the grid what its holder had, but for the rounding of
   * rows on their way, when everything that it did before is applied and this is not.
   */
  #replay({ grant, alpha }: LeaseRecord): Uint8Array<ArrayBuffer> {
    const { episode, census } = this.#episodes.get(grant.episode)!;
    this.#nothingHeld.clear();
    const options = { alpha, reset: true, now: 0, rowsDown: 'f32' } as const;
    return this.#builder.build(grant, episode, census, this.#nothingHeld, options).frame;
  }

  addEpisode(episode: Episode, done?: Uint8Array): void {
    this.#episodes.set(episode.number, { episode, census: new EpisodeCensus(episode) });
    this.#parts.schedule.add(episode, done);
    this.dispatch();
  }

  dropEpisode(number: number): void {
    this.#episodes.delete(number);
  }

  /** No new leases while paused; those held end as usual. @param reason what volunteers who wait are told */
  setPaused(paused: boolean, reason = 'the run is paused by its operator'): void {
    this.#pausedFor = paused ? reason : null;
    this.dispatch();
  }

  /** Why volunteers wait while no episode has work for them. */
  setIdleReason(reason: string): void {
    this.#idleReason = reason;
    this.dispatch();
  }

  /** Grants what can be granted: first to those without any lease, longest waiting first, then ahead. */
  dispatch(): void {
    const hungry: Volunteer[] = [];
    const ahead: Volunteer[] = [];
    for (const one of this.#volunteers.values()) {
      if (!one.wantsLease) continue;
      (one.leases.length === 0 ? hungry : ahead).push(one);
    }
    hungry.sort((a, b) => a.hungrySince - b.hungrySince || a.id - b.id);
    let starving = 0;
    for (const one of hungry) {
      if (one.checking.length >= this.#mostChecking) {
        this.#idle(one, 'your last results are being checked');
        continue;
      }
      if (this.#pausedFor !== null || !this.#grant(one, 0)) {
        starving++;
        this.#idle(one);
      }
    }
    if (this.#pausedFor !== null || !this.#parts.schedule.fetchesAhead) return;
    // Fetching ahead keeps parts locked. While somebody starves nobody may: a slow volunteer would hold its input part
    // from lease to lease and train that row of the grid alone, with the fast ones waiting.
    if (starving > 0) return;
    for (const one of hungry) if (one.leases.length > 0 && one.wantsLease) ahead.push(one);
    for (const one of ahead) while (this.#mayFetch(one) && this.#grant(one, 1));
  }

  #mayFetch(one: Volunteer): boolean {
    return one.wantsLease && fetchesAhead(one) && one.checking.length < this.#mostChecking;
  }

  /** Results that a volunteer may have in hand and still get work: each keeps its parts locked. */
  get #mostChecking(): number {
    // Under downpour the rows of the next lease must be the master's: what is in hand is not in them.
    return this.#constants.schedule === 'grid' ? MOST_CHECKING : 1;
  }

  #grant(one: Volunteer, reserve: number): boolean {
    const { counts, dim, negative, leaseMs } = this.#constants;
    const partRows = Math.ceil(counts.length / (this.#parts.schedule.episodes[0]?.parts ?? 1));
    const pairs = Math.min(
      leasePairs(one, this.#volunteers.values(), this.#parts.schedule.sharedPairs, leaseMs),
      bindablePairs(partRows, dim, negative),
    );
    const full = this.#cacheFull(one);
    // A cache may only be dropped between leases: a lease in training still needs its rows, and of what is being checked
    // only its holder has them. So none is fetched ahead.
    if (full && (one.leases.length > 0 || one.checking.length > 0)) return false;
    const grant = this.#parts.schedule.grant({ session: one.id, pairs, reserve });
    if (grant === null) return false;
    const { episode, census } = this.#episodes.get(grant.episode)!;
    const now = this.#parts.edges.now();
    if (full) one.held.clear();
    const built = this.#builder.build(grant, episode, census, one.held, {
      alpha: this.#parts.edges.alpha(),
      reset: full,
      now,
      rowsDown: one.greeting!.rowsDown,
    });
    this.#parts.merge.leased(built.record);
    if (this.#constants.schedule === 'downpour' && this.#parts.edges.audit?.chooses(one) === true)
      this.#kept.set(built.record, this.#replay(built.record));
    if (one.leases.length === 0) one.headSince = now;
    one.leases.push(built.record);
    one.traffic.rows += built.record.rowBytes;
    one.traffic.pairs += built.record.pairBytes;
    one.credit--;
    one.idleReason = '';
    if (one.leases.length === 1) setDeadline(one, now, this.#constants);
    // Reported first: the journal knows of a lease before any volunteer does.
    this.#parts.edges.report({ kind: 'granted', record: built.record, volunteer: one });
    one.send(built.frame);
    return true;
  }

  #cacheFull(one: Volunteer): boolean {
    const { cacheMiB, rowsUp } = one.greeting!;
    const limit = (cacheMiB * 1024 * 1024) / (this.#constants.dim * (keepsResidual(rowsUp) ? 8 : 4));
    return one.held.cached > limit;
  }

  #idle(one: Volunteer, reason = this.#pausedFor ?? this.#whyIdle()): void {
    if (one.idleReason === reason) return;
    one.idleReason = reason;
    one.send(encodeToVolunteer({ tag: 'idle', reason }));
  }

  #whyIdle(): string {
    const { episodes, shortage } = this.#parts.schedule;
    return episodes.length === 0 || this.outstanding === 0 ? this.#idleReason : shortage;
  }
}

// From a result that passed the gate to the model: in the order of the grants, and after a check where one is made.
import type { Result } from '../../protocol/to-coordinator.ts';
import { encodeToVolunteer } from '../../protocol/to-volunteer.ts';
import { lossPerPair } from '../../word2vec/engine.ts';
import type { Scheduler } from '../schedule/scheduler.ts';
import type { DeskEdges, Verdict } from './desk-types.ts';
import type { LeaseRecord } from './lease-builder.ts';
import type { Merge } from './merge.ts';
import type { Volunteer } from './volunteer.ts';

/** Largest loss of one dot product that is believed: −log σ of −30. */
const MOST_LOSS = 30;

export interface IntakeParts {
  readonly schedule: Scheduler;
  readonly merge: Merge;
  readonly edges: DeskEdges;
  readonly negative: number;
  readonly targetsPerPair: number;
  /** The lease with every row in full, as its holder has them: for a replay. null: this one is not to be checked. */
  replay(one: Volunteer, record: LeaseRecord): Uint8Array<ArrayBuffer> | null;
  /** Nobody else's doing: what it sent was not what the lease comes to. */
  refuted(one: Volunteer, reason: string): void;
}

/**
 * A result that is checked waits at the head of its volunteer's queue, with its parts locked; those after it wait behind
 * it, as they build on its rows. Nobody sees rows that are not checked, and a failed check leaves nothing to undo.
 */
export class Intake {
  readonly #parts: IntakeParts;
  /** Whose head is with the auditor, by lease: also of those who have left since. */
  readonly #awaited = new Map<number, Volunteer>();
  #inHand = 0;
  #chunksInHand = 0;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** Results in hand and not yet applied. */
  get inHand(): number {
    return this.#inHand;
  }

  get chunksInHand(): number {
    return this.#chunksInHand;
  }

  /** When the oldest result in hand arrived; null when there is none. */
  get oldest(): number | null {
    // The head of each queue is the one that is awaited, and the oldest of its queue.
    const times = [...this.#awaited.values()].flatMap(({ checking }) => checking[0]?.takenAt ?? []);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** A result that the gate let pass; its lease is no longer among those that the volunteer works on. */
  take(one: Volunteer, record: LeaseRecord, result: Result): void {
    one.checking.push({ record, result, takenAt: this.#parts.edges.now() });
    this.#count(record, 1);
    if (one.checking.length === 1) this.#advance(one);
    if (one.checking.some((held) => held.record === record))
      this.#parts.edges.report({ kind: 'checking', record, volunteer: one });
  }

  /** What came of the check of a lease. Answers whose it was; null when it was given up meanwhile. */
  verdict(lease: number, verdict: Verdict): Volunteer | null {
    const one = this.#awaited.get(lease);
    if (one === undefined) return null;
    this.#awaited.delete(lease);
    const head = one.checking.shift()!;
    this.#count(head.record, -1);
    this.#parts.edges.report({ kind: 'checked', record: head.record, volunteer: one, verdict });
    if (verdict.kind === 'refuted') {
      one.checks.failed++;
      one.rejected++;
      const reason = `the check failed: ${verdict.reason}`;
      one.send(encodeToVolunteer({ tag: 'outcome', lease, outcome: 'rejected', reason }));
      this.#parts.schedule.release(lease);
      this.#parts.edges.report({ kind: 'ended', record: head.record, volunteer: one, cause: 'rejected', reason });
      this.drop(one, 'returned', 'a result before it failed its check');
      this.#parts.refuted(one, reason);
      return one;
    }
    if (verdict.kind === 'confirmed') one.checks.passed++;
    this.#apply(one, head.record, head.result);
    this.#advance(one);
    return one;
  }

  /** Gives up what is in hand of a volunteer: its chunks wait again. */
  drop(one: Volunteer, cause: 'expired' | 'returned' | 'rejected', reason: string): void {
    for (const { record } of one.checking.splice(0)) {
      this.#awaited.delete(record.grant.lease);
      this.#count(record, -1);
      this.#parts.schedule.release(record.grant.lease);
      this.#parts.edges.report({ kind: 'ended', record, volunteer: one, cause, reason });
    }
  }

  /** Gives up what is in hand of everybody, also of those who have left. */
  dropAll(cause: 'returned', reason: string): void {
    for (const one of new Set(this.#awaited.values())) this.drop(one, cause, reason);
  }

  /** Applies from the head of the queue until there is one to be checked. */
  #advance(one: Volunteer): void {
    for (let head = one.checking[0]; head !== undefined; head = one.checking[0]) {
      const { record, result } = head;
      const frame = this.#parts.replay(one, record);
      if (frame !== null) {
        this.#awaited.set(record.grant.lease, one);
        this.#parts.edges.audit!.check({ frame, result, record, format: one.greeting!.rowsUp });
        return;
      }
      one.checking.shift();
      this.#count(record, -1);
      this.#apply(one, record, result);
    }
  }

  #apply(one: Volunteer, record: LeaseRecord, result: Result): void {
    const { merge, schedule, edges, negative, targetsPerPair } = this.#parts;
    merge.apply(result, record, one.held);
    schedule.complete(record.grant.lease);
    one.accepted++;
    one.acceptedWords += record.words;
    one.send(encodeToVolunteer({ tag: 'outcome', lease: result.lease, outcome: 'applied', reason: '' }));
    const loss = lossPerPair(
      // A stranger's word: one absurd figure must not spoil the mean.
      {
        positive: Math.min(result.positiveLoss, record.positiveDots * MOST_LOSS),
        negative: Math.min(result.negativeLoss, record.negativeDots * MOST_LOSS),
      },
      { positiveDots: record.positiveDots / targetsPerPair, negativeDots: record.negativeDots },
      negative,
    );
    const rows = record.inputRows.length + record.outputRows.length;
    edges.report({ kind: 'applied', record, volunteer: one, loss, rows });
  }

  #count({ grant }: LeaseRecord, sign: 1 | -1): void {
    this.#inHand += sign;
    this.#chunksInHand += sign * grant.chunks;
  }
}

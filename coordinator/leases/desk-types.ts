// What the lease desk is told, and what it tells.
import type { Progress } from '../../protocol/to-volunteer.ts';
import type { Standing } from '../../protocol/operator.ts';
import type { RowFormat } from '../../protocol/rows.ts';
import type { Result } from '../../protocol/to-coordinator.ts';
import type { LeaseConstants, LeaseRecord } from './lease-builder.ts';
import type { Volunteer } from './volunteer.ts';

export interface DeskConstants extends LeaseConstants {
  readonly dim: number;
  readonly sample: number;
  /** Formats wanted; a volunteer that lacks one gets the nearest more exact one. */
  readonly rowsDown: RowFormat;
  readonly rowsUp: RowFormat;
  /** Corpus count of each word. Shape (V). */
  readonly counts: Float64Array;
  /** A lease should take a volunteer about so long, in ms. */
  readonly leaseMs: number;
  /** Least time before a lease expires, in ms. */
  readonly graceMs: number;
  readonly maxVolunteers: number;
}

/** Where the run stands, without what concerns single volunteers. */
export type RunProgress = Omit<Progress, 'tag' | 'ownWords' | 'rank' | 'ranked'>;

/** What happened, for the journal, the meters and the log. */
export type DeskEvent =
  | { readonly kind: 'joined'; readonly volunteer: Volunteer }
  | { readonly kind: 'gone'; readonly volunteer: Volunteer; readonly reason: string }
  | { readonly kind: 'granted'; readonly record: LeaseRecord; readonly volunteer: Volunteer }
  | {
      readonly kind: 'applied';
      readonly record: LeaseRecord;
      readonly volunteer: Volunteer;
      readonly loss: number;
      readonly rows: number;
    }
  | {
      readonly kind: 'ended';
      readonly record: LeaseRecord;
      readonly volunteer: Volunteer;
      readonly cause: 'expired' | 'returned' | 'rejected';
      readonly reason: string;
    }
  | { readonly kind: 'late'; readonly lease: number; readonly volunteer: Volunteer }
  /** Its result is in hand, and is checked before it is applied, or waits behind one that is. */
  | { readonly kind: 'checking'; readonly record: LeaseRecord; readonly volunteer: Volunteer }
  /** `applied` or `ended` follows. */
  | { readonly kind: 'checked'; readonly record: LeaseRecord; readonly volunteer: Volunteer; readonly verdict: Verdict }
  | {
      readonly kind: 'standing';
      readonly volunteer: Volunteer;
      readonly standing: Standing;
      readonly reason: string;
    };

/** What a replay says of a result: the same but for rounding, another one, or nothing, as it could not be made. */
export type Verdict =
  | { readonly kind: 'confirmed' }
  | { readonly kind: 'refuted'; readonly reason: string }
  | { readonly kind: 'undone'; readonly reason: string };

/** A result to be replayed. */
export interface AuditJob {
  /** The lease's frame with all its rows in f32. */
  readonly frame: Uint8Array<ArrayBuffer>;
  readonly result: Result;
  readonly record: LeaseRecord;
  /** Of the result's rows. */
  readonly format: RowFormat;
}

/** Chooses results in secret, and replays them. */
export interface Audit {
  /** Whether to check a result of this volunteer's: asked once it is committed to it (under downpour with the grant). */
  chooses(one: Volunteer): boolean;
  /** Once `LeaseDesk.verdict` must follow, never within this call. */
  check(job: AuditJob): void;
}

export interface DeskEdges {
  now(): number;
  /** Learning rate at this moment of the run. */
  alpha(): number;
  report(event: DeskEvent): void;
  /** null: nothing is checked by replay. */
  readonly audit: Audit | null;
}

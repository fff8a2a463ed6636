// What the lease desk is told, and what it tells.
import type { Progress } from '../../protocol/to-volunteer.ts';
import type { RowFormat } from '../../protocol/rows.ts';
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
  | { readonly kind: 'late'; readonly lease: number; readonly volunteer: Volunteer };

export interface DeskEdges {
  now(): number;
  /** Learning rate at this moment of the run. */
  alpha(): number;
  report(event: DeskEvent): void;
}

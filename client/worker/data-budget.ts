// What the volunteer lets the tab transfer: whether one more piece of work fits, decided before it is asked for.
import { rowsBytes } from '../../protocol/rows.ts';
import type { Lease, Welcome } from '../../protocol/to-volunteer.ts';

/** Pairs of a first lease and seconds of a later one, as coordinators size them (coordinator/leases/lease-size.ts). */
const FIRST_PAIRS = 12_288;
const LEASE_SECONDS = 3;
/** Leases may come out longer than expected: the speed is a moving mean. */
const MARGIN = 1.25;
/** Bytes a coded pair takes at most, before any was seen. */
const PAIR_BYTES = 4;
/** Rows that a pair brings: two, and its share of the negatives of its group. */
const PAIR_ROWS = 3;
/** Pieces of which the largest counts. */
const RECENT = 8;

export class DataBudget {
  #used = 0;
  #welcome: Welcome | null = null;
  readonly #recent: number[] = [];
  #parts = 1;
  #pairBytes = PAIR_BYTES;
  #pairsPerSecond = 0;
  /** Bytes in both directions that may be used in all; null: as many as it takes. */
  limit: number | null = null;

  /** Bytes sent and received so far. */
  get used(): number {
    return this.#used;
  }

  /** Bytes went over the wire. */
  count(bytes: number): void {
    this.#used += bytes;
  }

  welcome(welcome: Welcome): void {
    this.#welcome = welcome;
  }

  /** A lease was trained: its frame and its result together, and its speed. */
  note(lease: Pick<Lease, 'pairs' | 'parts' | 'pairBytes'>, bytes: number, ms: number): void {
    this.#recent.push(bytes);
    if (this.#recent.length > RECENT) this.#recent.shift();
    this.#parts = lease.parts;
    this.#pairBytes = lease.pairBytes.length / Math.max(1, lease.pairs);
    this.#pairsPerSecond = lease.pairs / Math.max(0.001, ms / 1000);
  }

  /**
   * Bytes that the next piece may take, both ways: the largest of the recent ones, or what its rows and pairs can be at
   * most where its length will be another: the second piece of a fast GPU is a hundred times its first.
   */
  get nextPiece(): number {
    const welcome = this.#welcome;
    if (welcome === null) return 0;
    const { dim, rowsDown, rowsUp, counts } = welcome;
    const pairs = this.#pairsPerSecond === 0 ? FIRST_PAIRS : this.#pairsPerSecond * LEASE_SECONDS * MARGIN;
    const rows = Math.min(Math.ceil((2 * counts.length) / this.#parts), Math.ceil(pairs * PAIR_ROWS));
    const most = pairs * this.#pairBytes + rowsBytes(rowsDown, rows, dim) + rowsBytes(rowsUp, rows, dim);
    return this.#recent.length < RECENT
      ? Math.ceil(most)
      : Math.min(Math.ceil(most), Math.max(...this.#recent) * MARGIN);
  }

  /** Whether one more piece fits beside `held` ones that are held or on their way. */
  affords(held: number): boolean {
    return this.limit === null || this.#used + (held + 1) * this.nextPiece <= this.limit;
  }
}

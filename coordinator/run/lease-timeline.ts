// The last leases, as a timeline shows them: granted, and what became of them. Bounded; what changed is told once.
import type { LeaseEntry, LeaseOutcome } from '../../protocol/operator.ts';
import type { LeaseRecord } from '../leases/lease-builder.ts';

export const TIMELINE_LEASES = 200;

export class LeaseTimeline {
  /** By lease, oldest grant first. */
  readonly #entries = new Map<number, LeaseEntry>();
  /** Every lease that is held, however many were granted since. */
  readonly #held = new Map<number, LeaseEntry>();
  readonly #changed = new Set<number>();

  /** Oldest first. */
  get entries(): readonly LeaseEntry[] {
    return [...this.#entries.values()];
  }

  granted(session: number, { grant, pairs, words }: LeaseRecord, time: number): LeaseEntry {
    const { lease, episode, parts, inputPart: i, outputPart: j, chunks } = grant;
    const head = { lease, session, episode, parts, i, j, chunks, pairs, words: Math.round(words) };
    const entry: LeaseEntry = { ...head, granted: time, ended: null, outcome: 'held', reason: '' };
    this.#entries.set(lease, entry);
    this.#held.set(lease, entry);
    this.#changed.add(lease);
    for (const [oldest] of this.#entries) {
      if (this.#entries.size <= TIMELINE_LEASES) break;
      this.#entries.delete(oldest);
      this.#changed.delete(oldest);
    }
    return entry;
  }

  /** Answers the entry as it is now. @throws Error when the lease is not held */
  ended(lease: number, time: number, outcome: LeaseOutcome, reason: string): LeaseEntry {
    const entry = this.#held.get(lease);
    if (entry === undefined) throw new Error(`lease ${lease} is not held`);
    this.#held.delete(lease);
    const ended: LeaseEntry = { ...entry, ended: time, outcome, reason };
    if (this.#entries.has(lease)) {
      this.#entries.set(lease, ended);
      this.#changed.add(lease);
    }
    return ended;
  }

  /** What was granted or ended since the last call. */
  takeChanged(): LeaseEntry[] {
    const changed = [...this.#changed].flatMap((lease) => this.#entries.get(lease) ?? []);
    this.#changed.clear();
    return changed;
  }
}

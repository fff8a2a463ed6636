// What becomes of chunks: how many are at each stage, how old the oldest is, and why leases were rejected.
import type { Funnel } from '../../protocol/operator.ts';
import type { LeaseDesk } from '../leases/lease-desk.ts';
import type { Scheduler } from '../schedule/scheduler.ts';
import type { Books } from './recorder.ts';

interface Watched {
  readonly grid: Scheduler;
  readonly desk: LeaseDesk;
}

interface Circumstances {
  /** Milliseconds on the desk's clock. */
  readonly now: number;
  /** Whether results are checked by replay. */
  readonly checks: boolean;
  /** Why nothing is granted; null while leases are. */
  readonly halted: string | null;
}

export class FunnelBook {
  readonly #rejected = new Map<string, number>();
  /** When each open episode was first seen, on the desk's clock. */
  readonly #opened = new Map<number, number>();
  #retried = 0;

  /** A lease ended without being applied. @param reason begins with the code of the rule, when one was broken */
  ended(cause: 'expired' | 'returned' | 'rejected', reason: string, chunks: number): void {
    this.#retried += chunks;
    if (cause !== 'rejected') return;
    const code = /^([A-Z][A-Z_]+):/.exec(reason)?.[1] ?? 'OTHER';
    this.#rejected.set(code, (this.#rejected.get(code) ?? 0) + 1);
  }

  tick({ grid }: Pick<Watched, 'grid'>, now: number): void {
    const open = new Set(grid.episodes.map(({ number }) => number));
    for (const number of open) if (!this.#opened.has(number)) this.#opened.set(number, now);
    for (const number of this.#opened.keys()) if (!open.has(number)) this.#opened.delete(number);
  }

  figures({ grid, desk }: Watched, { leases }: Pick<Books, 'leases'>, { now, checks, halted }: Circumstances): Funnel {
    const { waiting, leased, done } = grid.count();
    const seconds = (since: number): number => Math.max(0, (now - since) / 1000);
    const opened = Math.min(...this.#opened.values());
    const granted = Math.min(...desk.volunteers.flatMap((one) => one.leases.map(({ grantedAt }) => grantedAt)));
    const { checkingChunks, checkingSince } = desk;
    return {
      ready: { chunks: waiting, oldestSeconds: waiting > 0 && Number.isFinite(opened) ? seconds(opened) : null },
      // The scheduler knows a lease until its result is in the model: those in hand are counted apart.
      leased: { chunks: leased - checkingChunks, oldestSeconds: Number.isFinite(granted) ? seconds(granted) : null },
      checking:
        checks || checkingChunks > 0
          ? { chunks: checkingChunks, oldestSeconds: checkingSince === null ? null : seconds(checkingSince) }
          : null,
      applied: done,
      leases: { ...leases },
      rejected: [...this.#rejected].map(([code, count]) => ({ code, count })).sort((a, b) => b.count - a.count),
      retried: this.#retried,
      parked: halted !== null && waiting > 0 ? { chunks: waiting, reason: halted } : null,
    };
  }
}

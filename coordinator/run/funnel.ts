// What becomes of chunks: how many are at each stage, how old the oldest is, and why leases were rejected.
import type { Funnel } from '../../protocol/operator.ts';
import type { Training } from './training.ts';
import type { Books } from './recorder.ts';

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

  tick({ grid }: Training, now: number): void {
    const open = new Set(grid.episodes.map(({ number }) => number));
    for (const number of open) if (!this.#opened.has(number)) this.#opened.set(number, now);
    for (const number of this.#opened.keys()) if (!open.has(number)) this.#opened.delete(number);
  }

  /** @param halted why nothing is granted; null while leases are @param audited whether results are checked */
  figures(
    { grid, desk }: Training,
    { leases }: Books,
    now: number,
    { halted, audited }: { halted: string | null; audited: boolean },
  ): Funnel {
    const { waiting, leased, done } = grid.count();
    const seconds = (since: number): number => Math.max(0, (now - since) / 1000);
    const opened = Math.min(...this.#opened.values());
    const granted = Math.min(...desk.volunteers.flatMap((one) => one.leases.map(({ grantedAt }) => grantedAt)));
    const checked = Math.min(...desk.volunteers.flatMap((one) => one.checking.map(({ record }) => record.grantedAt)));
    const checking = desk.checkingChunks;
    return {
      ready: { chunks: waiting, oldestSeconds: waiting > 0 && Number.isFinite(opened) ? seconds(opened) : null },
      leased: { chunks: leased - checking, oldestSeconds: Number.isFinite(granted) ? seconds(granted) : null },
      checking:
        audited || checking > 0
          ? { chunks: checking, oldestSeconds: Number.isFinite(checked) ? seconds(checked) : null }
          : null,
      applied: done,
      leases: { ...leases },
      rejected: [...this.#rejected].map(([code, count]) => ({ code, count })).sort((a, b) => b.count - a.count),
      retried: this.#retried,
      parked: halted !== null && waiting > 0 ? { chunks: waiting, reason: halted } : null,
    };
  }
}

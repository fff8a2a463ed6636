// Secret checks of volunteers' results: which are chosen, a bounded queue, and the thread that replays them.
import { randomInt } from 'node:crypto';
import type { Worker } from 'node:worker_threads';
import type { AuditFigures } from '../../protocol/operator.ts';
import type { Welcome } from '../../protocol/to-volunteer.ts';
import type { Audit, AuditJob, Verdict } from '../leases/desk-types.ts';
import type { Volunteer } from '../leases/volunteer.ts';
import { startThread } from '../thread-entry.ts';
import { type Comparison, objection } from './comparison.ts';
import type { ReplayTask } from './replayer.ts';

/** Share of results that are checked, unless told otherwise. */
export const AUDIT_RATE = 0.05;

/** Least share of the results of a volunteer that has not passed a check yet: a crude liar is found early. */
const NEWCOMER_RATE = 0.25;

/** Results that may wait for the thread or be in it; while so many do, none is chosen. */
const MOST_QUEUED = 4;

/** A thread that has not answered for so long has died or hangs: its results count as not checked. */
const PATIENCE_MS = 60_000;

export type AuditMessage =
  | { readonly kind: 'start'; readonly welcome: Welcome }
  | { readonly kind: 'replay'; readonly lease: number; readonly task: ReplayTask };

export interface AuditAnswer {
  readonly lease: number;
  readonly comparison: Comparison;
}

export interface AuditorEdges {
  readonly welcome: Welcome;
  verdict(lease: number, verdict: Verdict): void;
  note(text: string): void;
  /** From 0 up to 1, which a stranger cannot foresee. */
  random(): number;
  startThread(): Pick<Worker, 'on' | 'postMessage' | 'terminate'>;
}

/** 48 bits of the system's randomness. */
export function secretDraw(): number {
  return randomInt(2 ** 48 - 1) / 2 ** 48;
}

export function auditThread(): Worker {
  return startThread(import.meta.url, './audit.worker');
}

export class Auditor implements Audit {
  rate: number;
  readonly #edges: AuditorEdges;
  readonly #queue = new Map<number, AuditJob>();
  #thread: Pick<Worker, 'on' | 'postMessage' | 'terminate'> | null = null;
  #watchdog: NodeJS.Timeout | undefined;
  #passed = 0;
  #failed = 0;
  #skipped = 0;
  #undone = 0;

  constructor(rate: number, edges: AuditorEdges) {
    this.rate = rate;
    this.#edges = edges;
  }

  get figures(): AuditFigures {
    const { rate } = this;
    return {
      rate,
      passed: this.#passed,
      failed: this.#failed,
      pending: this.#queue.size,
      skipped: this.#skipped,
      undone: this.#undone,
    };
  }

  chooses(one: Volunteer): boolean {
    // This process' own threads have no reason to lie, and would wait for themselves.
    if (this.rate === 0 || one.local) return false;
    const chance = one.checks.passed === 0 ? Math.max(this.rate, NEWCOMER_RATE) : this.rate;
    if (this.#edges.random() >= chance) return false;
    if (this.#queue.size < MOST_QUEUED) return true;
    this.#skipped++;
    return false;
  }

  check(job: AuditJob): void {
    const { record, result, frame } = job;
    const { lease } = record.grant;
    this.#queue.set(lease, job);
    const reach = new Float64Array(record.inputReach.length + record.outputReach.length);
    reach.set(record.inputReach);
    reach.set(record.outputReach, record.inputReach.length);
    const { present, deltas, positiveLoss, negativeLoss } = result;
    const task = { frame, claim: { present, deltas, positiveLoss, negativeLoss }, reach };
    this.#running().postMessage({ kind: 'replay', lease, task } satisfies AuditMessage);
    this.#watch();
  }

  async close(): Promise<void> {
    clearTimeout(this.#watchdog);
    this.#queue.clear();
    const thread = this.#thread;
    this.#thread = null;
    await thread?.terminate();
  }

  #running(): Pick<Worker, 'on' | 'postMessage' | 'terminate'> {
    if (this.#thread !== null) return this.#thread;
    const thread = this.#edges.startThread();
    this.#thread = thread;
    thread.on('message', (answer: AuditAnswer) => this.#answered(answer));
    thread.on('error', (error: Error) => this.#lost(thread, error.message));
    thread.on('exit', () => this.#lost(thread, 'it ended'));
    thread.postMessage({ kind: 'start', welcome: this.#edges.welcome } satisfies AuditMessage);
    return thread;
  }

  #answered({ lease, comparison }: AuditAnswer): void {
    const job = this.#queue.get(lease);
    if (job === undefined) return;
    this.#queue.delete(lease);
    this.#watch();
    const reason = objection(comparison, job.format);
    if (reason === null) this.#passed++;
    else this.#failed++;
    this.#edges.verdict(lease, reason === null ? { kind: 'confirmed' } : { kind: 'refuted', reason });
  }

  /** The thread is of no use any more: nobody waits for it, and the next check gets a new one. */
  #lost(thread: Pick<Worker, 'terminate'>, reason: string): void {
    if (this.#thread !== thread) return;
    this.#thread = null;
    clearTimeout(this.#watchdog);
    this.#edges.note(`the auditing thread failed: ${reason}; ${this.#queue.size} results are applied without a check`);
    const leases = [...this.#queue.keys()];
    this.#queue.clear();
    this.#undone += leases.length;
    for (const lease of leases) this.#edges.verdict(lease, { kind: 'undone', reason });
  }

  #watch(): void {
    clearTimeout(this.#watchdog);
    if (this.#queue.size === 0) return;
    this.#watchdog = setTimeout(() => {
      const thread = this.#thread;
      if (thread === null) return;
      this.#lost(thread, `it was silent for ${PATIENCE_MS / 1000} s`);
      void thread.terminate();
    }, PATIENCE_MS);
    this.#watchdog.unref();
  }
}

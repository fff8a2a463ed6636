// Which results are chosen, how many at once, and what becomes of them when the thread fails.
import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Auditor } from '../../../coordinator/audit/auditor.ts';
import type { AuditJob, Verdict } from '../../../coordinator/leases/desk-types.ts';
import type { Volunteer } from '../../../coordinator/leases/volunteer.ts';
import type { Welcome } from '../../../protocol/to-volunteer.ts';

const FINE = { error: 0.01, worst: 0.1, worstRow: 0, lossError: 0 };

class FakeThread extends EventEmitter {
  readonly sent: { kind: string; lease?: number }[] = [];
  terminated = false;
  postMessage(message: { kind: string; lease?: number }): void {
    this.sent.push(message);
  }
  terminate(): Promise<number> {
    this.terminated = true;
    return Promise.resolve(0);
  }
}

function stage(rate: number): {
  auditor: Auditor;
  threads: FakeThread[];
  verdicts: [number, Verdict['kind']][];
  draw: { value: number };
} {
  const threads: FakeThread[] = [];
  const verdicts: [number, Verdict['kind']][] = [];
  const draw = { value: 0 };
  const auditor = new Auditor(rate, {
    welcome: {} as Welcome,
    verdict: (lease, { kind }) => void verdicts.push([lease, kind]),
    note: () => undefined,
    random: () => draw.value,
    startThread: () => {
      threads.push(new FakeThread());
      return threads.at(-1)! as never;
    },
  });
  return { auditor, threads, verdicts, draw };
}

const someone = (passed: number, local = false): Volunteer => ({ local, checks: { passed, failed: 0 } }) as Volunteer;
const job = (lease: number): AuditJob =>
  ({
    frame: new Uint8Array(1),
    format: 'int8',
    record: { grant: { lease }, inputReach: new Float64Array(1), outputReach: new Float64Array(1) },
    result: { present: new Uint8Array(1), deltas: {}, positiveLoss: 1, negativeLoss: 1 },
  }) as unknown as AuditJob;

describe('the choice', () => {
  it('is by the rate, by more for who has not passed a check, and never of our own threads', () => {
    const { auditor, draw } = stage(0.05);
    draw.value = 0.049;
    expect(auditor.chooses(someone(3))).toBe(true);
    expect(auditor.chooses(someone(0, true))).toBe(false);
    draw.value = 0.051;
    expect(auditor.chooses(someone(3))).toBe(false);
    expect(auditor.chooses(someone(0))).toBe(true);
    draw.value = 0.26;
    expect(auditor.chooses(someone(0))).toBe(false);
    auditor.rate = 0;
    draw.value = 0;
    expect(auditor.chooses(someone(0))).toBe(false);
  });

  it('passes over what the thread has no room for, and counts it', () => {
    const { auditor, threads } = stage(1);
    for (let lease = 1; lease <= 4; lease++) {
      expect(auditor.chooses(someone(1))).toBe(true);
      auditor.check(job(lease));
    }
    expect(auditor.chooses(someone(1))).toBe(false);
    expect(auditor.figures).toMatchObject({ pending: 4, skipped: 1 });
    threads[0]!.emit('message', { lease: 1, comparison: FINE });
    expect(auditor.chooses(someone(1))).toBe(true);
  });
});

describe('the thread', () => {
  it('answers for each lease once', () => {
    const { auditor, threads, verdicts } = stage(1);
    auditor.check(job(1));
    auditor.check(job(2));
    const [thread] = threads as [FakeThread];
    expect(thread.sent.map(({ kind }) => kind)).toEqual(['start', 'replay', 'replay']);
    thread.emit('message', { lease: 1, comparison: FINE });
    thread.emit('message', { lease: 1, comparison: FINE });
    thread.emit('message', { lease: 2, comparison: { ...FINE, error: 1 } });
    expect(verdicts).toEqual([
      [1, 'confirmed'],
      [2, 'refuted'],
    ]);
    expect(auditor.figures).toMatchObject({ passed: 1, failed: 1, pending: 0 });
  });

  it('that dies leaves nobody waiting, and the next check gets another', () => {
    const { auditor, threads, verdicts } = stage(1);
    auditor.check(job(1));
    auditor.check(job(2));
    threads[0]!.emit('error', new Error('out of memory'));
    threads[0]!.emit('exit', 1);
    expect(verdicts).toEqual([
      [1, 'undone'],
      [2, 'undone'],
    ]);
    expect(auditor.figures).toMatchObject({ undone: 2, pending: 0 });
    auditor.check(job(3));
    expect(threads).toHaveLength(2);
    expect(threads[1]!.sent[0]!.kind).toBe('start');
  });

  it('is ended with the auditor, in silence', async () => {
    const { auditor, threads, verdicts } = stage(1);
    auditor.check(job(1));
    await auditor.close();
    threads[0]!.emit('exit', 1);
    expect(threads[0]!.terminated).toBe(true);
    expect(verdicts).toEqual([]);
  });
});

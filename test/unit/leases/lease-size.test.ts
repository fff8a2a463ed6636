// How large leases are and how long they may take, by speed and by what is left.
import { describe, expect, it } from 'vitest';
import {
  allowanceMs,
  bindablePairs,
  changeDuty,
  fetchesAhead,
  leasePairs,
  setDeadline,
} from '../../../coordinator/leases/lease-size.ts';
import type { LeaseRecord } from '../../../coordinator/leases/lease-builder.ts';
import { Volunteer } from '../../../coordinator/leases/volunteer.ts';
import { Model } from '../../../coordinator/model/model.ts';
import { LIMITS } from '../../../protocol/limits.ts';

const model = new Model(2, 2);
function volunteer(pairsPerSecond: number): Volunteer {
  const one = new Volunteer(
    1,
    { send: () => undefined, close: () => undefined, buffered: 0, address: '' },
    false,
    0,
    model,
  );
  one.pairsPerSecond = pairsPerSecond;
  return one;
}

describe('the size of a lease', () => {
  const slow = volunteer(10_000);
  const fast = volunteer(90_000);

  it('is the lease time at the measured speed while there is plenty of work', () => {
    expect(leasePairs(slow, [slow, fast], 1e9, 3000)).toBe(30_000);
    expect(leasePairs(fast, [slow, fast], 1e9, 3000)).toBe(LIMITS.leasePairs > 270_000 ? 270_000 : LIMITS.leasePairs);
  });

  it("shrinks to half of the volunteer's share of what waits", () => {
    expect(leasePairs(slow, [slow, fast], 100_000, 3000)).toBe(5000);
    expect(leasePairs(fast, [slow, fast], 100_000, 3000)).toBe(45_000);
  });

  it('does not count those who pause or leave', () => {
    const pausing = volunteer(1e6);
    pausing.paused = true;
    expect(leasePairs(slow, [slow, pausing], 20_000, 3000)).toBe(10_000);
  });

  it('begins small for a volunteer that nobody knows', () => {
    const stranger = volunteer(0);
    expect(leasePairs(stranger, [stranger, fast], 1e9, 3000)).toBeLessThan(20_000);
  });
});

describe('work ahead', () => {
  const holding = (pairsPerSecond: number, ...pairs: number[]): Parameters<typeof fetchesAhead>[0] => ({
    pairsPerSecond,
    leases: pairs.map((count) => ({ pairs: count }) as LeaseRecord),
  });

  it('is one lease for everybody, and more for those who train it within a second', () => {
    expect(fetchesAhead(holding(0, 5000))).toBe(true);
    expect(fetchesAhead(holding(0, 5000, 5000))).toBe(false);
    expect(fetchesAhead(holding(10_000, 30_000, 30_000))).toBe(false);
    expect(fetchesAhead(holding(1e6, 30_000, 260_000, 260_000, 260_000))).toBe(true);
    expect(fetchesAhead(holding(1e6, 30_000, 500_000, 500_000))).toBe(false);
  });
});

describe('the rows of a lease', () => {
  const bytes = (rows: number, dim: number): number => rows * Math.ceil(dim / 4) * 16;

  it('do not bound it while a whole part fits one binding', () => {
    expect(bindablePairs(300_000, 100, 5)).toBe(LIMITS.leasePairs);
  });

  it.each([
    [500_000, 300, 5],
    [2_000_000, 100, 5],
    [40_000, 1024, 5],
    [2_000_000, 1, 25],
  ])('fit one binding of 128 MiB: parts of %d rows, D = %d, %d negatives', (partRows, dim, negative) => {
    const pairs = bindablePairs(partRows, dim, negative);
    expect(pairs).toBeGreaterThan(6144);
    // A row for the pair, at most one for a lone negative input, and a group's draws.
    expect(pairs * (2 + negative / 6)).toBeLessThanOrEqual(LIMITS.leaseRows);
    expect(bytes(pairs * (2 + negative / 6), dim)).toBeLessThanOrEqual(128 * 1024 * 1024);
  });
});

describe('the allowance of a lease', () => {
  const limits = { leaseMs: 3000, graceMs: 20_000 };

  it('is at least the grace, and four times what is expected', () => {
    expect(allowanceMs(volunteer(10_000), 30_000, limits)).toBe(20_000);
    expect(allowanceMs(volunteer(1000), 30_000, limits)).toBe(120_000);
    expect(allowanceMs(volunteer(0), 12_288, limits)).toBe(48_000);
  });

  it('is five minutes at most, however slow the device', () => {
    expect(allowanceMs(volunteer(1), 6144, limits)).toBe(300_000);
  });
});

describe('a change of the duty cycle', () => {
  const TIMES = { leaseMs: 3000, graceMs: 20_000 };
  /** At work since 0 on a lease sized for its speed at full power. */
  function atWork(): Volunteer {
    const one = volunteer(80_000);
    one.leases.push({ pairs: 300_000 } as LeaseRecord);
    setDeadline(one, 0, TIMES);
    return one;
  }

  it('lets what is held take as long as the lower power makes it, and leases the next by it', () => {
    const one = atWork();
    expect(one.deadline).toBe(20_000);
    changeDuty(one, 10, TIMES);
    // 30 s of work at a tenth of the time, which the deadline at full power would have cut off.
    expect(one.deadline).toBeGreaterThan(60_000);
    expect(leasePairs(one, [one], 1e9, 3000)).toBeCloseTo(24_000);
    changeDuty(one, 100, TIMES);
    expect(leasePairs(one, [one], 1e9, 3000)).toBeCloseTo(240_000);
  });

  it('never shortens what was promised, and gives no more for being told again', () => {
    const one = atWork();
    changeDuty(one, 30, TIMES);
    const deadline = one.deadline;
    for (const duty of [30, 100, 30, 60, 30]) changeDuty(one, duty, TIMES);
    expect(one.deadline).toBeCloseTo(deadline);
    changeDuty(one, 0, TIMES);
    expect(one.deadline).toBeLessThanOrEqual(300_000);
    expect(one.pairsPerSecond).toBeGreaterThan(0);
  });

  it('gives a stranger at low power more time for its first lease', () => {
    const [full, low] = [volunteer(0), volunteer(0)];
    changeDuty(low, 30, TIMES);
    expect(allowanceMs(low, 12_288, TIMES)).toBeCloseTo(allowanceMs(full, 12_288, TIMES) / 0.3);
  });
});

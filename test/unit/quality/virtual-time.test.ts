// Simulated time and what it is made of: order of events, links, speeds and fates.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { death, type FleetRules, speeds } from '../../../bench/quality/fleet.ts';
import { Link } from '../../../bench/quality/link.ts';
import { VirtualClock } from '../../../bench/quality/virtual-clock.ts';

const FLEET: FleetRules = {
  volunteers: 8,
  pairsPerSecond: 1000,
  spread: 16,
  bandwidth: 100,
  rtt: 50,
  deaths: 60,
  seed: 1,
};

describe('the clock', () => {
  it('runs events in the order of their time, and of their planning within a moment', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 60 }), async (times) => {
        const clock = new VirtualClock();
        const ran: { at: number; planned: number }[] = [];
        for (const [planned, at] of times.entries()) clock.at(at, () => void ran.push({ at: clock.now, planned }));
        await clock.run(() => ran.length === times.length);
        const wanted = times
          .map((at, planned) => ({ at, planned }))
          .toSorted((a, b) => a.at - b.at || a.planned - b.planned);
        expect(ran).toEqual(wanted);
      }),
    );
  });

  it('lets promises that an event set free run before time goes on', async () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    let free: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => (free = resolve));
    void waiting.then(() => Promise.resolve()).then(() => void ran.push(`freed at ${clock.now}`));
    clock.at(5, () => free());
    clock.at(6, () => void ran.push(`next at ${clock.now}`));
    await clock.run(() => ran.length === 2);
    expect(ran).toEqual(['freed at 5', 'next at 6']);
  });

  it('plans nothing in the past, and does not wait for what never comes', async () => {
    const clock = new VirtualClock();
    const ran: number[] = [];
    clock.at(10, () => clock.at(3, () => void ran.push(clock.now)));
    await expect(clock.run(() => false)).rejects.toThrow('nothing happens any more after 10 ms');
    expect(ran).toEqual([10]);
  });
});

describe('a link', () => {
  it('sends frame after frame at its bandwidth, each arriving after the delay', () => {
    const link = new Link(8, 20); // 8 Mbit/s are 1000 bytes a ms
    expect(link.arrival(100, 5000)).toBe(125);
    expect(link.arrival(100, 1000)).toBe(126);
    expect(link.arrival(200, 1000)).toBe(221);
  });
});

describe('a fleet', () => {
  it('has speeds of the geometric mean and the spread asked for', () => {
    const all = speeds(FLEET).toSorted((a, b) => a - b);
    const mean = Math.exp(all.reduce((sum, speed) => sum + Math.log(speed), 0) / all.length);
    expect(mean).toBeCloseTo(1000);
    // Evenly spaced: eight speeds span seven of eight steps.
    expect(all.at(-1)! / all[0]!).toBeCloseTo(16 ** (7 / 8));
    expect(speeds({ ...FLEET, volunteers: 1 })).toEqual([1000]);
  });

  it('dies at the rate asked for, alike every time, or never', () => {
    const fates = Array.from({ length: 4000 }, (_, count) => death(FLEET, 3, count)!);
    const mean = fates.reduce((sum, { after }) => sum + after, 0) / fates.length;
    expect(mean).toBeGreaterThan(57_000);
    expect(mean).toBeLessThan(63_000);
    expect(fates.filter(({ silent }) => silent).length / fates.length).toBeCloseTo(0.5, 1);
    expect(death(FLEET, 3, 7)).toEqual(fates[7]);
    expect(death(FLEET, 4, 7)).not.toEqual(fates[7]);
    expect(death({ ...FLEET, deaths: 0 }, 3, 0)).toBeNull();
  });
});

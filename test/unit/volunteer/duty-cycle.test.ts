// The duty cycle on an imagined clock: never more busy than asked for, and not much less; what is shown is what was.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DutyCycle } from '../../../client/worker/duty-cycle.ts';
import { Pacer } from '../../../client/worker/pacer.ts';

/** What the bucket may hold: its credit, and the longest piece of work. */
const CREDIT_MS = 50;

interface Trace {
  /** Busy stretches, in order. */
  readonly spans: readonly (readonly [number, number])[];
  readonly end: number;
}

/** Works in pieces as told, resting as the duty cycle says, with timers that come late, and waits for work now and then. */
function play(
  target: number,
  pieces: readonly { work: number; late: number; wait: number }[],
): Trace & { duty: DutyCycle } {
  const duty = new DutyCycle();
  duty.target = target;
  const spans: [number, number][] = [];
  let now = 1000;
  for (const { work, late, wait } of pieces) {
    now += wait;
    spans.push([now, now + work]);
    duty.worked(now, now + work);
    now += work;
    const rest = duty.restMs(now);
    if (rest > 0) now += rest + late;
  }
  return { spans, end: now, duty };
}

function busyWithin({ spans }: Trace, from: number, to: number): number {
  return spans.reduce((sum, [begin, end]) => sum + Math.max(0, Math.min(end, to) - Math.max(begin, from)), 0);
}

const target = fc.double({ min: 0.02, max: 1, noNaN: true });
const pieces = fc.array(
  fc.record({
    work: fc.double({ min: 0.1, max: 120, noNaN: true }),
    late: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 40, noNaN: true })),
    wait: fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 20_000 }) },
    ),
  }),
  { minLength: 1, maxLength: 120 },
);

describe('DutyCycle', () => {
  it('is busy for no more than its share of any stretch, whatever comes', () => {
    fc.assert(
      fc.property(
        target,
        pieces,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 20_000 }),
        (share, given, at, length) => {
          const trace = play(share, given);
          const longest = Math.max(...given.map(({ work }) => work));
          const from = 1000 + at * (trace.end - 1000);
          const busy = busyWithin(trace, from, from + length);
          expect(busy).toBeLessThanOrEqual(share * length + CREDIT_MS + longest + 1e-6);
        },
      ),
    );
  });

  it('reaches its share where there is work and timers are punctual', () => {
    fc.assert(
      fc.property(
        target,
        fc.array(fc.double({ min: 1, max: 40, noNaN: true }), { minLength: 300, maxLength: 300 }),
        (share, works) => {
          const trace = play(
            share,
            works.map((work) => ({ work, late: 0, wait: 0 })),
          );
          const busy = busyWithin(trace, 1000, trace.end);
          expect(busy / (trace.end - 1000)).toBeGreaterThan(share - 0.01);
        },
      ),
    );
  });

  it('makes up for timers that come late, as far as its credit reaches', () => {
    const trace = play(
      0.3,
      Array.from({ length: 2000 }, () => ({ work: 15, late: 4, wait: 0 })),
    );
    expect(busyWithin(trace, 1000, trace.end) / (trace.end - 1000)).toBeCloseTo(0.3, 2);
  });

  it('never rests at its full share', () => {
    fc.assert(
      fc.property(pieces, (given) => {
        const { end, duty } = play(1, given);
        expect(duty.restMs(end)).toBe(0);
      }),
    );
  });

  it('shows the share that was: of the last ten seconds, of less where there was less', () => {
    fc.assert(
      fc.property(target, pieces, (share, given) => {
        const trace = play(share, given);
        const from = Math.max(trace.spans[0]![0], trace.end - 10_000);
        const expected = busyWithin(trace, from, trace.end) / Math.max(1, trace.end - from);
        const measured = trace.duty.measured(trace.end);
        // Neighbouring spans are kept as one of up to 100 ms: where the stretch cuts it, it is split evenly.
        if (measured === null) expect(busyWithin(trace, from, trace.end)).toBe(0);
        else expect(Math.abs(measured - Math.min(1, expected))).toBeLessThan(trace.end - from > 9000 ? 0.04 : 0.2);
      }),
    );
  });

  it('shows nothing before any work and after ten idle seconds', () => {
    const duty = new DutyCycle();
    expect(duty.measured(0)).toBeNull();
    duty.worked(0, 50);
    expect(duty.measured(100)).toBeCloseTo(0.5);
    expect(duty.measured(20_000)).toBeNull();
  });

  it('counts no time twice, and refuses shares that are none', () => {
    const duty = new DutyCycle();
    duty.worked(0, 100);
    duty.worked(50, 100);
    duty.worked(80, 120);
    expect(duty.measured(240)).toBeCloseTo(0.5);
    for (const share of [0, -1, 1.1, Number.NaN]) expect(() => (duty.target = share)).toThrow(RangeError);
  });

  it('holds a lower share at once when it is lowered', () => {
    const duty = new DutyCycle();
    duty.worked(0, 10_000);
    duty.target = 0.3;
    expect(duty.restMs(10_000)).toBe(0);
    duty.worked(10_000, 10_015);
    expect(duty.restMs(10_015)).toBeCloseTo(35);
  });
});

describe('Pacer', () => {
  function imagined(): { pacer: Pacer; clock: { now: number }; slept: number[]; breaths: () => number } {
    const clock = { now: 0 };
    const slept: number[] = [];
    let breaths = 0;
    const pacer = new Pacer({
      now: () => clock.now,
      sleep: (ms) => {
        slept.push(ms);
        clock.now += ms;
        return Promise.resolve();
      },
      breathe: () => {
        breaths++;
        return Promise.resolve();
      },
    });
    return { pacer, clock, slept, breaths: () => breaths };
  }

  it('counts a processor busy from beginning to end but for its rests', async () => {
    const { pacer, clock, slept } = imagined();
    pacer.target = 0.25;
    pacer.begin();
    for (let batch = 0; batch < 400; batch++) {
      clock.now += 5;
      await pacer.between();
    }
    pacer.end();
    expect(slept.length).toBeGreaterThan(100);
    expect(2000 / clock.now).toBeCloseTo(0.25, 2);
    expect(pacer.measured).toBeCloseTo(0.25, 1);
  });

  it('lets messages in every 50 ms at full power, and never sleeps', async () => {
    const { pacer, clock, slept, breaths } = imagined();
    pacer.begin();
    for (let batch = 0; batch < 100; batch++) {
      clock.now += 10;
      await pacer.between();
    }
    expect(slept).toEqual([]);
    expect(breaths()).toBe(20);
    expect(pacer.rests).toBe(false);
  });
});

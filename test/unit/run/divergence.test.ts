// The divergence detector on made-up runs: silent where vectors get better, loud where they get worse.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Measurement } from '../../../coordinator/run/divergence.ts';
import { DivergenceDetector } from '../../../coordinator/run/divergence.ts';

const UNTRAINED = 6 * Math.LN2;

function figures(loss: number, training: number | null = loss, longestRow = 5): Measurement {
  return { heldOut: { loss, untrained: UNTRAINED }, training, longestRow };
}

function verdicts(measurements: readonly Measurement[], best: number | null = null): (string | null)[] {
  const detector = new DivergenceDetector(best);
  return measurements.map((one, k) => detector.add(one, k === measurements.length - 1));
}

describe('divergence', () => {
  it('is never seen in a run that learns, whatever the noise', () => {
    const noise = fc.double({ min: -0.015, max: 0.015, noNaN: true });
    const steps = fc.array(fc.tuple(fc.double({ min: 0, max: 0.2, noNaN: true }), noise, noise), { minLength: 1 });
    fc.assert(
      fc.property(steps, (run) => {
        let level = UNTRAINED * 0.99;
        const measurements = run.map(([gain, held, trained]) => {
          level = Math.max(1, level - gain);
          return figures(level * (1 + held), level * (1 + trained));
        });
        for (const verdict of verdicts(measurements)) expect(verdict).toBeNull();
      }),
    );
  });

  it('is seen wherever a run gets worse for good', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 2, max: 4, noNaN: true }), { minLength: 1, maxLength: 20 }),
        fc.double({ min: 1.06, max: 50, noNaN: true }),
        (good, factor) => {
          const best = Math.min(...good);
          const worse = figures(best * factor, best * factor);
          const detector = new DivergenceDetector(null);
          for (const loss of good.toSorted((a, b) => b - a)) expect(detector.add(figures(loss))).toBeNull();
          // Once may be chance; twice is not.
          expect(detector.add(worse)).toBeNull();
          expect(detector.add(worse)).not.toBeNull();
          expect(detector.best).toBe(best);
        },
      ),
    );
  });

  it('needs no second time at the end', () => {
    expect(verdicts([figures(3), figures(2.5), figures(3)]).at(-1)).toContain('risen from 2.500 to 3.000');
    expect(verdicts([figures(4.5)]).at(-1)).toContain('4.500');
  });

  it('is not what a corpus learned by heart looks like', () => {
    const heart = [2.75, 2.8, 2.98, 3.15, 3.28, 4.4].map((loss, k) => figures(loss, 2.9 - 0.15 * k));
    expect(verdicts(heart)).toEqual(heart.map(() => null));
  });

  it('is over when the loss comes back', () => {
    const run = [3, 2.5, 3.2, 3.3, 2.8, 2.54].map((loss) => figures(loss));
    expect(verdicts([...run, figures(2.5)]).map((verdict) => verdict !== null)).toEqual([
      false,
      false,
      false,
      true,
      true,
      false,
      false,
    ]);
  });

  it('is seen in numbers that are none, and never takes them for the best', () => {
    const detector = new DivergenceDetector(null);
    detector.add(figures(2.5));
    detector.add(figures(Number.NaN, Number.NaN));
    expect(detector.add(figures(Number.NaN, Number.NaN))).toContain('NaN');
    expect(detector.best).toBe(2.5);
    expect(detector.add(figures(Number.NaN, Number.NaN), true)).not.toBeNull();
  });

  it('is seen in rows that grow without bounds, with nothing held out', () => {
    const long = (longestRow: number): Measurement => ({ heldOut: null, training: 2, longestRow });
    expect(verdicts([long(40), long(60), long(90)])).toEqual([null, null, null]);
    expect(verdicts([long(40), long(400), long(500)])[2]).toContain('length 500');
  });

  it('knows the best of the run before it was resumed', () => {
    expect(verdicts([figures(3.3, 4.2), figures(3.4, 4.2)], 2.5)[1]).toContain('risen from 2.500');
  });
});

// Analogy questions asked while training: the same share right as the evaluation at the end, in steps, and bounded.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scoreAnalogies } from '../../../word2vec/evaluation/analogies.ts';
import { AnalogyProbe } from '../../../word2vec/evaluation/analogy-probe.ts';
import { mix32 } from '../../../word2vec/random.ts';

const DIM = 8;
const noise = (seed: number): number => mix32(seed) / 2 ** 31 - 1;

/** Words in groups of four, of which the fourth is near b - a + c where `near` is small. */
function vectorsOf(groups: number, seed: number, near: number) {
  const words = Array.from({ length: groups * 4 }, (_, k) => `${k % 3 === 0 ? 'W' : 'w'}${k}`);
  const values = new Float32Array(words.length * DIM);
  for (let g = 0; g < groups; g++) {
    const at = (k: number, d: number): number => (4 * g + k) * DIM + d;
    for (let d = 0; d < DIM; d++) {
      for (let k = 0; k < 3; k++) values[at(k, d)] = noise(seed + at(k, d));
      const answer = values[at(1, d)]! - values[at(0, d)]! + values[at(2, d)]!;
      values[at(3, d)] = answer + near * noise(seed * 7 + at(3, d));
    }
  }
  const questions = Array.from({ length: groups }, (_, g) => ({
    a: `w${4 * g}`,
    b: `w${4 * g + 1}`,
    c: `W${4 * g + 2}`,
    expected: `w${4 * g + 3}`,
  }));
  return { vectors: { words, dim: DIM, values }, questions };
}

function finished(steps: Generator<undefined, number | null>): { share: number | null; yields: number } {
  for (let yields = 0; ; yields++) {
    const step = steps.next();
    if (step.done === true) return { share: step.value, yields };
  }
}

describe('the probe', () => {
  it('finds the share right that the evaluation finds, unknown words and restriction included', () => {
    const shares = new Set<number | null>();
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.nat(1e6),
        fc.constantFrom(0.1, 1, 2),
        fc.integer({ min: 1, max: 120 }),
        (groups, seed, near, restrict) => {
          const { vectors, questions } = vectorsOf(groups, seed, near);
          const sections = [
            { name: 'one', questions: questions.slice(0, 3) },
            { name: 'two', questions: [...questions.slice(3), { a: 'x', b: 'y', c: 'z', expected: 'w1' }] },
          ];
          const probe = new AnalogyProbe(vectors.words, sections, 1000, restrict);
          const { total } = scoreAnalogies(vectors, sections, restrict);
          const { share } = finished(probe.share(vectors.values, DIM, 100));
          expect([share, probe.asked, probe.found]).toEqual([total.accuracy, total.asked, total.asked]);
          shares.add(share);
        },
      ),
      { seed: 5, numRuns: 200 },
    );
    // Not only none and all.
    expect(shares.size).toBeGreaterThan(10);
  });

  it('asks at most so many, evenly from the whole file, and gives way on the way', () => {
    const { vectors, questions } = vectorsOf(30, 3, 0.001);
    // The first half is right, the second asks for the wrong word.
    const sections = [
      { name: 'all', questions: questions.map((one, k) => (k < 15 ? one : { ...one, expected: 'w3' })) },
    ];
    const probe = new AnalogyProbe(vectors.words, sections, 10);
    expect([probe.asked, probe.found]).toEqual([10, 30]);
    const { share, yields } = finished(probe.share(vectors.values, DIM, 10 * DIM * 4));
    expect(share).toBe(0.5);
    expect(yields).toBe(30);
  });

  it('says nothing where no question is known', () => {
    const probe = new AnalogyProbe(['a'], [{ name: 'x', questions: [{ a: 'p', b: 'q', c: 'r', expected: 's' }] }]);
    expect([probe.asked, finished(probe.share(new Float32Array(4), 4, 1)).share]).toEqual([0, null]);
  });
});

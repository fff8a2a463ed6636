// The held-out loss against the formula written out, and what must not change it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CodePaths, HeldOutModel, HeldOutRules } from '../../../word2vec/evaluation/held-out.ts';
import { HeldOutSet } from '../../../word2vec/evaluation/held-out.ts';
import { draw, drawTable, noiseWeight } from '../../../word2vec/noise.ts';
import { below, hashAt, mix32, STREAM, streamKey } from '../../../word2vec/random.ts';
import { trainReference } from '../../../word2vec/reference.ts';

const RULES: HeldOutRules = { window: 3, negative: 5, sample: 0, seed: 9, model: 'skipgram', paths: null };
const COUNTS = Float64Array.from({ length: 30 }, (_, id) => Math.ceil(3000 / (id + 1)));

function model(dim: number, size: number, seed: number): HeldOutModel {
  const values = (salt: number): Float32Array =>
    Float32Array.from(
      { length: COUNTS.length * dim },
      (_, at) => ((mix32(at * 7 + salt + seed * 1e6) / 2 ** 32) * 2 - 1) * size,
    );
  return { dim, input: values(1), output: values(2) };
}

function sentences(count: number, seed: number): number[][] {
  return Array.from({ length: count }, (_, s) =>
    Array.from({ length: 1 + (mix32(seed + s) % 12) }, (__, at) => mix32(seed * 31 + s * 100 + at) % COUNTS.length),
  );
}

/** Every word's path is its own number in five bits: nodes 1 to 31 of a complete tree, as word2vec.c labels them. */
const PATHS: CodePaths = (() => {
  const start = Uint32Array.from({ length: COUNTS.length + 1 }, (_, word) => word * 4);
  const path: number[] = [];
  const codes: number[] = [];
  for (let word = 0; word < COUNTS.length; word++)
    for (let bit = 0; bit < 4; bit++) {
      path.push((1 << bit) - 1 + (word & ((1 << bit) - 1)));
      codes.push((word >> bit) & 1);
    }
  return { start, path: Uint32Array.from(path), codes: Uint8Array.from(codes) };
})();

/** The definition, in nested loops: one number a pair. */
function plainLosses(text: readonly number[][], { dim, input, output }: HeldOutModel, rules: HeldOutRules): number[] {
  const losses: number[] = [];
  const noise = drawTable(COUNTS.map(noiseWeight));
  const cost = (x: number[], row: number, label: 0 | 1): number => {
    const dot = x.reduce((sum, value, d) => sum + value * output[row * dim + d]!, 0);
    const sigmoid = 1 / (1 + Math.exp(-dot));
    return -Math.log(label === 1 ? sigmoid : 1 - sigmoid);
  };
  let draws = 0;
  let token = 0;
  for (const sentence of text) {
    for (const [at, centre] of sentence.entries()) {
      const reach = rules.window - below(hashAt(streamKey(rules.seed, STREAM.heldOut, 1), token++), rules.window);
      const contexts = sentence.flatMap((word, other) => (other !== at && Math.abs(other - at) <= reach ? [word] : []));
      const vectors = contexts.map((word) => [...input.subarray(word * dim, word * dim + dim)]);
      const mean = Array.from(
        { length: dim },
        (_, d) => vectors.reduce((sum, one) => sum + one[d]!, 0) / vectors.length,
      );
      for (const x of rules.model === 'cbow' ? vectors.slice(0, 1).map(() => mean) : vectors) {
        let loss = 0;
        if (rules.paths === null) {
          loss += cost(x, centre, 1);
          for (let k = 0; k < rules.negative; k++) {
            const word = draw(noise, hashAt(streamKey(rules.seed, STREAM.heldOut, 2), draws++));
            if (word !== centre) loss += cost(x, word, 0);
          }
        } else {
          const { start, path, codes } = rules.paths;
          for (let k = start[centre]!; k < start[centre + 1]!; k++) loss += cost(x, path[k]!, codes[k] === 0 ? 1 : 0);
        }
        losses.push(loss);
      }
    }
  }
  return losses;
}

const KINDS: [string, Partial<HeldOutRules>][] = [
  ['negative sampling', {}],
  ['hierarchical softmax', { paths: PATHS }],
  ['bags of words', { model: 'cbow' }],
];

describe.each(KINDS)('the held-out loss of %s', (_, kind) => {
  const rules = { ...RULES, ...kind };

  it('is the formula', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 1000 }), (dim, seed) => {
        const text = sentences(8, seed);
        const measured = model(dim, 1.5, seed);
        const losses = plainLosses(text, measured, rules);
        const { loss, pairs } = new HeldOutSet(text, COUNTS, rules).score(measured);
        expect(pairs).toBe(losses.length);
        if (pairs > 0) expect(loss).toBeCloseTo(losses.reduce((sum, one) => sum + one, 0) / pairs, 6); // the mean of a bag is float32
        else expect(loss).toBeNull();
      }),
      { numRuns: 40 },
    );
  });

  it('is ln 2 a target for a model of zeros', () => {
    const { loss, untrained } = new HeldOutSet(sentences(20, 3), COUNTS, rules).score(model(4, 0, 1));
    expect(loss).toBeCloseTo(untrained!, 9);
    const targets = rules.paths === null ? 1 + rules.negative : 4;
    expect(untrained! / Math.LN2).toBeGreaterThan(targets - 1);
    expect(untrained! / Math.LN2).toBeLessThanOrEqual(targets);
  });

  it('does not depend on how it is cut into steps, nor on what was measured before', () => {
    const set = new HeldOutSet(sentences(30, 5), COUNTS, rules);
    const measured = model(6, 1, 2);
    const whole = set.score(measured);
    set.score(model(6, 2, 8));
    for (const tokens of [1, 7, 64]) {
      const steps = set.steps(measured, tokens);
      let taken = 0;
      for (let step = steps.next(); ; step = steps.next()) {
        if (step.done === true) {
          expect(step.value).toEqual(whole);
          break;
        }
        taken++;
      }
      expect(taken).toBe(Math.ceil(set.tokens / tokens) - 1);
    }
  });
});

describe('a held-out set', () => {
  it('makes no pair across sentences', () => {
    const whole = [[1, 2, 3, 4]];
    const alone = [[1], [2], [3], [4]];
    expect(new HeldOutSet(whole, COUNTS, RULES).score(model(3, 1, 1)).pairs).toBeGreaterThan(0);
    expect(new HeldOutSet(alone, COUNTS, RULES).score(model(3, 1, 1))).toEqual({
      loss: null,
      untrained: null,
      pairs: 0,
    });
  });

  it('subsamples as training does', () => {
    const text = Array.from({ length: 400 }, () => [0, 1, 2, 20, 21, 22]);
    const every = new HeldOutSet(text, COUNTS, RULES);
    const fewer = new HeldOutSet(text, COUNTS, { ...RULES, sample: 1e-2 });
    expect(every.tokens).toBe(2400);
    const total = COUNTS.reduce((sum, count) => sum + count, 0);
    const expected = text[0]!.reduce((sum, id) => {
      const ratio = COUNTS[id]! / (1e-2 * total);
      return sum + 400 * Math.min(1, (Math.sqrt(ratio) + 1) / ratio);
    }, 0);
    expect(Math.abs(fewer.tokens - expected)).toBeLessThan(4 * Math.sqrt(expected));
    expect(fewer.tokens).toBeLessThan(2000);
  });

  it('stays finite, and grows in proportion, where sigmoids saturate', () => {
    const set = new HeldOutSet(sentences(20, 4), COUNTS, RULES);
    const far = set.score(model(8, 60, 6)).loss!;
    const further = set.score(model(8, 60 * Math.SQRT2 * 8, 6)).loss!;
    expect(Number.isFinite(further)).toBe(true);
    expect(further / far).toBeCloseTo(128, 0);
  });

  it('refuses ids outside the vocabulary', () => {
    expect(() => new HeldOutSet([[0, 30]], COUNTS, RULES)).toThrow(expect.objectContaining({ code: 'HELD_OUT_WORD' }));
  });

  it('falls with training, and rises when the vectors are dealt to other words', async () => {
    // Words of one half keep to themselves.
    const text = Array.from({ length: 3000 }, (_, s) =>
      Array.from({ length: 8 }, (__, at) => (s % 2) * 15 + (mix32(s * 8 + at) % 15)),
    );
    const counts = new Float64Array(30);
    for (const sentence of text) for (const id of sentence) counts[id]!++;
    const config = {
      objective: 'skipgram',
      dim: 10,
      window: 3,
      negative: 5,
      sample: 0,
      epochs: 3,
      alpha: 0.05,
    } as const;
    const { input, output } = await trainReference(() => text.slice(200), counts, config, 1);
    const set = new HeldOutSet(text.slice(0, 200), counts, RULES);
    const { loss, untrained } = set.score({ dim: 10, input, output });
    expect(loss!).toBeLessThan(untrained! * 0.9);
    const dealt = Float32Array.from(input, (_, at) => input[(at + 150) % 300]!);
    expect(set.score({ dim: 10, input: dealt, output }).loss!).toBeGreaterThan(untrained!);
  });
});

// Decoupled negatives of a sparse grid: what every output part is due, against what its blocks draw.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EpisodeCensus, type Episode } from '../../../coordinator/leases/episode.ts';
import { loneInputs, MOST_LONE } from '../../../word2vec/lone-inputs.ts';
import { drawTable } from '../../../word2vec/noise.ts';
import { Planner } from '../../../word2vec/planner.ts';
import { below, hashAt } from '../../../word2vec/random.ts';

/** One output part's blocks, half of them empty or nearly so, and the pairs of each input part. */
const columns = fc
  .array(
    fc.record({
      pairs: fc.oneof(fc.constant(0), fc.nat(5), fc.nat(5000)),
      elsewhere: fc.oneof(fc.constant(0), fc.nat(200_000)),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((blocks) => ({
    pairs: blocks.map(({ pairs }) => pairs),
    inputPairs: blocks.map(({ pairs, elsewhere }) => pairs + elsewhere),
  }));
const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0);

describe('loneInputs', () => {
  it('gives an output part its due whenever its blocks can draw that much, and all they can otherwise', () => {
    fc.assert(
      fc.property(columns, fc.double({ min: 1e-4, max: 0.2, noNaN: true }), ({ pairs, inputPairs }, share) => {
        const rates = loneInputs(pairs, inputPairs, share);
        const drawn = sum(pairs.map((count, part) => count * rates[part]!));
        const due = Math.min(share * sum(inputPairs), MOST_LONE * sum(pairs));
        expect(Math.abs(drawn - due)).toBeLessThanOrEqual(1e-9 * due);
        expect(rates.every((rate, part) => rate >= 0 && rate <= MOST_LONE && (pairs[part]! > 0 || rate === 0))).toBe(
          true,
        );
      }),
    );
  });

  it('leaves every block its own due where all can draw it', () => {
    fc.assert(
      fc.property(columns, ({ pairs, inputPairs }) => {
        const full = pairs.map((count) => count + 1);
        const wider = inputPairs.map((count) => count + 1);
        const share = Math.min(...full.map((count, part) => (MOST_LONE * count) / wider[part]!)) / 2;
        const rates = loneInputs(full, wider, share);
        rates.forEach((rate, part) => expect(rate).toBeCloseTo((share * wider[part]!) / full[part]!, 9));
      }),
    );
  });

  it('shares out what is missing in proportion to the dues', () => {
    // Dues of 60, 30 and 10 inputs; the last block is empty, the first may draw 40.
    const rates = loneInputs([5, 100, 0, 100], [600, 300, 100, 100], 0.1);
    expect(Array.from(rates)).toEqual([8, (70 * 0.75) / 100, 0, (70 * 0.25) / 100]);
  });
});

describe('an episode of a sparse grid', () => {
  it('draws every output row as often as its due', () => {
    const [parts, size, draws] = [20, 7, 5];
    const shares = Array.from({ length: parts }, (_, part) => (part + 5) / (parts * 5 + (parts * (parts - 1)) / 2));
    const offsets = new Uint32Array(parts * parts + 1);
    // A third of the blocks is empty, a third holds a few pairs.
    const lengths = [0, 30, 1500];
    for (let block = 0; block < parts * parts; block++) {
      offsets[block + 1] = offsets[block]! + lengths[below(hashAt(1, block), 3)]!;
    }
    const pairs = offsets[parts * parts]!;
    const ranks = (key: number): Uint32Array<ArrayBuffer> =>
      Uint32Array.from({ length: pairs }, (_, at) => below(hashAt(key, at), size));
    const place = { epoch: 0, split: 0, line: 0, token: 0, tokens: 0, beyond: 0 };
    const [inputs, outputs] = [ranks(2), ranks(3)];
    const episode: Episode = { number: 0, parts, from: place, to: place, kept: 0, inputs, outputs, offsets };
    const census = new EpisodeCensus(episode);
    const weights = Float64Array.from({ length: size }, (_, rank) => 1 / (rank + 1));
    const seen = Array.from({ length: parts }, () => new Float64Array(size));
    for (let block = 0; block < parts * parts; block++) {
      const [i, j] = [Math.floor(block / parts), block % parts];
      if (offsets[block] === offsets[block + 1]) continue;
      const { rule, rate } = census.negatives(i, j, shares[j]!, { negative: draws, coupledParts: 16 });
      expect(rule).toBe('decoupled');
      const plan = new Planner().plan({
        seed: 1,
        episode: 0,
        block,
        firstChunk: 0,
        chunkPairs: 192 * 8,
        minibatch: 192,
        inputs: inputs.subarray(offsets[block], offsets[block + 1]),
        outputs: outputs.subarray(offsets[block], offsets[block + 1]),
        targets: 'positive',
        inputPartSize: size,
        outputPartSize: size,
        noise: drawTable(weights),
        negatives: {
          kind: 'decoupled',
          rate,
          draws,
          inputs: drawTable(Float64Array.from(census.inputCounts(i, size))),
        },
      });
      for (let group = 0; group < plan.groups; group++) {
        const slots = plan.groupInputs.subarray(group * 6, group * 6 + 6).filter((row) => row !== 0xffffffff).length;
        for (let at = plan.negativeStart[group]!; at < plan.negativeStart[group + 1]!; at++) {
          seen[j]![plan.outputIds[plan.negatives[at]!]!]! += slots;
        }
      }
    }
    for (let j = 0; j < parts; j++) {
      for (let row = 0; row < size; row++) {
        const due = (draws * pairs * shares[j]! * weights[row]!) / sum(weights);
        // Draws meet six inputs at once: their sum varies like a sixth as many independent ones.
        expect(Math.abs(seen[j]![row]! - due)).toBeLessThan(5 * Math.sqrt(6 * due));
      }
    }
  });
});

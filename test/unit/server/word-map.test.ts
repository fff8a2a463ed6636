// Maps of words: near enough to the vectors, made anew only when the model moved and not too often.
import { describe, expect, it } from 'vitest';
import { decodeWordMap } from '../../../protocol/vectors.ts';
import { WordMaps } from '../../../coordinator/server/word-map.ts';

function some(): { words: string[]; model: { dim: number; version: number; input: Float32Array } } {
  const dim = 7;
  const words = ['the', 'of', 'und', 'µ'];
  const input = Float32Array.from({ length: words.length * dim }, (_, at) => Math.sin(at * 1.7) * (1 + at));
  input.fill(0, 2 * dim, 3 * dim);
  return { words, model: { dim, version: 1, input } };
}

describe('map of words', () => {
  it('has every column within half a step, and zeros for a row of zeros', () => {
    const training = some();
    const { words, dim, scales, values, modelVersion } = decodeWordMap(new WordMaps({ training }, () => 0).map(9)!);
    expect([words, dim, modelVersion]).toEqual([training.words, 7, 1]);
    for (let at = 0; at < values.length; at++) {
      const scale = scales[Math.floor(at / dim)]!;
      expect(Math.abs(scale * values[at]! - training.model.input[at]!)).toBeLessThanOrEqual(scale * 0.5001);
    }
    expect(scales[2]).toBe(0);
  });

  it('takes the most frequent words only', () => {
    expect(decodeWordMap(new WordMaps({ training: some() }, () => 0).map(2)!).words).toEqual(['the', 'of']);
  });

  it('is made anew when the model moved, but not within two seconds, whatever lengths are asked for', () => {
    const training = some();
    let now = 0;
    const maps = new WordMaps({ training }, () => now);
    const row = (top: number): number[] => [...decodeWordMap(maps.map(top)!).values.subarray(0, 7)];
    const first = row(4);
    training.model.input.fill(1);
    now = 5000;
    expect([row(4), row(2)]).toEqual([first, first]);
    training.model.version = 2;
    expect(row(3)).toEqual(Array.from({ length: 7 }, () => 127));
    training.model.input.set([-1], 0);
    training.model.version = 3;
    now = 6999;
    for (const top of [1, 2, 3, 4]) expect(row(top)[0]).toBe(127);
    now = 7000;
    expect(row(2)[0]).toBe(-127);
    expect(decodeWordMap(maps.map(4)!).modelVersion).toBe(3);
  });

  it('is none before there is a model', () => {
    expect(new WordMaps({ training: null }, () => 0).map(4)).toBeNull();
  });
});

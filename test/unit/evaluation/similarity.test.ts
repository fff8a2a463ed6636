// Queries at their edges, and what unknown words are told.

import { describe, expect, it } from 'vitest';
import { NearestNeighbours, mostSimilar } from '../../../word2vec/similarity.ts';
import { nearSpellings } from '../../../word2vec/spelling.ts';

const vectors = {
  words: ['king', 'King', 'kings', 'queen', 'zero'],
  dim: 2,
  values: Float32Array.of(3, 0, 0, 2, 3, 4, -1, 0, 0, 0),
};

describe('nearest neighbours', () => {
  it('rank by cosine, whatever the lengths, without the query', () => {
    expect(mostSimilar(vectors, ['king'])).toEqual([
      { word: 'kings', similarity: expect.closeTo(0.6, 9) },
      { word: 'King', similarity: 0 },
      { word: 'zero', similarity: 0 },
      { word: 'queen', similarity: expect.closeTo(-1, 9) },
    ]);
  });

  it('add positive and subtract negative unit vectors', () => {
    const [best] = mostSimilar(vectors, ['King'], ['queen'], 1); // (0, 1) - (-1, 0)
    expect(best).toEqual({ word: 'kings', similarity: expect.closeTo(1.4 / Math.SQRT2, 9) });
  });

  it('are all alike where the query cancels out', () => {
    const found = mostSimilar(vectors, ['king'], ['king'], 2);
    expect(found.map(({ similarity }) => similarity)).toEqual([0, 0]);
  });

  it('are the same in steps, and of the rows as they are at each step', () => {
    const moving = { ...vectors, values: vectors.values.slice() };
    const index = new NearestNeighbours(moving);
    index.nearest(['king']); // lengths of before are known, and must not be used
    moving.values.set([30, 40], 4);
    const search = index.nearestNow(['king'], [], 3, 2);
    let steps = 0;
    let step = search.next();
    for (; step.done !== true; step = search.next()) steps++;
    expect(steps).toBe(2);
    expect(step.value).toEqual(mostSimilar(moving, ['king'], [], 3));
    expect(step.value[0]).toEqual({ word: 'kings', similarity: expect.closeTo(0.6, 9) });
  });

  it('name unknown words and near spellings', () => {
    expect(() => mostSimilar(vectors, ['KING', 'kinds'], ['xyz'])).toThrow(
      expect.objectContaining({
        code: 'UNKNOWN_WORD',
        message: 'not in the vocabulary: "KING" (near it: king, King, kings), "kinds" (near it: kings), "xyz"',
      }),
    );
  });

  it('look up spellings for the first two unknown words alone', () => {
    expect(() => mostSimilar(vectors, ['kinds', 'quee', 'zer'])).toThrow(/"kinds" \(near.*"quee" \(near.*"zer"$/);
  });

  it('follow vectors that change, once measured anew', () => {
    const values = vectors.values.slice();
    const index = new NearestNeighbours({ ...vectors, values });
    index.nearest(['king']); // the first use measures
    values.set([30, 40], 2);
    expect(index.similarity('kings', 'King')).toBeGreaterThan(1);
    index.remeasure();
    expect(index.similarity('kings', 'King')).toBeCloseTo(1, 9);
  });

  it('refuse a query without words and a senseless number of answers', () => {
    const index = new NearestNeighbours(vectors);
    expect(() => index.nearest([])).toThrow(expect.objectContaining({ code: 'QUERY_EMPTY' }));
    for (const top of [0, 1.5, NaN])
      expect(() => index.nearest(['king'], [], top)).toThrow(expect.objectContaining({ code: 'QUERY_TOP' }));
  });
});

describe('near spellings', () => {
  it.each([
    ['house', true], // replaced
    ['mose', true], // left out
    ['mousse', true], // inserted
    ['muose', true], // swapped
    ['moose', true],
    ['mo', false],
    ['muoes', false],
    ['mesou', false],
  ])('of %s: mouse is one: %s', (word, near) => {
    expect(nearSpellings(word, ['mouse'])).toEqual(near ? ['mouse'] : []);
  });

  it('put other cases first, however rare', () => {
    expect(nearSpellings('Us', ['as', 'is', 'us', 'use'])).toEqual(['us', 'as', 'is']);
  });
});

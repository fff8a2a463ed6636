// The volunteer's cache of rows against a plain map.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowCache } from '../../../volunteer/row-cache.ts';

describe('RowCache', () => {
  it('keeps what a map would, over growth and clearing', () => {
    const row = fc.nat(2999);
    const moves = fc.array(fc.oneof({ weight: 60, arbitrary: row }, { weight: 1, arbitrary: fc.constant(-1) }), {
      maxLength: 4000,
      size: 'max',
    });
    fc.assert(
      fc.property(moves, fc.integer({ min: 1, max: 3 }), (list, dim) => {
        const cache = new RowCache(3000, dim, false);
        const plain = new Map<number, number>();
        for (const [at, id] of list.entries()) {
          if (id < 0) {
            cache.clear();
            plain.clear();
            continue;
          }
          const offset = cache.reserve(id);
          cache.values.fill(at, offset, offset + dim);
          plain.set(id, at);
        }
        for (let id = 0; id < 3000; id++) {
          const offset = cache.find(id);
          const held = offset < 0 ? null : [...cache.values.subarray(offset, offset + dim)];
          const value = plain.get(id);
          if (
            value === undefined
              ? held !== null
              : held === null || held.length !== dim || held.some((one) => one !== value)
          ) {
            expect({ id, held }).toEqual({ id, held: value });
          }
        }
        expect(new Set([...plain.keys()].map((id) => cache.find(id))).size).toBe(plain.size);
      }),
      { numRuns: 20 },
    );
  });
});

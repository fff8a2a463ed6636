// The table of byte strings, held to a Map of strings.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteTable, hashByte } from '../../../coordinator/ingest/byte-table.ts';

/** Bytes as text, one character each. */
const keyOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** Few short strings of few letters, so that many come again, and some that fill the arena. */
const strings = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: fc.uint8Array({ maxLength: 3, max: 4 }) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 5000 }) },
  ),
  { maxLength: 300 },
);

/** Every string, in its order, has its number, and no other string has one. */
function expectStrings(table: ByteTable, expected: readonly string[]): void {
  expect(table.size).toBe(expected.length);
  expect(table.stringBytes).toBe(expected.reduce((sum, one) => sum + one.length, 0));
  for (const [index, one] of expected.entries()) {
    expect(keyOf(table.at(index))).toBe(one);
    // In the middle of other bytes, as in a block of text.
    const bytes = Buffer.from(`ab${one}c`, 'latin1');
    expect(table.find(bytes, 2, bytes.length - 1, table.hash(bytes, 2, bytes.length - 1))).toBe(index);
    const absent = Buffer.from(`${one}!`, 'latin1');
    if (!expected.includes(`${one}!`))
      expect(table.find(absent, 0, absent.length, table.hash(absent, 0, absent.length))).toBe(-1);
  }
}

describe('the table of byte strings', () => {
  it('numbers strings in the order they come, whatever its seed', () => {
    fc.assert(
      fc.property(strings, fc.integer(), (added, seed) => {
        const table = new ByteTable(seed);
        const plain = new Map<string, number>();
        for (const bytes of added) {
          const known = plain.get(keyOf(bytes));
          if (known === undefined) plain.set(keyOf(bytes), plain.size);
          expect(table.add(bytes, 0, bytes.length)).toBe(known ?? plain.size - 1);
        }
        expectStrings(table, [...plain.keys()]);
      }),
      { numRuns: 50 },
    );
  });

  it('renumbers what it retains, goes on growing, and forgets all when cleared', () => {
    fc.assert(
      fc.property(strings, strings, fc.integer({ min: 1, max: 5 }), (before, after, step) => {
        const table = new ByteTable(7);
        for (const bytes of before) table.add(bytes, 0, bytes.length);
        const kept = [...new Set(before.map(keyOf))].filter((_, index) => index % step === 0);
        table.retain((index) => index % step === 0);
        expectStrings(table, kept);
        for (const bytes of after) table.add(bytes, 0, bytes.length);
        expectStrings(table, [...new Set([...kept, ...after.map(keyOf)])]);
        table.clear();
        expectStrings(table, []);
        for (const bytes of after) table.add(bytes, 0, bytes.length);
        expectStrings(table, [...new Set(after.map(keyOf))]);
      }),
      { numRuns: 50 },
    );
  });

  it('says what memory it takes, and would take', () => {
    const table = new ByteTable(1);
    const bytes = Buffer.alloc(20);
    for (let k = 0; k < 5000; k++) {
      bytes.writeUInt32LE(k);
      const before = table.memory;
      const needed = table.memoryWith(1, 20);
      table.add(bytes, 0, 20);
      if (table.memory === before) expect(needed).toBe(before);
      // Old and new are there together.
      else expect(needed).toBeGreaterThan(table.memory);
    }
    for (let k = 0; k < 5000; k++) {
      bytes.writeUInt32LE(k);
      expect(table.add(bytes, 0, 20)).toBe(k);
    }
    expect(table.memory).toBeGreaterThan(5000 * (20 + 12));
    expect(table.memory).toBeLessThan(5000 * (20 + 16) * 2.1);
  });

  it('finds strings that share a slot, and spreads those crafted against another seed', () => {
    // Strings whose hash ends in 12 zeros under seed 0: all in one slot there.
    const bytes = Buffer.alloc(4);
    const crafted: Buffer[] = [];
    for (let k = 0; crafted.length < 100; k++) {
      bytes.writeUInt32LE(k);
      if ((hashOf(0, bytes) & 0xfff) === 0) crafted.push(Buffer.from(bytes));
    }
    const table = new ByteTable(0);
    for (const one of crafted) table.add(one, 0, 4);
    expectStrings(table, crafted.map(keyOf));
    for (const seed of [1, 0x80000000, 123456789]) {
      const other = new ByteTable(seed);
      const slots = new Set(crafted.map((one) => other.hash(one, 0, 4) & 0xfff));
      expect(slots.size).toBeGreaterThan(90);
    }
  });

  it('tells strings apart that have one hash', () => {
    const word = Buffer.from('word');
    const hash = hashOf(0, word);
    // Longer by six bytes, which lead from the hash to itself; and two of one length.
    const longer = Buffer.concat([word, leading(hash, hash)]);
    const six = Buffer.from('twelve');
    const twin = leading(0, hashOf(0, six));
    expect([hashOf(0, longer), hashOf(0, twin)]).toEqual([hash, hashOf(0, six)]);
    expect(twin).not.toEqual(six);
    for (const order of [
      [word, longer, six, twin],
      [twin, six, longer, word],
    ]) {
      const table = new ByteTable(0);
      for (const [k, one] of order.entries()) expect(table.add(one, 0, one.length)).toBe(k);
      expectStrings(table, order.map(keyOf));
    }
  });
});

function hashOf(seed: number, bytes: Uint8Array): number {
  return bytes.reduce(hashByte, seed);
}

/** Six bytes that lead from one state of the hash to another: three onwards and three backwards meet in the middle. */
function leading(from: number, to: number): Buffer {
  // The inverse of the multiplier, modulo 2^32.
  let inverse = 1;
  for (let k = 0; k < 5; k++) inverse = Math.imul(inverse, 2 - Math.imul(0x9e3779b1, inverse));
  const before = (hash: number, byte: number): number =>
    Math.imul(hash ^ (hash >>> 15) ^ (hash >>> 30), inverse) ^ byte;
  const middles = new Map<number, number>();
  for (let k = 0; k < 1 << 18; k++)
    middles.set(hashByte(hashByte(hashByte(from, k & 255), (k >> 8) & 255), k >> 16), k);
  for (let k = 0; k < 1 << 24; k++) {
    const middle = middles.get(before(before(before(to, k & 255), (k >> 8) & 255), k >> 16));
    if (middle !== undefined)
      return Buffer.of(middle & 255, (middle >> 8) & 255, middle >> 16, k >> 16, (k >> 8) & 255, k & 255);
  }
  throw new Error('no such bytes');
}

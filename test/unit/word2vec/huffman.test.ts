// The Huffman tree: word2vec.c's own codes, and for any counts a prefix code that nothing can shorten.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildHuffman, type HuffmanTree } from '../../../word2vec/huffman.ts';

const descending = fc
  .array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 1_000_000 })), {
    minLength: 2,
    maxLength: 300,
  })
  .map((counts) => Float64Array.from(counts.sort((a, b) => b - a)));

function codesOf(tree: HuffmanTree): string[] {
  return Array.from({ length: tree.nodes + 1 }, (_, word) =>
    tree.codes.subarray(tree.start[word], tree.start[word + 1]).join(''),
  );
}

function pathsOf(tree: HuffmanTree): number[][] {
  return Array.from({ length: tree.nodes + 1 }, (_, word) => [
    ...tree.path.subarray(tree.start[word], tree.start[word + 1]),
  ]);
}

/** Σ count × code length of the best code there is: the sum of all merges of the two smallest. */
function leastBits(counts: ArrayLike<number>): number {
  const left = Array.from(counts);
  let bits = 0;
  while (left.length > 1) {
    left.sort((a, b) => a - b);
    const merged = left.shift()! + left.shift()!;
    bits += merged;
    left.push(merged);
  }
  return bits;
}

describe('buildHuffman', () => {
  it("gives word2vec.c's codes and nodes", () => {
    // Printed by its CreateBinaryTree for these counts, with nodes counted from the root.
    const tree = buildHuffman([50, 20, 20, 10, 9, 9, 9, 4, 4, 3, 1, 1]);
    expect(codesOf(tree)).toEqual('11 00 101 1001 1000 0111 0110 01011 01010 01001 010001 010000'.split(' '));
    expect(pathsOf(tree).map((path) => path.join(','))).toEqual(
      '0,1 0,2 0,1,3 0,1,3,5 0,1,3,5 0,2,4,6 0,2,4,6 0,2,4,7,8 0,2,4,7,8 0,2,4,7,9 0,2,4,7,9,10 0,2,4,7,9,10'.split(
        ' ',
      ),
    );
    expect(codesOf(buildHuffman([5, 5, 5, 5, 5]))).toEqual(['10', '01', '00', '111', '110']);
    expect(codesOf(buildHuffman([3, 1]))).toEqual(['1', '0']);
  });

  it('gives a prefix code', () => {
    fc.assert(
      fc.property(descending, (counts) => {
        const codes = codesOf(buildHuffman(counts)).sort();
        expect(codes[0]!.length).toBeGreaterThan(0);
        // A code that begins another sorts before it, and everything between begins with it as well.
        for (let at = 1; at < codes.length; at++) expect(codes[at]!.startsWith(codes[at - 1]!)).toBe(false);
      }),
    );
  });

  it('gives codes of the least length', () => {
    fc.assert(
      fc.property(descending, (counts) => {
        const { start } = buildHuffman(counts);
        const bits = counts.reduce((sum, count, word) => sum + count * (start[word + 1]! - start[word]!), 0);
        expect(bits).toBe(leastBits(counts));
      }),
    );
  });

  it('leads every path from the root down, each node by one and the same way', () => {
    fc.assert(
      fc.property(descending, (counts) => {
        const tree = buildHuffman(counts);
        const above = new Map<number, string>();
        for (const [word, path] of pathsOf(tree).entries()) {
          const code = codesOf(tree)[word]!;
          expect(path[0]).toBe(0);
          for (const [depth, node] of path.entries()) {
            const way = code.slice(0, depth);
            expect(above.get(node) ?? way).toBe(way);
            above.set(node, way);
          }
        }
        expect(above.size).toBe(tree.nodes);
        expect(new Set(above.values()).size).toBe(tree.nodes);
      }),
      { numRuns: 30 },
    );
  });

  it('numbers nodes by descending count, each the sum of the words below it', () => {
    fc.assert(
      fc.property(descending, (counts) => {
        const tree = buildHuffman(counts);
        const below = new Float64Array(tree.nodes);
        for (const [word, path] of pathsOf(tree).entries()) for (const node of path) below[node]! += counts[word]!;
        expect([...tree.nodeCounts]).toEqual([...below]);
        expect([...below]).toEqual([...below].sort((a, b) => b - a));
      }),
    );
  });

  it('refuses counts without a tree, and codes longer than word2vec.c has room for', () => {
    const refused = (counts: readonly number[]): unknown => {
      try {
        return codesOf(buildHuffman(counts));
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(refused([3])).toBe('HUFFMAN_COUNTS');
    expect(refused([3, 4])).toBe('HUFFMAN_COUNTS');
    expect(refused([3, 0])).toBe('HUFFMAN_COUNTS');
    expect(refused([3, NaN])).toBe('HUFFMAN_COUNTS');
    // Each as many as all rarer ones but the last together: every merge adds one word, and one bit to the rarest.
    const fibonacci = [1, 1];
    while (fibonacci.length < 41) fibonacci.unshift(fibonacci[0]! + fibonacci[1]!);
    expect(codesOf(buildHuffman(fibonacci)).at(-1)).toHaveLength(40);
    expect(refused([fibonacci[0]! + fibonacci[1]!, ...fibonacci])).toBe('HUFFMAN_DEPTH');
  });
});

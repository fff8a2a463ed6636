// The Huffman tree of hierarchical softmax (Mikolov et al. 2013, section 2.1), as word2vec.c's CreateBinaryTree has it.
import { Word2vecError } from './errors.ts';

/** Word w's path is at [start[w], start[w + 1]) of `path` and `codes`: its inner nodes from the root, and the turns. */
export interface HuffmanTree {
  /** Inner nodes, V − 1; each is a row of the output matrix, whose last row stays unused. */
  readonly nodes: number;
  /** Occurrences of the words below each node. Never ascending: a node's id is its rank, the root is 0. Shape (V − 1). */
  readonly nodeCounts: Float64Array;
  /** Shape (V + 1). */
  readonly start: Uint32Array;
  /** Node ids. Shape (Σ path lengths). */
  readonly path: Uint32Array;
  /** word2vec.c's code bits: the label that the node's row learns is 1 − code. Shape (Σ path lengths). */
  readonly codes: Uint8Array;
}

/** word2vec.c's MAX_CODE_LENGTH. Counts must grow like Fibonacci's numbers, to over 400 million, to go beyond. */
const CODE_LENGTH_MAX = 40;

/**
 * Builds the tree by merging the two rarest nodes over and over; of equal ones, merged nodes go before words and the
 * later word before the earlier, as in word2vec.c, so that the codes are equal to its own bit for bit.
 * @param counts of the words, descending. Shape (V)
 * @throws Word2vecError HUFFMAN_COUNTS for fewer than two words or counts that ascend; HUFFMAN_DEPTH
 */
export function buildHuffman(counts: ArrayLike<number>): HuffmanTree {
  const words = counts.length;
  checkCounts(counts);
  const nodes = words - 1;
  // Words 0..V-1, then nodes in the order of their making, which is one of ascending counts. The last is the root.
  const count = new Float64Array(words + nodes).fill(Infinity);
  const parent = new Uint32Array(words + nodes);
  const bit = new Uint8Array(words + nodes);
  for (let word = 0; word < words; word++) count[word] = counts[word]!;
  let rarestWord = words - 1;
  let rarestNode = words;
  const takeRarest = (): number =>
    rarestWord >= 0 && count[rarestWord]! < count[rarestNode]! ? rarestWord-- : rarestNode++;
  for (let made = words; made < words + nodes; made++) {
    const first = takeRarest();
    const second = takeRarest();
    count[made] = count[first]! + count[second]!;
    parent[first] = made;
    parent[second] = made;
    bit[second] = 1;
  }
  const root = words + nodes - 1;
  const start = pathStarts(parent, words, root);
  const path = new Uint32Array(start[words]!);
  const codes = new Uint8Array(start[words]!);
  for (let word = 0; word < words; word++) {
    let at = start[word + 1]!;
    for (let below = word; below !== root; below = parent[below]!) {
      path[--at] = root - parent[below]!;
      codes[at] = bit[below]!;
    }
  }
  return { nodes, nodeCounts: count.slice(words).reverse(), start, path, codes };
}

/** Where each word's path begins. Shape (V + 1). */
function pathStarts(parent: Uint32Array, words: number, root: number): Uint32Array {
  const depth = new Uint32Array(root + 1);
  for (let below = root - 1; below >= 0; below--) depth[below] = depth[parent[below]!]! + 1;
  const start = new Uint32Array(words + 1);
  for (let word = 0; word < words; word++) {
    if (depth[word]! > CODE_LENGTH_MAX) {
      throw new Word2vecError(
        'HUFFMAN_DEPTH',
        `word ${word} has a code of ${depth[word]} bits, ${CODE_LENGTH_MAX} are allowed`,
        'Use negative sampling: these counts are not those of a language.',
      );
    }
    start[word + 1] = start[word]! + depth[word]!;
  }
  return start;
}

function checkCounts(counts: ArrayLike<number>): void {
  const problem =
    counts.length < 2
      ? `a tree needs two words, not ${counts.length}`
      : Array.from(counts).some((count, word) => !(count > 0) || (word > 0 && count > counts[word - 1]!))
        ? 'counts must be positive and descending'
        : undefined;
  if (problem !== undefined) throw new Word2vecError('HUFFMAN_COUNTS', problem);
}

// Deals the rows of one matrix into parts of even weight: the rows and columns of the block grid.
import { hashAt, STREAM, streamKey } from './random.ts';

export interface Parts {
  /** Number of parts, P. */
  readonly count: number;
  /** Part of each row. Shape (V). */
  readonly partOf: Uint16Array;
  /** Position of each row within its part: 0 is the part's most frequent row. Shape (V). */
  readonly localOf: Uint32Array;
  /** Rows of each part, most frequent first. */
  readonly members: readonly Uint32Array[];
}

/**
 * Stratified deal (docs/architecture.md, "Parts"): rows are walked by frequency in groups of P; within a group the
 * most frequent goes to the least-loaded part, loads jittered by uniform × 4 × the group's mean weight.
 * @param weights expected occurrences of each row, in row order (descending). Shape (V).
 */
export function dealParts(weights: Float64Array, count: number, seed: number, matrix: 'input' | 'output'): Parts {
  const rows = weights.length;
  const key = streamKey(seed, matrix === 'input' ? STREAM.inputParts : STREAM.outputParts, count);
  const partOf = new Uint16Array(rows);
  const localOf = new Uint32Array(rows);
  const load = new Float64Array(count);
  const size = new Uint32Array(count);
  const jittered = new Float64Array(count);
  const order = Array.from({ length: count }, (_, part) => part);
  for (let start = 0; start < rows; start += count) {
    const group = Math.min(count, rows - start);
    let mean = 0;
    for (let k = 0; k < group; k++) mean += (weights[start + k] ?? 0) / group;
    for (let part = 0; part < count; part++) {
      jittered[part] = load[part]! + (mean * 4 * hashAt(key, start + part)) / 4294967296;
    }
    order.sort((a, b) => jittered[a]! - jittered[b]! || a - b);
    for (let k = 0; k < group; k++) {
      const part = order[k]!;
      partOf[start + k] = part;
      localOf[start + k] = size[part]!++;
      load[part]! += weights[start + k] ?? 0;
    }
  }
  const members = Array.from(size, (length) => new Uint32Array(length));
  for (let row = 0; row < rows; row++) members[partOf[row]!]![localOf[row]!] = row;
  return { count, partOf, localOf, members };
}

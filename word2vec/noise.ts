// Weighted draws in constant time (Walker's alias method), identical in every JavaScript engine.

/**
 * Only + - * / and square roots go into a table: IEEE 754 rounds those exactly, while `Math.pow` may differ
 * between browsers, and the coordinator must know which rows a tab drew.
 */
export interface DrawTable {
  /** Chance, out of 2^32, that slot s yields s itself. Shape (n). */
  readonly keep: Float64Array;
  /** What slot s yields otherwise. Shape (n). */
  readonly alias: Uint32Array;
}

/** count^0.75, the noise distribution of Mikolov et al. 2013 (section 2.2), by square roots alone. */
export function noiseWeight(count: number): number {
  const root = Math.sqrt(count);
  return root * Math.sqrt(root);
}

/** Builds the table that yields index s with probability weights[s] / sum. Weights are >= 0 and not all zero. */
export function drawTable(weights: Float64Array): DrawTable {
  const n = weights.length;
  let sum = 0;
  for (let s = 0; s < n; s++) sum += weights[s]!;
  const keep = new Float64Array(n);
  const alias = new Uint32Array(n);
  const scaled = new Float64Array(n);
  const small: number[] = [];
  const large: number[] = [];
  for (let s = 0; s < n; s++) {
    scaled[s] = (weights[s]! / sum) * n;
    (scaled[s]! < 1 ? small : large).push(s);
  }
  while (small.length > 0 && large.length > 0) {
    const lesser = small.pop()!;
    const greater = large.pop()!;
    keep[lesser] = Math.floor(scaled[lesser]! * 4294967296);
    alias[lesser] = greater;
    scaled[greater] = scaled[greater]! + scaled[lesser]! - 1;
    (scaled[greater]! < 1 ? small : large).push(greater);
  }
  for (const s of [...small, ...large]) {
    keep[s] = 4294967296;
    alias[s] = s;
  }
  return { keep, alias };
}

/** One draw from a 32-bit hash: its high part picks the slot, the remainder decides between slot and alias. */
export function draw(table: DrawTable, hash: number): number {
  const scaled = hash * table.keep.length;
  const slot = Math.floor(scaled / 4294967296);
  return scaled - slot * 4294967296 < table.keep[slot]! ? slot : table.alias[slot]!;
}

/** Noise weights of the rows of one part. @param counts corpus counts. Shape (V). */
export function partNoise(counts: Float64Array, members: Uint32Array): Float64Array {
  const weights = new Float64Array(members.length);
  for (let at = 0; at < members.length; at++) weights[at] = noiseWeight(counts[members[at]!] ?? 0);
  return weights;
}

/** Share of the whole noise mass that each part holds, Q_j. Shape (P). */
export function noiseShares(counts: Float64Array, members: readonly Uint32Array[]): Float64Array {
  const mass = Float64Array.from(members, (rows) => partNoise(counts, rows).reduce((sum, weight) => sum + weight, 0));
  const sum = mass.reduce((total, part) => total + part, 0);
  return mass.map((part) => part / sum);
}

// What both sides derive from counts and seed for a grid of P × P blocks: parts, noise tables, shares.
import type { DrawTable } from './noise.ts';
import { drawTable, noiseShares, partNoise } from './noise.ts';
import type { Parts } from './parts.ts';
import { dealParts } from './parts.ts';
import { keptCounts } from './vocabulary.ts';

/** The tables of one P. Noise tables are made when first asked for. */
export class GridTables {
  readonly input: Parts;
  readonly output: Parts;
  /** Q_j. Shape (P). */
  readonly shares: Float64Array;
  readonly #counts: Float64Array;
  readonly #noise = new Map<number, DrawTable>();

  constructor(counts: Float64Array, weights: Float64Array, parts: number, seed: number) {
    this.#counts = counts;
    this.input = dealParts(weights, parts, seed, 'input');
    this.output = dealParts(weights, parts, seed, 'output');
    this.shares = noiseShares(counts, this.output.members);
  }

  /** Draws from output part `part` by count^0.75. */
  noise(part: number): DrawTable {
    let table = this.#noise.get(part);
    if (table === undefined) {
      table = drawTable(partNoise(this.#counts, this.output.members[part]!));
      this.#noise.set(part, table);
    }
    return table;
  }
}

/** Keeps the tables of the few values of P that are in use at once. */
export class GridTablesCache {
  readonly #counts: Float64Array;
  readonly #weights: Float64Array;
  readonly #seed: number;
  readonly #tables = new Map<number, GridTables>();

  /** @param sample subsampling threshold s; with the counts it gives the weights that parts are balanced by */
  constructor(counts: Float64Array, sample: number, seed: number) {
    this.#counts = counts;
    this.#weights = keptCounts(counts, sample);
    this.#seed = seed;
  }

  of(parts: number): GridTables {
    let tables = this.#tables.get(parts);
    if (tables === undefined) {
      tables = new GridTables(this.#counts, this.#weights, parts, this.#seed);
      // Two episodes overlap at most; a third entry spares a rebuild when P swings back.
      if (this.#tables.size >= 3) this.#tables.delete(this.#tables.keys().next().value!);
      this.#tables.set(parts, tables);
    }
    return tables;
  }
}

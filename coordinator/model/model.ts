// The master model: both matrices, and a version per row that tells which volunteers hold it fresh.
import type { RowStore } from '../../rows/row-store.ts';
import { rowStore } from '../../rows/row-store.ts';
import { hashAt, STREAM, streamKey } from '../../word2vec/random.ts';
import { RowNorms } from './row-norms.ts';

export class Model {
  readonly rows: number;
  readonly dim: number;
  readonly inputStore: RowStore;
  readonly outputStore: RowStore;
  /** The stores' values. Shape (V, D), row-major: what becomes the word vectors. */
  readonly input: Float32Array<ArrayBuffer>;
  /** Shape (V, D), row-major. */
  readonly output: Float32Array<ArrayBuffer>;
  /** Raised by every delta that touches the row; starts at 1, so that 0 can mean "not held". Shape (V). */
  readonly inputVersions: Uint32Array;
  readonly outputVersions: Uint32Array;
  readonly inputNorms: RowNorms;
  readonly outputNorms: RowNorms;
  /** Deltas applied. */
  version = 0;

  constructor(rows: number, dim: number) {
    this.rows = rows;
    this.dim = dim;
    this.inputStore = rowStore(rows, dim);
    this.outputStore = rowStore(rows, dim);
    this.input = this.inputStore.values;
    this.output = this.outputStore.values;
    this.inputVersions = new Uint32Array(rows).fill(1);
    this.outputVersions = new Uint32Array(rows).fill(1);
    this.inputNorms = new RowNorms(this.input, dim, this.inputVersions);
    this.outputNorms = new RowNorms(this.output, dim, this.outputVersions);
  }

  /** Input rows uniform in ±0.5/D, output rows zero: word2vec.c InitNet. */
  static fresh(rows: number, dim: number, seed: number): Model {
    const model = new Model(rows, dim);
    const key = streamKey(seed, STREAM.initial);
    for (let at = 0; at < model.input.length; at++) model.input[at] = initialValue(hashAt(key, at), dim);
    return model;
  }
}

/** What a value of an input row begins with, as single precision keeps it. @param drawn 32 random bits */
export function initialValue(drawn: number, dim: number): number {
  return Math.fround((drawn / 4294967296 - 0.5) / dim);
}

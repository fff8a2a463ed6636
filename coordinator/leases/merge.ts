// How a checked result enters the model: added as it is on the grid, by a rule of descent where it may be stale.
import { hasBit, withBits } from '../../protocol/bitmap.ts';
import { unpackRow } from '../../protocol/rows.ts';
import type { Result } from '../../protocol/to-coordinator.ts';
import type { Descent, MatrixName } from '../descent/descent.ts';
import { Touches } from '../descent/touches.ts';
import type { Model } from '../model/model.ts';
import type { RowNorms } from '../model/row-norms.ts';
import type { HeldRows } from './held-rows.ts';
import type { LeaseRecord } from './lease-builder.ts';

export interface Merge {
  /** A lease goes out with its rows as they are now. */
  leased(record: LeaseRecord): void;
  /** A result that the gate let pass. Notes in `held` which rows the sender still holds as they are. */
  apply(result: Result, record: LeaseRecord, held: HeldRows): void;
}

/** W += Δ for every row present: nobody else touched them. The sender holds the new version: it added the same delta. */
export class Addition implements Merge {
  readonly #model: Model;

  constructor(model: Model) {
    this.#model = model;
  }

  leased(): void {}

  apply(result: Result, record: LeaseRecord, held: HeldRows): void {
    const { inputStore, outputStore, inputVersions, outputVersions, inputNorms, outputNorms } = this.#model;
    const { inputRows, outputRows } = record;
    const inputs = withBits(inputRows, result.present, 0);
    const outputs = withBits(outputRows, result.present, inputRows.length);
    const squares = new Float64Array(Math.max(inputs.length, outputs.length));
    const note = (rows: Uint32Array, versions: Uint32Array, norms: RowNorms, heldVersions: Uint32Array): void => {
      for (let k = 0; k < rows.length; k++) {
        const row = rows[k]!;
        heldVersions[row] = ++versions[row]!;
        norms.note(row, squares[k]!);
      }
    };
    inputStore.add(result.deltas, 0, inputs, squares);
    note(inputs, inputVersions, inputNorms, held.input);
    outputStore.add(result.deltas, inputs.length, outputs, squares);
    note(outputs, outputVersions, outputNorms, held.output);
    this.#model.version++;
  }
}

/** Rows of a lease as it took them. */
interface Taken {
  /** Readings of `Touches`. */
  readonly input: Float64Array;
  readonly output: Float64Array;
  /** Shape (rows, D); empty unless the rule needs it. */
  readonly inputValues: Float32Array;
  readonly outputValues: Float32Array;
}

/** Merges by a rule. What leases took is remembered while they are out: the budget of what is in flight bounds it. */
export class Merging implements Merge {
  readonly #model: Model;
  readonly #descent: Descent;
  readonly #updateDots: number;
  readonly #touches: Readonly<Record<MatrixName, Touches>>;
  readonly #taken = new WeakMap<LeaseRecord, Taken>();
  readonly #delta: Float32Array<ArrayBuffer>;

  /** @param updateDots dot products that one update of an input row sums up */
  constructor(model: Model, descent: Descent, updateDots: number) {
    this.#model = model;
    this.#descent = descent;
    this.#updateDots = updateDots;
    this.#touches = { input: new Touches(model.rows), output: new Touches(model.rows) };
    this.#delta = new Float32Array(model.dim);
  }

  leased(record: LeaseRecord): void {
    const { input, output } = this.#model;
    this.#taken.set(record, {
      input: this.#touches.input.read(record.inputRows),
      output: this.#touches.output.read(record.outputRows),
      inputValues: this.#copy(input, record.inputRows),
      outputValues: this.#copy(output, record.outputRows),
    });
  }

  #copy(matrix: Float32Array, rows: Uint32Array): Float32Array {
    if (!this.#descent.needsLeased) return new Float32Array(0);
    const { dim } = this.#model;
    const copy = new Float32Array(rows.length * dim);
    for (let r = 0; r < rows.length; r++) copy.set(matrix.subarray(rows[r]! * dim, (rows[r]! + 1) * dim), r * dim);
    return copy;
  }

  apply(result: Result, record: LeaseRecord, held: HeldRows): void {
    const taken = this.#taken.get(record);
    if (taken === undefined) throw new Error(`lease ${record.grant.lease} was never leased`);
    let at = 0;
    const inputs = record.inputRows.length;
    for (let r = 0; r < inputs + record.outputRows.length; r++) {
      if (!hasBit(result.present, r)) continue;
      unpackRow(result.deltas, at++, this.#delta, 0, this.#model.dim);
      if (r < inputs) this.#mergeRow('input', r, record, taken, held);
      else this.#mergeRow('output', r - inputs, record, taken, held);
    }
    this.#model.version++;
  }

  #mergeRow(matrix: MatrixName, at: number, record: LeaseRecord, taken: Taken, held: HeldRows): void {
    const isInput = matrix === 'input';
    const { dim } = this.#model;
    const row = (isInput ? record.inputRows : record.outputRows)[at]!;
    const touches = this.#touches[matrix];
    const touched = touches.since(taken[matrix], at, row);
    const updates = isInput ? record.inputHits[at]! / this.#updateDots : record.outputHits[at]!;
    const whole = this.#descent.merge(this.#model[matrix].subarray(row * dim, (row + 1) * dim), {
      matrix,
      row,
      delta: this.#delta,
      leased: (isInput ? taken.inputValues : taken.outputValues).subarray(at * dim, (at + 1) * dim),
      updates,
      alpha: record.alpha,
      touched,
    });
    touches.note(row, updates, record.alpha);
    const version = ++(isInput ? this.#model.inputVersions : this.#model.outputVersions)[row]!;
    // The sender's copy is what it had plus Δ: ours as well only if that is all that happened. Else the row is sent anew.
    if (whole && touched.merges === 0) held[matrix][row] = version;
  }
}

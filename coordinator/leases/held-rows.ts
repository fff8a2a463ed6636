// Which rows a volunteer holds, and of which version: nothing is sent that it has.
import type { Model } from '../model/model.ts';

export class HeldRows {
  /** Version held of each row, 0 when none. Shape (V). */
  readonly input: Uint32Array;
  readonly output: Uint32Array;
  /** Rows held or once held: what the volunteer's cache has room for. */
  cached = 0;

  constructor(model: Model) {
    this.input = new Uint32Array(model.rows);
    this.output = new Uint32Array(model.rows);
  }

  clear(): void {
    this.input.fill(0);
    this.output.fill(0);
    this.cached = 0;
  }
}

// Runs the operator's descent: one update at a time, in groups that are applied whole or not at all.
import type { TensorPart } from '../../protocol/program-tensors.ts';
import { TributaryError } from '../errors.ts';
import type { NamedTensors, Tensor } from './named-tensors.ts';

/** The descent's own state, such as sums of squares: plain data that can be cloned and saved. */
export type DescentState = Record<string, unknown>;

/** The parts of one update by their tensor's name; a tensor that the gradient left out is not there. */
export type Update<Names extends string> = Readonly<Partial<Record<Names, TensorPart>>>;

export type Descent<Names extends string> = (
  tensors: Readonly<Record<Names, Tensor>>,
  update: Update<Names>,
  state: DescentState,
) => void | Promise<void>;

/** Where in the operator's code an error came from, as "file:line", if its stack tells. */
function placeOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frame = stack.split('\n').find((line) => /^\s*at /.test(line) && !/\(?node:/.test(line));
  return /([^\s()]+:\d+):\d+\)?$/.exec(frame ?? '')?.[1]?.replace(/^file:\/\//, '') ?? 'an unknown place';
}

/** Applies updates to a model by a descent; after one that throws, nothing more. */
export class DescentRunner<Names extends string> {
  readonly #model: NamedTensors<Names>;
  readonly #descent: Descent<Names>;
  #state: DescentState;
  #last: Promise<void> = Promise.resolve();

  constructor(model: NamedTensors<Names>, descent: Descent<Names>, state: DescentState = {}) {
    this.#model = model;
    this.#descent = descent;
    this.#state = state;
  }

  /** As the last complete group left it. */
  get state(): Readonly<DescentState> {
    return this.#state;
  }

  /**
   * Applies a group after those before it; the model's version goes up by one. Each update has passed the gate.
   * A group that fails leaves model and state as they were before it, and ends the runner: every later call rejects
   * with the same error.
   * @throws TributaryError DESCENT_FAILED
   */
  apply(group: readonly (readonly TensorPart[])[]): Promise<void> {
    this.#last = this.#last.then(() => this.#run(group));
    return this.#last;
  }

  async #run(group: readonly (readonly TensorPart[])[]): Promise<void> {
    // A descent may write anywhere in the model, so all of it is kept; a larger `minUpdates` shares the cost.
    const kept = this.#model.snapshot();
    try {
      const state = structuredClone(this.#state);
      for (const parts of group) {
        const update = Object.fromEntries(parts.map((part) => [part.name, part])) as Update<Names>;
        // One at a time is the promise: the next update meets what this one made.
        await this.#descent(this.#model.tensors, update, state);
      }
      this.#state = structuredClone(state);
    } catch (error) {
      this.#model.restore(kept);
      const said = error instanceof Error ? error.message : String(error);
      throw new TributaryError('DESCENT_FAILED', `the descent failed at ${placeOf(error)}: ${said}`, {
        hint: 'Mend the descent. The model is as it was before the group of updates that failed.',
        cause: error,
      });
    }
    this.#model.advance();
  }
}

// Trains a lease again from its frame, as its volunteer was to, and compares.
import { decodeToVolunteer, type Welcome } from '../../protocol/to-volunteer.ts';
import { decodeToCoordinator } from '../../protocol/to-coordinator.ts';
import { LeaseWorker } from '../../volunteer/lease-work.ts';
import type { Engine } from '../../word2vec/engine.ts';
import { type Claim, type Comparison, compare } from './comparison.ts';

export interface ReplayTask {
  /** The lease with all its rows in f32. */
  readonly frame: Uint8Array;
  readonly claim: Claim;
  /** Most that each row moves, per length of the rows it meets; input rows, then output rows. */
  readonly reach: Float64Array;
}

export class Replayer {
  readonly #worker: LeaseWorker;
  readonly #engine: Engine;
  readonly #dim: number;

  /** @param welcome of the run; its row formats are not used */
  constructor(welcome: Welcome, engine: Engine) {
    this.#worker = new LeaseWorker({ ...welcome, rowsDown: 'f32', rowsUp: 'f32' });
    this.#engine = engine;
    this.#dim = welcome.dim;
  }

  /** @throws ProtocolError, LeaseRefused when the frame is none: a bug */
  async replay({ frame, claim, reach }: ReplayTask): Promise<Comparison> {
    const shape = { format: 'f32', dim: this.#dim } as const;
    const lease = decodeToVolunteer(frame, shape);
    if (lease.tag !== 'lease') throw new Error(`a lease was to be replayed, not ${lease.tag}`);
    const prepared = this.#worker.prepare(lease, []);
    const trained = await this.#worker.train(
      prepared,
      this.#engine,
      () => 0,
      () => true,
    );
    const result = decodeToCoordinator(trained!, shape);
    if (result.tag !== 'result') throw new Error(`a replay gave ${result.tag}`);
    return compare(claim, result, { reach, dim: this.#dim });
  }
}

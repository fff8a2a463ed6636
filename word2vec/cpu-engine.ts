// The engine for processors: batched training in 32-bit floats, in Node's worker threads and browsers' Web Workers.
import type { Between, CpuKernel } from './cpu-kernel.ts';
import { PlainKernel } from './cpu-plain.ts';
import { hasSimd, SimdKernel } from './cpu-simd.ts';
import type { Engine, LeaseLoss, LeaseRows, StepSize } from './engine.ts';
import { Word2vecError } from './errors.ts';
import { MAX_NEGATIVES, type BagPlan, type Plan } from './plan.ts';

export interface CpuEngineOptions {
  /** Which kernel to use; by default the fastest that this runtime can run. */
  readonly kernel?: 'simd' | 'plain';
  /** Called between minibatches; the engine waits for what it answers. By default it never waits. */
  readonly between?: Between;
}

export class CpuEngine implements Engine {
  readonly kind = 'cpu';
  readonly device: string;
  readonly #kernel: CpuKernel;
  readonly #between: Between;

  private constructor(kernel: CpuKernel, between: Between) {
    this.#kernel = kernel;
    this.#between = between;
    this.device = kernel.device;
  }

  /**
   * Takes the SIMD kernel wherever WebAssembly SIMD exists, the plain one elsewhere; `device` says which.
   * @throws Word2vecError NO_SIMD where SIMD is asked for and this runtime has none; WASM_BLOCKED where a content
   * security policy forbids it.
   */
  static async create({ kernel, between = () => null }: CpuEngineOptions = {}): Promise<CpuEngine> {
    const simd = kernel !== 'plain' && hasSimd();
    if (kernel === 'simd' && !simd) {
      throw new Word2vecError('NO_SIMD', 'this runtime has no WebAssembly SIMD', 'Use the plain kernel.');
    }
    return new CpuEngine(simd ? await SimdKernel.create() : new PlainKernel(), between);
  }

  /**
   * Trained rows are a function of plan, rows and step alone: bit-equal across repeats, threads, and Node and Chromium.
   * The loss is summed to about seven digits.
   * @throws Word2vecError LEASE_ROWS where the rows are not the plan's.
   */
  async train(plan: Plan, rows: LeaseRows, step: StepSize): Promise<LeaseLoss> {
    checkRows(plan, rows);
    return this.#kernel.train(plan, rows, step, this.#between);
  }

  /** CBOW; as `train`. */
  async trainBags(plan: BagPlan, rows: LeaseRows, step: StepSize): Promise<LeaseLoss> {
    checkRows(plan, rows);
    return this.#kernel.trainBags(plan, rows, step, this.#between);
  }

  dispose(): void {
    this.#kernel.dispose();
  }
}

function checkRows(plan: Plan | BagPlan, { input, output, dim }: LeaseRows): void {
  const wantedInput = plan.inputIds.length * dim;
  const wantedOutput = plan.outputIds.length * dim;
  if (dim < 1 || !Number.isInteger(dim) || input.length !== wantedInput || output.length !== wantedOutput) {
    throw new Word2vecError(
      'LEASE_ROWS',
      `a plan of ${plan.inputIds.length} input and ${plan.outputIds.length} output rows of ${dim} values ` +
        `got ${input.length} and ${output.length} values`,
      'Hand in exactly the rows that the plan lists, each of dim values.',
    );
  }
  for (let group = 0; group < plan.groups; group++) {
    const negatives = plan.negativeStart[group + 1]! - plan.negativeStart[group]!;
    if (negatives > MAX_NEGATIVES) {
      throw new Word2vecError(
        'LEASE_ROWS',
        `group ${group} shares ${negatives} negatives; at most ${MAX_NEGATIVES} are supported`,
        'Lower --negative, or cut the vocabulary into more parts.',
      );
    }
  }
}

// Which engine computes in this tab: WebGPU where there is an adapter, else the CPU, and the reason told.
import { CpuEngine } from '../../word2vec/cpu-engine.ts';
import type { ObjectiveName } from '../../protocol/to-volunteer.ts';
import type { Engine } from '../../word2vec/engine.ts';
import type { EngineChoice } from './api.ts';
import { GpuError } from './gpu-error.ts';
import type { Pacer } from './pacer.ts';
import { WebGpuEngine } from './webgpu-engine.ts';

/** Failures in a row after which the GPU is given up. */
const GPU_PATIENCE = 3;

/** For the volunteer to read: the sentence first, the code behind it. */
function reasonOf(error: unknown): string {
  if (error instanceof GpuError) return `${error.message.slice(error.code.length + 2)} (${error.code})`;
  return error instanceof Error ? error.message : String(error);
}

/** Makes the engine when first asked, and again after it failed. */
export class EngineKeeper {
  readonly #choice: EngineChoice;
  readonly #pacer: Pacer;
  /** The engine, or the making of it: whoever asks meanwhile gets the same one. */
  #engine: Promise<Engine> | null = null;
  readonly #progressed: (done: number) => void;
  /** The engine once it is made. */
  #made: Engine | null = null;
  #failures = 0;
  /** Why the CPU is used although it was not asked for; null otherwise. */
  fallback: string | null = null;

  /**
   * @param pacer keeps the engines to the duty cycle
   * @param progressed hears which share of the piece in training is done
   */
  constructor(choice: EngineChoice, pacer: Pacer, progressed: (done: number) => void) {
    this.#choice = choice;
    this.#pacer = pacer;
    this.#progressed = progressed;
  }

  /** @throws Error when WebGPU was demanded and is not to be had */
  get(): Promise<Engine> {
    return (this.#engine ??= this.#make().then((engine) => (this.#made = engine)));
  }

  async #make(): Promise<Engine> {
    if (this.#choice === 'cpu' || this.fallback !== null) return this.#cpu();
    try {
      return await WebGpuEngine.create({ pacing: this.#pacer, onProgress: this.#progressed });
    } catch (error) {
      const reason = reasonOf(error);
      if (this.#choice === 'webgpu')
        throw new Error(`WebGPU was asked for and is not to be had: ${reason}`, { cause: error });
      this.fallback = reason;
      return this.#cpu();
    }
  }

  #cpu(): Promise<Engine> {
    const between = (done: number): Promise<void> | null => {
      this.#progressed(done);
      return this.#pacer.between();
    };
    return CpuEngine.create({ between });
  }

  /** Keeps to the CPU from now on when the engine made cannot train that; answers whether it was another. */
  keepTo(objective: ObjectiveName): boolean {
    if (objective !== 'cbow' || this.#made === null || this.#made.trainBags !== undefined) return false;
    this.fallback = 'this run trains CBOW, which the WebGPU engine does not';
    this.dispose();
    return true;
  }

  /** The engine failed in mid-lease: the next `get` makes a new one, on the CPU after too many failures. */
  failed(error: unknown): void {
    this.dispose();
    this.#failures++;
    const reason = reasonOf(error);
    if (this.#failures < GPU_PATIENCE) return;
    if (this.#choice !== 'auto' || this.fallback !== null)
      throw new Error(`the engine failed ${this.#failures} times in a row: ${reason}`);
    this.fallback = `the GPU failed ${this.#failures} times in a row: ${reason}`;
    this.#failures = 0;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** Frees the device; the next `get` makes a new one. */
  dispose(): void {
    // Whoever asked for an engine that could not be made was told.
    this.#engine?.then(
      (engine) => engine.dispose(),
      () => undefined,
    );
    this.#engine = null;
    this.#made = null;
  }
}

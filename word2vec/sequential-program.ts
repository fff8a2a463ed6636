// Model and step list of the sequential trainer in WebAssembly memory.
import { columnsOf } from './cpu-simd-columns.ts';
import { Word2vecError } from './errors.ts';
import {
  ALPHA_WORD,
  changeAt,
  HIDDEN_WORD,
  KIND,
  KIND_WORD,
  LABEL_WORD,
  MEAN,
  type OutOfRange,
  sequentialCode,
  SLOTS,
  STEP_WORDS,
} from './sequential-code.ts';

const PAGE = 65_536;
/** Steps between two calls: so few that their list stays in the processor's nearest cache. */
const STEPS = 256;

// Every runtime of the project has WebAssembly; the es2023 library alone does not declare it.
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ readonly instance: { readonly exports: unknown } }>;
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
};

interface Exports {
  steps(from: number, to: number): void;
}

export interface ProgramShape {
  readonly words: number; // V
  readonly dim: number; // D
  /** Row addresses that the longest list needs. */
  readonly listed: number;
  readonly outOfRange: OutOfRange;
}

export class SequentialProgram {
  readonly #exports: Exports;
  readonly #words: Uint32Array;
  readonly #floats: Float32Array;
  readonly #shape: ProgramShape;
  readonly #at: Layout;
  /** Word index of the step at hand, and how many of its slots are taken. */
  #step: number;
  #slots = 0;
  #continues = false;
  #hidden = 0;
  #alpha = 0;
  /** Word index of the list at hand and of its end. */
  #listStart: number;
  #listEnd: number;

  private constructor(shape: ProgramShape, at: Layout, memory: ArrayBuffer, exports: Exports) {
    this.#shape = shape;
    this.#at = at;
    this.#words = new Uint32Array(memory);
    this.#floats = new Float32Array(memory);
    this.#exports = exports;
    this.#step = at.steps / 4;
    this.#listStart = this.#listEnd = at.lists / 4;
  }

  /** All rows are zero at first. @throws Word2vecError REFERENCE_MEMORY */
  static async create(shape: ProgramShape): Promise<SequentialProgram> {
    const at = layOut(shape);
    const host = { memory: memoryOf(at.end) };
    const code = sequentialCode(columnsOf(shape.dim), shape.outOfRange);
    const { instance } = await WebAssembly.instantiate(code, { host });
    return new SequentialProgram(shape, at, host.memory.buffer, instance.exports as Exports);
  }

  setInput(word: number, d: number, value: number): void {
    this.#floats[(this.#at.input + word * this.#at.row) / 4 + d] = value;
  }

  /** A pair: the input row of `word` learns what `target` adds, until `endPair`. */
  beginPair(word: number, alpha: number): void {
    this.#hidden = this.#at.input + word * this.#at.row;
    this.#alpha = alpha;
  }

  endPair(): void {
    this.#endStep(this.#continues ? KIND.last : KIND.only);
    this.#continues = false;
  }

  /** A bag: after `listWord` for each context word, `beginBag`, then its targets, then `endBag`. */
  listWord(word: number): void {
    this.#words[this.#listEnd++] = this.#at.input + word * this.#at.row;
  }

  beginBag(alpha: number): void {
    this.#hidden = MEAN;
    this.#alpha = alpha;
    this.#floats[this.#step + 2] = this.#listEnd - this.#listStart;
    this.#listStep(KIND.mean);
  }

  endBag(): void {
    this.#endStep(this.#continues ? KIND.middle : KIND.first);
    this.#continues = false;
    this.#listStep(KIND.spread);
    this.#listStart = this.#listEnd;
    if (this.#listEnd + this.#shape.listed <= this.#at.input / 4) return;
    this.run();
    this.#listStart = this.#listEnd = this.#at.lists / 4;
  }

  /** The hidden vector learns `label` at output row `row`. A row met again in its pair waits for a step of its own. */
  target(row: number, label: 0 | 1): void {
    const address = this.#at.output + row * this.#at.row;
    let taken = this.#slots === SLOTS;
    for (let slot = 0; slot < this.#slots; slot++) if (this.#words[this.#step + slot] === address) taken = true;
    if (taken) {
      this.#endStep(this.#continues ? KIND.middle : KIND.first);
      this.#continues = true;
    }
    this.#words[this.#step + this.#slots] = address;
    this.#floats[this.#step + LABEL_WORD + this.#slots++] = label;
  }

  /** Carries out the steps so far. */
  run(): void {
    this.#exports.steps(this.#at.steps, this.#step * 4);
    this.#step = this.#at.steps / 4;
  }

  /** The matrices, (V, D) row-major. Steps must have been run. */
  matrices(): { readonly input: Float32Array; readonly output: Float32Array } {
    return { input: this.#read(this.#at.input), output: this.#read(this.#at.output) };
  }

  #endStep(kind: number): void {
    for (; this.#slots < SLOTS; this.#slots++) {
      this.#words[this.#step + this.#slots] = this.#at.zero;
      this.#floats[this.#step + LABEL_WORD + this.#slots] = 0.5;
    }
    this.#slots = 0;
    this.#words[this.#step + HIDDEN_WORD] = this.#hidden;
    this.#floats[this.#step + ALPHA_WORD] = this.#alpha;
    this.#nextStep(kind);
  }

  #listStep(kind: number): void {
    this.#words[this.#step] = this.#listStart * 4;
    this.#words[this.#step + 1] = this.#listEnd * 4;
    this.#nextStep(kind);
  }

  #nextStep(kind: number): void {
    this.#words[this.#step + KIND_WORD] = kind;
    this.#step += STEP_WORDS;
    if (this.#step * 4 === this.#at.lists) this.run();
  }

  #read(from: number): Float32Array {
    const { words, dim } = this.#shape;
    const rows = new Float32Array(words * dim);
    for (let word = 0; word < words; word++) {
      const at = (from + word * this.#at.row) / 4;
      rows.set(this.#floats.subarray(at, at + dim), word * dim);
    }
    return rows;
  }
}

/** Byte addresses. */
interface Layout {
  /** A row of zeros for slots without a target. */
  readonly zero: number;
  readonly steps: number;
  readonly lists: number;
  readonly input: number;
  readonly output: number;
  readonly end: number;
  /** Bytes of a row, padded with zeros to whole vectors. */
  readonly row: number;
}

function layOut({ words, dim, listed }: ProgramShape): Layout {
  const row = columnsOf(dim) * 16;
  const zero = changeAt(columnsOf(dim)) + row;
  const steps = Math.ceil((zero + row) / 64) * 64;
  const lists = steps + STEPS * STEP_WORDS * 4;
  // A bag takes three steps or more, so that lists are used up about when steps are.
  const input = Math.ceil((lists + (STEPS / 2) * listed * 4) / 64) * 64;
  const output = input + words * row;
  return { zero, steps, lists, input, output, end: output + words * row, row };
}

function memoryOf(bytes: number): { readonly buffer: ArrayBuffer } {
  try {
    return new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) });
  } catch (cause) {
    throw new Word2vecError(
      'REFERENCE_MEMORY',
      `the model needs ${Math.ceil(bytes / 2 ** 20)} MiB of WebAssembly memory: ${String(cause)}`,
      'At most 4 GiB can be had: use fewer words or dimensions.',
    );
  }
}

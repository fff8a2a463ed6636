// Pieces of the planner's code: its parameters, the count of a matrix's touched rows, and the stream of draws.
import {
  bump,
  either,
  get,
  i32,
  i64,
  loopWhile,
  sequence,
  set,
  when,
  type Code,
  type Local,
  type Locals,
} from './cpu-assembler.ts';
import { hashCode } from './random-code.ts';
import { DRAW_STEP } from './random.ts';

/** What a matrix's rows have in memory. */
const OF_MATRIX = ['size', 'hits', 'totals', 'index', 'flushRows', 'flushHits', 'starts', 'ids', 'idHits'] as const;
/** What it leaves there: entries of the flush list, and rows touched. */
const FROM_MATRIX = ['flushed', 'rows'] as const;
const NAMES = [
  'pairs chunkPairs minibatch labelled rate loneRate draws noiseSize loneSize',
  'inputs outputs shuffleKeys keys noise lone',
  'groupInputs groupOutputs negativeStart negatives batchStart groups drawn',
  ...['input', 'output'].map((matrix) => [...OF_MATRIX, ...FROM_MATRIX].map((name) => `${matrix}.${name}`).join(' ')),
].flatMap((names) => names.split(' '));

/** Place of a word at the memory's start, in words: numbers and addresses that the code takes, and counts it leaves. */
export function wordOf(name: string): number {
  const place = NAMES.indexOf(name);
  if (place < 0) throw new Error(`the planner's code knows no ${name}`);
  return place;
}

/** Bytes of those words; in the first eight behind them, a multiple of eight, the code leaves `negativeDots`. */
export const HEAD_BYTES = Math.ceil((NAMES.length * 4 + 8) / 16) * 16;
export const DOTS_AT = HEAD_BYTES - 8;

export const ABSENT_WORD = -1;

export const parameter = (name: string): Code => i32.load(i32.const(0), wordOf(name) * 4);
export const leave = (name: string, value: Code): Code => i32.store(i32.const(0), value, wordOf(name) * 4);
/** a + 4 · b */
export const word = (a: Code, b: Code): Code => i32.add(a, i32.shiftLeft(b, i32.const(2)));
export const least = (a: Code, b: Code): Code => either(a, b, i32.below(a, b));

/** What `RowCensus` does, for one matrix. */
export class CensusCode {
  readonly #name: 'input' | 'output';
  readonly #hits: Local;
  readonly #end: Local;
  readonly #begin: Local;
  readonly #starts: Local;
  readonly #at: Local;
  readonly #before: Local;
  readonly #rank: Local;
  readonly #index: Local;

  constructor(name: 'input' | 'output', locals: Locals) {
    this.#name = name;
    const made = locals.several(8, 'i32') as [Local, Local, Local, Local, Local, Local, Local, Local];
    [this.#hits, this.#end, this.#begin, this.#starts, this.#at, this.#before, this.#rank, this.#index] = made;
  }

  #parameter(name: string): Code {
    return parameter(`${this.#name}.${name}`);
  }

  begin(): Code {
    return sequence(
      set(this.#hits, this.#parameter('hits')),
      set(this.#end, this.#parameter('flushRows')),
      set(this.#begin, get(this.#end)),
      set(this.#starts, this.#parameter('starts')),
    );
  }

  /** A row's first touch in a minibatch lists it: it is written behind the list in any case, and counts then. */
  touch(rank: Local, hits: Code): Code {
    return sequence(
      set(this.#at, word(get(this.#hits), get(rank))),
      set(this.#before, i32.load(get(this.#at))),
      i32.store(get(this.#at), i32.add(get(this.#before), hits)),
      i32.store(get(this.#end), get(rank)),
      set(this.#end, word(get(this.#end), i32.isZero(get(this.#before)))),
    );
  }

  endBatch(): Code {
    const [at, rank, entry] = [this.#at, this.#rank, this.#begin];
    const toHits = i32.sub(this.#parameter('flushHits'), this.#parameter('flushRows'));
    const total = word(this.#parameter('totals'), get(rank));
    return sequence(
      loopWhile(
        i32.notEqual(get(entry), get(this.#end)),
        sequence(
          set(rank, i32.load(get(entry))),
          set(at, word(get(this.#hits), get(rank))),
          set(this.#before, i32.load(get(at))),
          i32.store(get(at), i32.const(0)),
          i32.store(i32.add(get(entry), toHits), get(this.#before)),
          set(at, total),
          i32.store(get(at), i32.add(i32.load(get(at)), get(this.#before))),
          bump(entry, 4),
        ),
      ),
      bump(this.#starts, 4),
      i32.store(get(this.#starts), this.#flushed()),
    );
  }

  #flushed(): Code {
    return i32.shiftRight(i32.sub(get(this.#end), this.#parameter('flushRows')), i32.const(2));
  }

  /** Numbers the rows by ascending rank, and names them so in the flush list. */
  finish(): Code {
    const [rank, index, total] = [this.#rank, this.#index, this.#before];
    return sequence(
      set(rank, i32.const(0)),
      set(index, i32.const(0)),
      loopWhile(
        i32.notEqual(get(rank), this.#parameter('size')),
        sequence(
          set(total, i32.load(word(this.#parameter('totals'), get(rank)))),
          i32.store(word(this.#parameter('ids'), get(index)), get(rank)),
          i32.store(word(this.#parameter('idHits'), get(index)), get(total)),
          i32.store(word(this.#parameter('index'), get(rank)), get(index)),
          set(index, i32.add(get(index), i32.notEqual(get(total), i32.const(0)))),
          bump(rank, 1),
        ),
      ),
      leave(`${this.#name}.rows`, get(index)),
      leave(`${this.#name}.flushed`, this.#flushed()),
      this.renumber(this.#parameter('flushRows'), get(this.#end), false),
    );
  }

  /** @param isMarked slots may be absent, or carry LABEL_ZERO in their highest bit */
  renumber(from: Code, end: Code, isMarked: boolean): Code {
    const [at, value, index, last] = [this.#at, this.#rank, this.#index, this.#begin];
    const row = (rank: Code): Code => i32.load(word(get(index), rank));
    const marked = i32.or(row(i32.and(get(value), i32.const(0x7fffffff))), i32.and(get(value), i32.const(-0x80000000)));
    return sequence(
      set(at, from),
      set(last, end),
      set(index, this.#parameter('index')),
      loopWhile(
        i32.notEqual(get(at), get(last)),
        sequence(
          set(value, i32.load(get(at))),
          isMarked
            ? when(i32.notEqual(get(value), i32.const(ABSENT_WORD)), i32.store(get(at), marked))
            : i32.store(get(at), row(get(value))),
          bump(at, 4),
        ),
      ),
    );
  }
}

/** The stream of draws of a chunk. */
export class DrawCode {
  readonly hash: Local;
  readonly #key: Local;
  readonly #place: Local;
  readonly #scaled: Local;
  readonly #entry: Local;

  constructor(locals: Locals) {
    [this.hash, this.#key, this.#place] = locals.several(3, 'i32') as [Local, Local, Local];
    [this.#scaled, this.#entry] = locals.several(2, 'i64') as [Local, Local];
  }

  begin(key: Code): Code {
    return sequence(set(this.#key, key), set(this.#place, i32.const(0)));
  }

  /** `hashAt` of the next counter. */
  next(): Code {
    return sequence(
      set(this.hash, i32.xor(get(this.#place), get(this.#key))),
      hashCode(this.hash),
      bump(this.#place, DRAW_STEP | 0),
    );
  }

  /**
   * `draw` of noise.ts into `rank`, from a table of `size` entries of eight bytes: 33 bits to keep, and the alias.
   * @param size as an i64
   */
  draw(rank: Local, table: Code, size: Local): Code {
    const [scaled, entry] = [this.#scaled, this.#entry];
    const slot = i32.wrap(i64.shiftRight(get(scaled), i64.const(32n)));
    return sequence(
      this.next(),
      set(scaled, i64.mul(i64.extend(get(this.hash)), get(size))),
      set(rank, slot),
      set(entry, i64.load(i32.add(table, i32.shiftLeft(get(rank), i32.const(3))))),
      set(
        rank,
        either(
          get(rank),
          i32.wrap(i64.shiftRight(get(entry), i64.const(33n))),
          i64.below(i64.and(get(scaled), i64.const(0xffffffffn)), i64.and(get(entry), i64.const(0x1ffffffffn))),
        ),
      ),
    );
  }
}

// The sequential trainer's WebAssembly SIMD code for one row length: it carries out a list of small steps in order.
import {
  bump,
  call,
  type Code,
  f32x4,
  type FunctionName,
  get,
  i32,
  type Local,
  loopWhile,
  ModuleWriter,
  sequence,
  set,
  v128,
  when,
} from './cpu-assembler.ts';
import { exponential, writeDots } from './cpu-simd-code.ts';
import { eachColumn, total } from './cpu-simd-columns.ts';
import { LOGIT_MAX } from './reference-row.ts';

/** Output rows that one step trains at once. A slot without one names a row of zeros and the label 0.5: nothing moves. */
export const SLOTS = 6;

/**
 * A step is 16 words: the addresses of its output rows, that of the hidden vector, the kind, the labels (floats), and
 * the learning rate (a float). The rows of one step differ from one another, so that training them at once is the same
 * as one after another: the hidden vector itself changes with the last step of its pair only.
 * Of `mean` and `spread`, the first words are where their list of row addresses begins and ends; `mean` divides by the
 * third, a float.
 */
export const STEP_WORDS = 16;
export const HIDDEN_WORD = 6;
export const KIND_WORD = 7;
export const LABEL_WORD = 8;
export const ALPHA_WORD = 14;

export const KIND = {
  /** A pair's only step: the change goes to the hidden vector at once. */
  only: 0,
  /** The first of several: the change begins. */
  first: 1,
  /** Adds to the change. */
  middle: 2,
  /** Adds to the change, which then goes to the hidden vector. */
  last: 3,
  /** The mean of the listed rows becomes a bag's hidden vector. */
  mean: 4,
  /** Adds the change to every listed row. */
  spread: 5,
} as const;

/** Scratch: dot products, then steps along the gradients, a line of 8 floats each (the last two without meaning). */
const DOTS = 0;
const PULLS = 32;
/** A bag's hidden vector; behind it, with a row's length each, the change of a pair or bag, and a row of zeros. */
export const MEAN = 64;

/** What the logit's range of ±6 means: word2vec.c clamps σ for negative sampling, and skips nodes of the tree. */
export type OutOfRange = 'clamp' | 'skip';

/** Exports `steps(from, to)`: carries out the steps at these addresses. @param columns vectors of four in a row */
export function sequentialCode(columns: number, outOfRange: OutOfRange): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter();
  const dots = writeDots(module, columns);
  const pulls = writePulls(module, outOfRange);
  const step = (begins: boolean, ends: boolean): FunctionName =>
    writeStep(module, columns, { dots, pulls, begins, ends });
  const add = writeAdd(module, columns);
  const kinds: readonly (readonly [number, FunctionName])[] = [
    [KIND.only, step(true, true)],
    [KIND.first, step(true, false)],
    [KIND.last, step(false, true)],
    [KIND.middle, step(false, false)],
    [KIND.mean, writeMean(module, columns, add)],
    [KIND.spread, writeSpread(module, columns, add)],
  ];
  module.function(
    ['i32', 'i32'],
    (locals, entry, last) => {
      const kind = locals.make('i32');
      const dispatch = kinds.reduceRight<Code>(
        (others, [one, name]) => when(i32.notEqual(get(kind), i32.const(one)), others, call(name, get(entry))),
        [],
      );
      return loopWhile(
        i32.notEqual(get(entry), get(last)),
        sequence(set(kind, i32.load(get(entry), KIND_WORD * 4)), dispatch, bump(entry, STEP_WORDS * 4)),
      );
    },
    'steps',
  );
  return module.bytes();
}

/** pulls(entry): (label − σ(x))·α of the line of dot products. */
function writePulls(module: ModuleWriter, outOfRange: OutOfRange): FunctionName {
  return module.function(['i32'], (locals, entry) => {
    const [x, e, y, n, s] = locals.several(5, 'v128') as [Local, Local, Local, Local, Local];
    const one = f32x4.const(1);
    const inRange = (value: Code): Code =>
      outOfRange === 'clamp' ? value : v128.andNot(value, f32x4.atLeast(f32x4.abs(get(x)), f32x4.const(LOGIT_MAX)));
    const clamped = sequence(
      set(s, v128.select(one, get(s), f32x4.atLeast(get(x), f32x4.const(LOGIT_MAX)))),
      set(s, v128.andNot(get(s), f32x4.atMost(get(x), f32x4.const(-LOGIT_MAX)))),
    );
    const half = (offset: number): Code => {
      const label = v128.load(get(entry), LABEL_WORD * 4 + offset);
      const alpha = v128.loadSplat32(get(entry), ALPHA_WORD * 4);
      return sequence(
        set(x, v128.load(i32.const(DOTS), offset)),
        exponential(f32x4.neg(f32x4.min(f32x4.abs(get(x)), f32x4.const(80))), { y, n, e }),
        set(s, f32x4.div(v128.select(one, get(e), f32x4.atLeast(get(x), f32x4.const(0))), f32x4.add(one, get(e)))),
        outOfRange === 'clamp' ? clamped : [],
        v128.store(i32.const(PULLS), inRange(f32x4.mul(f32x4.sub(label, get(s)), alpha)), offset),
      );
    };
    return sequence(half(0), half(16));
  });
}

interface StepParts {
  readonly dots: FunctionName;
  readonly pulls: FunctionName;
  /** Nothing has been added to the change of this pair yet. */
  readonly begins: boolean;
  /** The change goes to the hidden vector. */
  readonly ends: boolean;
}

/** step(entry): word2vec.c's loop over targets, for those of one step. */
function writeStep(module: ModuleWriter, columns: number, { dots, pulls, begins, ends }: StepParts): FunctionName {
  return module.function(['i32'], (locals, entry) => {
    const rows = locals.several(SLOTS, 'i32');
    const steps = locals.several(SLOTS, 'v128');
    const [hidden, change] = locals.several(2, 'i32') as [Local, Local];
    const [value, sum, row] = locals.several(3, 'v128') as [Local, Local, Local];
    const column = (offset: number): Code => {
      const begin = begins ? f32x4.const(0) : v128.load(get(change), offset);
      return sequence(
        set(value, v128.load(get(hidden), offset)),
        set(sum, begin),
        ...rows.map((at, k) =>
          sequence(
            set(row, v128.load(get(at), offset)),
            set(sum, f32x4.add(get(sum), f32x4.mul(get(steps[k]!), get(row)))),
            v128.store(get(at), f32x4.add(get(row), f32x4.mul(get(steps[k]!), get(value))), offset),
          ),
        ),
        ends
          ? v128.store(get(hidden), f32x4.add(get(value), get(sum)), offset)
          : v128.store(get(change), get(sum), offset),
      );
    };
    const moving = begins && ends ? [hidden, ...rows] : [hidden, change, ...rows];
    return sequence(
      ...rows.map((at, k) => set(at, i32.load(get(entry), k * 4))),
      set(hidden, i32.load(get(entry), HIDDEN_WORD * 4)),
      set(change, i32.const(changeAt(columns))),
      call(dots, ...rows.map(get), get(hidden), i32.const(DOTS)),
      call(pulls, get(entry)),
      ...steps.map((step, k) => set(step, v128.loadSplat32(i32.const(PULLS), k * 4))),
      eachColumn(locals, columns, moving, column),
    );
  });
}

export function changeAt(columns: number): number {
  return MEAN + columns * 16;
}

/** add(to, from): row `to` += row `from`. */
function writeAdd(module: ModuleWriter, columns: number): FunctionName {
  return module.function(['i32', 'i32'], (locals, to, from) =>
    eachColumn(locals, columns, [to, from], (offset) =>
      v128.store(get(to), total([v128.load(get(to), offset), v128.load(get(from), offset)]), offset),
    ),
  );
}

/** `body` for each row address in the list of the step at `entry`; `at` is where it lies. */
function eachListed(entry: Local, at: Local, to: Local, body: Code): Code {
  return sequence(
    set(at, i32.load(get(entry))),
    set(to, i32.load(get(entry), 4)),
    loopWhile(i32.notEqual(get(at), get(to)), sequence(body, bump(at, 4))),
  );
}

function writeMean(module: ModuleWriter, columns: number, add: FunctionName): FunctionName {
  return module.function(['i32'], (locals, entry) => {
    const [at, to, mean] = locals.several(3, 'i32') as [Local, Local, Local];
    const count = locals.make('v128');
    const atMean = set(mean, i32.const(MEAN));
    return sequence(
      atMean,
      eachColumn(locals, columns, [mean], (offset) => v128.store(get(mean), f32x4.const(0), offset)),
      eachListed(entry, at, to, call(add, i32.const(MEAN), i32.load(get(at)))),
      atMean,
      set(count, v128.loadSplat32(get(entry), 8)),
      eachColumn(locals, columns, [mean], (offset) =>
        v128.store(get(mean), f32x4.div(v128.load(get(mean), offset), get(count)), offset),
      ),
    );
  });
}

function writeSpread(module: ModuleWriter, columns: number, add: FunctionName): FunctionName {
  return module.function(['i32'], (locals, entry) => {
    const [at, to] = locals.several(2, 'i32') as [Local, Local];
    return eachListed(entry, at, to, call(add, i32.load(get(at)), i32.const(changeAt(columns))));
  });
}

// The SIMD kernel's code for one row length: dot products, gradients, summed steps and flush, four floats at a time.
import {
  bump,
  call,
  f32x4,
  f64x2,
  get,
  i32,
  i32x4,
  loopWhile,
  ModuleWriter,
  sequence,
  set,
  v128,
  when,
  type Code,
  type FunctionName,
  type Local,
} from './cpu-assembler.ts';
import { writeBags } from './cpu-simd-bags-code.ts';
import { eachColumn, horizontal, total } from './cpu-simd-columns.ts';
import { SATURATION } from './engine.ts';
import { GROUP, MAX_NEGATIVES } from './plan.ts';

/**
 * Memory, in bytes. A row is padded with zeros to whole vectors; so is its summed step, which has a place of its own
 * for one minibatch only, so that a minibatch's steps stay in the processor's cache.
 * Scratch holds, for the group at hand, a line of 8 floats per output row: one per slot, the last two zero.
 * Line 0 is the positives, line 1 + k the k-th negative.
 */
export const LINE = 32;
/** Dot products. */
const DOTS = 64;
/** Gradients times α, same lines. */
const PULLS = DOTS + LINE * (1 + MAX_NEGATIVES);
/** Σ of the linear parts of the loss, two doubles; then the product of its factors, two doubles. */
export const POSITIVE_LOSS = 0;
export const NEGATIVE_LOSS = 32;
/** A line of labels for every way to label six slots, slot s by bit s: 1 or 0. */
export const LABELS = PULLS + LINE * (1 + MAX_NEGATIVES);
export const SCRATCH_END = LABELS + LINE * (1 << GROUP);

/** Sources that one pass over a row's step can add: their gradients stay in registers. */
const SOURCES = 6;

/**
 * The module for rows of `columns` vectors. Exports
 * `groups(from, to, alpha, skips)`: trains the groups whose entries lie at addresses from..to, without flushing; where
 *   `skips` is not 0, targets beyond ±SATURATION teach nothing. An entry is
 *   27 words: 6 input rows and their steps, 6 target rows (all 0 where the group has none) and their steps, where its
 *   list of negatives, each a row and its step, begins and ends, and the line of its targets' labels. An absent slot names a row of zeros.
 * `pool` and `spill` as `writeBags` says.
 * `flush(from, to)`: adds steps to rows and clears them. An entry is 3 words: row, step, and damping, a float.
 */
export function kernelCode(columns: number): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter();
  const dot = writeDot(module, columns);
  const dots = writeDots(module, columns);
  const pulls = writePulls(module, 'labels');
  const skippingPulls = writePulls(module, 'skipping');
  const zeroPulls = writePulls(module, 'zeros');
  const spread = writeSpread(module, columns);
  const gather = writeGather(module, columns);
  writeGroups(module, { dot, dots, pulls, skippingPulls, zeroPulls, spread, gather });
  writeFlush(module, columns);
  writeBags(module, columns);
  return module.bytes();
}

export const GROUP_WORDS = GROUP * 4 + 3;
/** Bytes from a slot's input row to its step, and to its target row; from the target row to its step. */
const STEP_AT = GROUP * 4;
const TARGET_AT = GROUP * 8;
export const NEGATIVE_WORDS = 2;
export const FLUSH_WORDS = 3;

/** dot(x, u, to): one product, stored as a float. */
function writeDot(module: ModuleWriter, columns: number): FunctionName {
  return module.function(['i32', 'i32', 'i32'], (locals, x, u, to) => {
    const sums = locals.several(2, 'v128');
    const step = (offset: number): Code => {
      const sum = sums[(offset / 16) % 2]!;
      return set(sum, f32x4.add(get(sum), f32x4.mul(v128.load(get(x), offset), v128.load(get(u), offset))));
    };
    const all = locals.make('v128');
    const swapped = (lanes: readonly [number, number, number, number]): Code =>
      v128.shuffle32(get(all), get(all), lanes);
    return sequence(
      eachColumn(locals, columns, [x, u], step),
      set(all, f32x4.add(get(sums[0]!), get(sums[1]!))),
      set(all, f32x4.add(get(all), swapped([2, 3, 0, 1]))),
      set(all, f32x4.add(get(all), swapped([1, 0, 3, 2]))),
      v128.storeLane32(get(to), get(all)),
    );
  });
}

/** dots(x0..x5, u, to): the line of products of output row u with the six slots. */
export function writeDots(module: ModuleWriter, columns: number): FunctionName {
  return module.function(
    Array.from({ length: GROUP + 2 }, () => 'i32'),
    (locals, ...parameters) => {
      const x = parameters.slice(0, GROUP);
      const [u, to] = [parameters[GROUP]!, parameters[GROUP + 1]!];
      const value = locals.make('v128');
      const sums = locals.several(GROUP, 'v128');
      const zero = f32x4.const(0);
      const column = (offset: number): Code =>
        sequence(
          set(value, v128.load(get(u), offset)),
          ...sums.map((sum, slot) =>
            set(sum, f32x4.add(get(sum), f32x4.mul(get(value), v128.load(get(x[slot]!), offset)))),
          ),
        );
      const [s0, s1, s2, s3, s4, s5] = sums.map(get) as [Code, Code, Code, Code, Code, Code];
      return sequence(
        eachColumn(locals, columns, [u, ...x], column),
        v128.store(get(to), horizontal(locals, s0, s1, s2, s3)),
        v128.store(get(to), horizontal(locals, s4, s5, zero, zero), 16),
      );
    },
  );
}

/**
 * pulls(from, to, labels, alpha, loss): gradients (label − σ(x))·α of the lines of dot products, and their loss. The
 * labels lie at `labels`, or are all 0. `skipping`: the gradient is 0 beyond ±SATURATION.
 */
function writePulls(module: ModuleWriter, which: 'labels' | 'skipping' | 'zeros'): FunctionName {
  return module.function(['i32', 'i32', 'i32', 'v128', 'i32'], (locals, from, to, labels, alpha, loss) => {
    const label = locals.make('v128');
    const [x, e, y, n, s, linear, product, mask] = locals.several(8, 'v128') as [
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const one = f32x4.const(1);
    const factor = f32x4.add(one, get(e));
    const gradient = f32x4.mul(f32x4.sub(get(label), get(s)), get(alpha));
    const beyond = f32x4.atLeast(f32x4.abs(get(x)), f32x4.const(SATURATION));
    const multiply = (pair: Code): Code =>
      set(product, f64x2.mul(get(product), f64x2.add(f64x2.const(1), f64x2.promoteLow(pair))));
    return sequence(
      set(product, v128.load(get(loss), 16)),
      loopWhile(
        i32.notEqual(get(from), get(to)),
        sequence(
          set(x, v128.load(get(from))),
          which === 'zeros' ? [] : sequence(set(label, v128.load(get(labels))), bump(labels, 16)),
          exponential(f32x4.neg(f32x4.min(f32x4.abs(get(x)), f32x4.const(80))), { y, n, e }),
          set(s, f32x4.div(v128.select(one, get(e), f32x4.atLeast(get(x), f32x4.const(0))), factor)),
          set(s, v128.select(one, get(s), f32x4.atLeast(get(x), f32x4.const(SATURATION)))),
          set(s, v128.andNot(get(s), f32x4.atMost(get(x), f32x4.const(-SATURATION)))),
          v128.store(get(from), which === 'skipping' ? v128.andNot(gradient, beyond) : gradient, PULLS - DOTS),
          // −log σ(x) = max(−x, 0) + log(1 + e^−|x|), and x ↦ −x for label 0: x·(1 − 2·label) is what to keep of it.
          set(y, f32x4.mul(get(x), f32x4.sub(one, f32x4.add(get(label), get(label))))),
          set(linear, f32x4.add(get(linear), f32x4.max(get(y), f32x4.const(0)))),
          multiply(get(e)),
          multiply(v128.shuffle32(get(e), get(e), [2, 3, 0, 1])),
          bump(from, 16),
        ),
      ),
      set(y, v128.load(get(loss))),
      set(y, f64x2.add(get(y), f64x2.promoteLow(get(linear)))),
      set(y, f64x2.add(get(y), f64x2.promoteLow(v128.shuffle32(get(linear), get(linear), [2, 3, 0, 1])))),
      // One call multiplies by less than 2^300: scaled down in time, the product stays finite.
      set(mask, f64x2.above(get(product), f64x2.const(2 ** 500))),
      set(product, v128.select(f64x2.mul(get(product), f64x2.const(2 ** -500)), get(product), get(mask))),
      set(y, f64x2.add(get(y), v128.and(get(mask), f64x2.const(500 * Math.LN2)))),
      v128.store(get(loss), get(y)),
      v128.store(get(loss), get(product), 16),
    );
  });
}

/** e := e^x for x in -80..0, to about 4e-7 relative: 2^y by its series around the nearest whole number n. */
export function exponential(x: Code, { y, n, e }: { y: Local; n: Local; e: Local }): Code {
  const terms = Array.from({ length: 7 }, (_, k) => Math.LN2 ** k / factorial(k));
  const series = terms.reduceRight<Code>(
    (sum, term) => (sum.length === 0 ? f32x4.const(term) : f32x4.add(f32x4.mul(sum, get(y)), f32x4.const(term))),
    [],
  );
  const exponent = i32x4.add(i32x4.truncate(get(n)), i32x4.splat(i32.const(127)));
  return sequence(
    set(y, f32x4.mul(x, f32x4.const(Math.LOG2E))),
    set(n, f32x4.nearest(get(y))),
    set(y, f32x4.sub(get(y), get(n))),
    set(e, f32x4.mul(series, i32x4.shiftLeft(exponent, i32.const(23)))),
  );
}

function factorial(k: number): number {
  return k < 2 ? 1 : k * factorial(k - 1);
}

/** spread(x0..x5, step, line): step of an output row += Σ over the slots of pull × x. */
function writeSpread(module: ModuleWriter, columns: number): FunctionName {
  return module.function(
    Array.from({ length: GROUP + 2 }, () => 'i32'),
    (locals, ...parameters) => {
      const x = parameters.slice(0, GROUP);
      const [step, line] = [parameters[GROUP]!, parameters[GROUP + 1]!];
      const pulls = locals.several(GROUP, 'v128');
      const column = (offset: number): Code => {
        const terms = x.map((slot, s) => f32x4.mul(get(pulls[s]!), v128.load(get(slot), offset)));
        return v128.store(get(step), total([v128.load(get(step), offset), ...terms]), offset);
      };
      return sequence(
        ...pulls.map((pull, s) => set(pull, v128.loadSplat32(get(line), s * 4))),
        eachColumn(locals, columns, [step, ...x], column),
      );
    },
  );
}

/**
 * gather(slot, pull, from, to): step of the slot's input row += Σ over the negatives listed at from..to of pull × row,
 * and both steps of its positive, if any. `slot` is the address of its words in the group's entry, `pull` of its
 * column in line 0.
 */
function writeGather(module: ModuleWriter, columns: number): FunctionName {
  const passes = new Map<string, FunctionName>();
  for (let sources = 0; sources <= SOURCES; sources++) {
    if (sources > 0) passes.set(`${sources}`, writePass(module, columns, sources, false));
    if (sources < SOURCES) passes.set(`positive ${sources}`, writePass(module, columns, sources, true));
  }
  return module.function(['i32', 'i32', 'i32', 'i32'], (_locals, slot, pull, from, to) => {
    /** The pass over as many sources as are left, up to `sources`. */
    const pass = (prefix: string, sources: number): Code => {
      const name = passes.get(`${prefix}${sources}`);
      if (name === undefined) return [];
      const step = sequence(
        call(name, get(slot), get(pull), get(from)),
        bump(from, NEGATIVE_WORDS * 4 * sources),
        bump(pull, LINE * sources),
      );
      const left = i32.sub(get(to), get(from));
      if (sources === 0) return step;
      return when(i32.atLeast(left, i32.const(NEGATIVE_WORDS * 4 * sources)), step, pass(prefix, sources - 1));
    };
    return sequence(
      when(i32.load(get(slot), TARGET_AT), pass('positive ', SOURCES - 1)),
      loopWhile(i32.below(get(from), get(to)), pass('', SOURCES)),
    );
  });
}

/** pass(slot, pull, from): `sources` negatives, after the positive where `positive`. */
function writePass(module: ModuleWriter, columns: number, sources: number, positive: boolean): FunctionName {
  return module.function(['i32', 'i32', 'i32'], (locals, slot, pull, from) => {
    const [x, inputStep, target, outputStep] = locals.several(4, 'i32') as [Local, Local, Local, Local];
    const rows = locals.several(sources, 'i32');
    const pulls = locals.several(sources, 'v128');
    const positivePull = locals.make('v128');
    const column = (offset: number): Code => {
      const terms = rows.map((row, k) => f32x4.mul(get(pulls[k]!), v128.load(get(row), offset)));
      const step = v128.load(get(inputStep), offset);
      if (!positive) return v128.store(get(inputStep), total([step, ...terms]), offset);
      const own = f32x4.mul(get(positivePull), v128.load(get(target), offset));
      const back = f32x4.mul(get(positivePull), v128.load(get(x), offset));
      return sequence(
        v128.store(get(inputStep), total([step, own, ...terms]), offset),
        v128.store(get(outputStep), f32x4.add(v128.load(get(outputStep), offset), back), offset),
      );
    };
    const ofPositive = sequence(
      set(x, i32.load(get(slot))),
      set(target, i32.load(get(slot), TARGET_AT)),
      set(outputStep, i32.load(get(slot), TARGET_AT + STEP_AT)),
      set(positivePull, v128.loadSplat32(get(pull), 0)),
    );
    return sequence(
      set(inputStep, i32.load(get(slot), STEP_AT)),
      positive ? ofPositive : [],
      ...rows.map((row, k) => set(row, i32.load(get(from), k * NEGATIVE_WORDS * 4))),
      ...pulls.map((value, k) => set(value, v128.loadSplat32(get(pull), LINE * (k + 1)))),
      eachColumn(locals, columns, [inputStep, ...(positive ? [x, target, outputStep] : []), ...rows], column),
    );
  });
}

interface Parts {
  readonly dot: FunctionName;
  readonly dots: FunctionName;
  readonly pulls: FunctionName;
  readonly skippingPulls: FunctionName;
  readonly zeroPulls: FunctionName;
  readonly spread: FunctionName;
  readonly gather: FunctionName;
}

function writeGroups(module: ModuleWriter, parts: Parts): void {
  const { dot, dots, pulls, skippingPulls, zeroPulls, spread, gather } = parts;
  module.function(
    ['i32', 'i32', 'f32', 'i32'],
    (locals, entry, last, alpha, skips) => {
      const x = locals.several(GROUP, 'i32');
      const target = locals.several(GROUP, 'i32');
      const [from, to, at, line] = locals.several(4, 'i32') as [Local, Local, Local, Local];
      const labels = locals.make('i32');
      const rate = locals.make('v128');
      const eachNegative = (name: FunctionName, word: number, firstLine: number): Code =>
        sequence(
          set(at, get(from)),
          set(line, i32.const(firstLine + LINE)),
          loopWhile(
            i32.notEqual(get(at), get(to)),
            sequence(
              call(name, ...x.map(get), i32.load(get(at), word * 4), get(line)),
              bump(at, NEGATIVE_WORDS * 4),
              bump(line, LINE),
            ),
          ),
        );
      const targetPulls = (name: FunctionName): Code =>
        call(name, i32.const(DOTS), i32.const(DOTS + LINE), get(labels), get(rate), i32.const(POSITIVE_LOSS));
      const positives = sequence(
        ...x.map((slot, s) => call(dot, get(slot), get(target[s]!), i32.const(DOTS + s * 4))),
        when(get(skips), targetPulls(skippingPulls), targetPulls(pulls)),
      );
      const group = sequence(
        ...x.map((slot, s) => set(slot, i32.load(get(entry), s * 4))),
        ...target.map((slot, s) => set(slot, i32.load(get(entry), TARGET_AT + s * 4))),
        set(from, i32.load(get(entry), GROUP * 16)),
        set(to, i32.load(get(entry), GROUP * 16 + 4)),
        set(labels, i32.load(get(entry), GROUP * 16 + 8)),
        when(get(target[0]!), positives),
        eachNegative(dots, 0, DOTS),
        call(zeroPulls, i32.const(DOTS + LINE), get(line), i32.const(0), get(rate), i32.const(NEGATIVE_LOSS)),
        eachNegative(spread, 1, PULLS),
        ...x.map((_, s) =>
          call(gather, i32.add(get(entry), i32.const(s * 4)), i32.const(PULLS + s * 4), get(from), get(to)),
        ),
        bump(entry, GROUP_WORDS * 4),
      );
      return sequence(set(rate, f32x4.splat(get(alpha))), loopWhile(i32.notEqual(get(entry), get(last)), group));
    },
    'groups',
  );
}

function writeFlush(module: ModuleWriter, columns: number): void {
  const row = module.function(['i32', 'i32', 'v128'], (locals, values, step, damping) =>
    eachColumn(locals, columns, [values, step], (offset) => {
      const moved = f32x4.mul(get(damping), v128.load(get(step), offset));
      return sequence(
        v128.store(get(values), f32x4.add(v128.load(get(values), offset), moved), offset),
        v128.store(get(step), f32x4.const(0), offset),
      );
    }),
  );
  module.function(
    ['i32', 'i32'],
    (_locals, entry, last) => {
      const operands = [i32.load(get(entry)), i32.load(get(entry), 4), v128.loadSplat32(get(entry), 8)];
      return loopWhile(
        i32.notEqual(get(entry), get(last)),
        sequence(call(row, ...operands), bump(entry, FLUSH_WORDS * 4)),
      );
    },
    'flush',
  );
}

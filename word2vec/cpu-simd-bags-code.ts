// The SIMD kernel's code for CBOW: the mean of a bag's rows, and its step for each of them.
import {
  bump,
  call,
  f32x4,
  get,
  i32,
  loopWhile,
  sequence,
  set,
  v128,
  type Code,
  type FunctionName,
  type Local,
  type ModuleWriter,
} from './cpu-assembler.ts';
import { eachColumn } from './cpu-simd-columns.ts';

/** Of a bag's entry, before its list: mean, the mean's step, 1 / contexts as a float, and where the list ends. */
export const BAG_WORDS = 4;
/** Of each context in the list: its row and that row's step. */
export const CONTEXT_WORDS = 2;

/**
 * Adds to the module
 * `pool(from, to)`: writes the mean of each bag whose entry lies at addresses from..to, and clears its step.
 * `spill(from, to)`: adds each bag's step to the steps of its contexts, in full, as word2vec.c does.
 */
export function writeBags(module: ModuleWriter, columns: number): void {
  const add = module.function(['i32', 'i32'], (locals, to, from) =>
    eachColumn(locals, columns, [to, from], (offset) =>
      v128.store(get(to), f32x4.add(v128.load(get(to), offset), v128.load(get(from), offset)), offset),
    ),
  );
  const clear = module.function(['i32', 'i32'], (locals, mean, step) =>
    eachColumn(locals, columns, [mean, step], (offset) =>
      sequence(v128.store(get(mean), f32x4.const(0), offset), v128.store(get(step), f32x4.const(0), offset)),
    ),
  );
  const scale = module.function(['i32', 'v128'], (locals, mean, share) =>
    eachColumn(locals, columns, [mean], (offset) =>
      v128.store(get(mean), f32x4.mul(v128.load(get(mean), offset), get(share)), offset),
    ),
  );
  const mean = (entry: Local): Code => i32.load(get(entry));
  const step = (entry: Local): Code => i32.load(get(entry), 4);
  eachBag(module, 'pool', {
    before: (entry) => call(clear, mean(entry), step(entry)),
    each: (entry, context) => call(add, mean(entry), i32.load(get(context))),
    after: (entry) => call(scale, mean(entry), v128.loadSplat32(get(entry), 8)),
  });
  eachBag(module, 'spill', {
    before: () => [],
    each: (entry, context) => call(add, i32.load(get(context), 4), step(entry)),
    after: () => [],
  });
}

interface BagCode {
  before(entry: Local): Code;
  each(entry: Local, context: Local): Code;
  after(entry: Local): Code;
}

function eachBag(module: ModuleWriter, name: string, { before, each, after }: BagCode): FunctionName {
  return module.function(
    ['i32', 'i32'],
    (locals, entry, last) => {
      const [context, end] = locals.several(2, 'i32') as [Local, Local];
      return loopWhile(
        i32.notEqual(get(entry), get(last)),
        sequence(
          before(entry),
          set(context, i32.add(get(entry), i32.const(BAG_WORDS * 4))),
          set(end, i32.load(get(entry), 12)),
          loopWhile(
            i32.notEqual(get(context), get(end)),
            sequence(each(entry, context), bump(context, CONTEXT_WORDS * 4)),
          ),
          after(entry),
          set(entry, get(end)),
        ),
      );
    },
    name,
  );
}

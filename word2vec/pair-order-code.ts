// shuffleChunks of pair-order.ts in WebAssembly.
import {
  bump,
  either,
  get,
  i32,
  i64,
  loopWhile,
  sequence,
  set,
  type Code,
  type Local,
  type ModuleWriter,
} from './cpu-assembler.ts';
import { hashCode } from './random-code.ts';
import { DRAW_STEP } from './random.ts';

/** Exports `shuffle()`. @param parameter a word that says how many pairs there are, how long chunks, and where */
export function shuffleCode(module: ModuleWriter, parameter: (name: string) => Code): void {
  module.function(
    [],
    (locals) => {
      const [from, pairsEnd, chunkEnd, at, other] = locals.several(5, 'i32') as [Local, Local, Local, Local, Local];
      const [toOutputs, keyAt, key, place, hash, kept] = locals.several(6, 'i32') as Six;
      const offset = (address: Local): Code => i32.add(get(address), get(toOutputs));
      const bytes = i32.shiftLeft(parameter('chunkPairs'), i32.const(2));
      // Of a chunk's pairs up to this one, the pair itself among them.
      const count = i32.add(i32.shiftRight(i32.sub(get(at), get(from)), i32.const(2)), i32.const(1));
      const swap = (a: Code, b: Code): Code =>
        sequence(set(kept, i32.load(a)), i32.store(a, i32.load(b)), i32.store(b, get(kept)));
      const step = sequence(
        set(hash, i32.xor(get(place), get(key))),
        hashCode(hash),
        set(other, i32.wrap(i64.shiftRight(i64.mul(i64.extend(get(hash)), i64.extend(count)), i64.const(32n)))),
        set(other, i32.add(get(from), i32.shiftLeft(get(other), i32.const(2)))),
        swap(get(at), get(other)),
        swap(offset(at), offset(other)),
        bump(at, -4),
        bump(place, -DRAW_STEP | 0),
      );
      const chunk = sequence(
        set(chunkEnd, i32.add(get(from), bytes)),
        set(chunkEnd, either(get(chunkEnd), get(pairsEnd), i32.below(get(chunkEnd), get(pairsEnd)))),
        set(key, i32.load(get(keyAt))),
        bump(keyAt, 4),
        set(at, i32.sub(get(chunkEnd), i32.const(4))),
        set(place, i32.mul(i32.sub(count, i32.const(1)), i32.const(DRAW_STEP | 0))),
        loopWhile(i32.notEqual(get(at), get(from)), step),
        set(from, get(chunkEnd)),
      );
      return sequence(
        set(from, parameter('inputs')),
        set(pairsEnd, i32.add(get(from), i32.shiftLeft(parameter('pairs'), i32.const(2)))),
        set(toOutputs, i32.sub(parameter('outputs'), get(from))),
        set(keyAt, parameter('shuffleKeys')),
        loopWhile(i32.notEqual(get(from), get(pairsEnd)), chunk),
      );
    },
    'shuffle',
  );
}

type Six = [Local, Local, Local, Local, Local, Local];

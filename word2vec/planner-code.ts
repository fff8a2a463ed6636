// The planner in WebAssembly: what the plain planner does, by the same draws, in one memory that both sides see.
import {
  bump,
  get,
  i32,
  i64,
  loopWhile,
  ModuleWriter,
  sequence,
  set,
  when,
  type Code,
  type Local,
} from './cpu-assembler.ts';
import { shuffleCode } from './pair-order-code.ts';
import { GROUP } from './plan.ts';
import { ABSENT_WORD, CensusCode, DOTS_AT, DrawCode, leave, least, parameter, word } from './planner-parts-code.ts';

/**
 * Exports over one memory, whose first words say what and where (`wordOf`):
 * `shuffle()`: `shuffleChunks` of the pairs. `plan()`: all of a plan. `census()`: the rows of a plan, not its groups.
 */
export function plannerCode(): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter();
  shuffleCode(module, parameter);
  writePlan(module, true);
  writePlan(module, false);
  return module.bytes();
}

function writePlan(module: ModuleWriter, isListed: boolean): void {
  module.function(
    [],
    (locals) => {
      const input = new CensusCode('input', locals);
      const output = new CensusCode('output', locals);
      const draws = new DrawCode(locals);
      const [at, pairsEnd, chunkEnd, batchBegin, end, stop] = locals.several(6, 'i32') as Six;
      const [toOutputs, groupAt, toGroupOutputs, negativeAt, startAt, batchAt] = locals.several(6, 'i32') as Six;
      const [keyAt, rank, marked, size, count, left] = locals.several(6, 'i32') as Six;
      const [labelled, hits, slotEnd] = locals.several(3, 'i32') as [Local, Local, Local];
      const [noiseSize, loneSize, dots] = locals.several(3, 'i64') as [Local, Local, Local];
      const listed = (code: Code): Code => (isListed ? code : []);
      const rounded = (whole: Code, part: Code): Code =>
        i32.add(whole, i32.below(i32.shiftRight(get(draws.hash), i32.const(16)), part));

      const slot = (outputValue: Code): Code =>
        sequence(
          i32.store(get(groupAt), get(rank)),
          i32.store(i32.add(get(groupAt), get(toGroupOutputs)), outputValue),
          bump(groupAt, 4),
        );
      const pair = sequence(
        set(rank, i32.load(get(at))),
        input.touch(rank, get(hits)),
        listed(i32.store(get(groupAt), get(rank))),
        set(marked, i32.load(i32.add(get(at), get(toOutputs)))),
        set(rank, i32.shiftRight(get(marked), get(labelled))),
        output.touch(rank, i32.const(1)),
        // Of a labelled target's lowest bit, its label, the contrary goes to the top.
        listed(
          sequence(
            set(
              marked,
              i32.or(
                get(rank),
                i32.shiftLeft(i32.and(get(labelled), i32.xor(get(marked), i32.const(1))), i32.const(31)),
              ),
            ),
            i32.store(i32.add(get(groupAt), get(toGroupOutputs)), get(marked)),
            bump(groupAt, 4),
          ),
        ),
        bump(at, 4),
      );
      const absentSlots = listed(
        sequence(
          set(rank, i32.const(ABSENT_WORD)),
          loopWhile(i32.notEqual(get(groupAt), get(slotEnd)), slot(i32.const(ABSENT_WORD))),
        ),
      );
      const beginGroup = listed(set(slotEnd, i32.add(get(groupAt), i32.const(GROUP * 4))));
      /** `count` draws that meet `size` slots each. */
      const negatives = sequence(
        set(dots, i64.add(get(dots), i64.extend(i32.mul(get(size), get(count))))),
        loopWhile(
          i32.notEqual(get(count), i32.const(0)),
          sequence(
            draws.draw(rank, parameter('noise'), noiseSize),
            output.touch(rank, get(size)),
            listed(sequence(i32.store(get(negativeAt), get(rank)), bump(negativeAt, 4))),
            bump(count, -1),
          ),
        ),
        listed(
          sequence(
            bump(startAt, 4),
            i32.store(get(startAt), i32.shiftRight(i32.sub(get(negativeAt), parameter('negatives')), i32.const(2))),
          ),
        ),
      );
      const group = sequence(
        set(stop, least(get(end), i32.add(get(at), i32.const(GROUP * 4)))),
        set(size, i32.shiftRight(i32.sub(get(stop), get(at)), i32.const(2))),
        set(count, i32.const(0)),
        // Where lone inputs are drawn the rate is 0, and takes no draw.
        when(
          i32.isZero(parameter('draws')),
          sequence(
            draws.next(),
            set(
              count,
              rounded(i32.shiftRight(parameter('rate'), i32.const(16)), i32.and(parameter('rate'), i32.const(0xffff))),
            ),
          ),
        ),
        set(hits, i32.add(get(count), i32.const(1))),
        beginGroup,
        loopWhile(i32.notEqual(get(at), get(stop)), pair),
        absentSlots,
        negatives,
      );
      const loneGroup = sequence(
        set(size, least(get(left), i32.const(GROUP))),
        set(left, i32.sub(get(left), get(size))),
        beginGroup,
        set(count, get(size)),
        loopWhile(
          i32.notEqual(get(count), i32.const(0)),
          sequence(
            draws.draw(rank, parameter('lone'), loneSize),
            input.touch(rank, parameter('draws')),
            listed(slot(i32.const(ABSENT_WORD))),
            bump(count, -1),
          ),
        ),
        absentSlots,
        set(count, parameter('draws')),
        negatives,
      );
      // It may exceed 32 bits.
      const product = i64.mul(
        i64.extend(parameter('loneRate')),
        i64.extend(i32.shiftRight(i32.sub(get(end), get(batchBegin)), i32.const(2))),
      );
      const loneGroups = sequence(
        draws.next(),
        set(
          left,
          rounded(i32.wrap(i64.shiftRight(product, i64.const(16n))), i32.and(i32.wrap(product), i32.const(0xffff))),
        ),
        loopWhile(i32.notEqual(get(left), i32.const(0)), loneGroup),
      );
      const batch = sequence(
        set(batchBegin, get(at)),
        set(end, least(get(chunkEnd), word(get(at), parameter('minibatch')))),
        loopWhile(i32.notEqual(get(at), get(end)), group),
        when(parameter('draws'), loneGroups),
        bump(batchAt, 4),
        listed(
          i32.store(get(batchAt), i32.shiftRight(i32.sub(get(startAt), parameter('negativeStart')), i32.const(2))),
        ),
        input.endBatch(),
        output.endBatch(),
      );
      const chunk = sequence(
        set(chunkEnd, least(get(pairsEnd), word(get(at), parameter('chunkPairs')))),
        draws.begin(i32.load(get(keyAt))),
        bump(keyAt, 4),
        loopWhile(i32.notEqual(get(at), get(chunkEnd)), batch),
      );
      return sequence(
        set(at, parameter('inputs')),
        set(pairsEnd, word(get(at), parameter('pairs'))),
        set(toOutputs, i32.sub(parameter('outputs'), get(at))),
        set(groupAt, parameter('groupInputs')),
        set(toGroupOutputs, i32.sub(parameter('groupOutputs'), get(groupAt))),
        set(negativeAt, parameter('negatives')),
        set(startAt, parameter('negativeStart')),
        set(batchAt, parameter('batchStart')),
        set(keyAt, parameter('keys')),
        set(labelled, parameter('labelled')),
        set(noiseSize, i64.extend(parameter('noiseSize'))),
        set(loneSize, i64.extend(parameter('loneSize'))),
        input.begin(),
        output.begin(),
        loopWhile(i32.notEqual(get(at), get(pairsEnd)), chunk),
        input.finish(),
        output.finish(),
        i64.store(i32.const(0), get(dots), DOTS_AT),
        listed(
          sequence(
            leave('groups', i32.shiftRight(i32.sub(get(startAt), parameter('negativeStart')), i32.const(2))),
            leave('drawn', i32.shiftRight(i32.sub(get(negativeAt), parameter('negatives')), i32.const(2))),
            input.renumber(parameter('groupInputs'), get(groupAt), true),
            output.renumber(parameter('groupOutputs'), i32.add(get(groupAt), get(toGroupOutputs)), true),
            output.renumber(parameter('negatives'), get(negativeAt), false),
          ),
        ),
      );
    },
    isListed ? 'plan' : 'census',
  );
}

type Six = [Local, Local, Local, Local, Local, Local];

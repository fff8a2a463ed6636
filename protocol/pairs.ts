// Pairs on the wire: ranks within parts, coded in few bits.
import { ProtocolError } from './bytes.ts';
import { RiceReader, RiceWriter } from './rice.ts';

/**
 * `sorted`: pairs ascend by input, then by output, within each chunk, and both sides shuffle them by the run seed
 * afterwards: which pairs a chunk holds is far shorter to say than in which order. `text`: any order, best as the corpus
 * has it, where the same few words come again and again.
 */
export type PairOrder = 'sorted' | 'text';

const ORDERS: readonly PairOrder[] = ['sorted', 'text'];

export interface Pairs {
  readonly inputs: Uint32Array;
  readonly outputs: Uint32Array;
}

/** What the pairs of a lease are, as the reader knows it beforehand. */
export interface PairsShape {
  readonly pairs: number;
  /** Input ranks are below the first, outputs below the second. */
  readonly inputSize: number;
  readonly outputSize: number;
  readonly chunkPairs: number;
}

/** Output of a pair that belongs to the bag of the one before (word2vec/objective.ts); only in `text`. */
const CONTINUES = 0xffffffff;

/** Ranks are far below. */
const MOST_NUMBER = 2 ** 31 - 1;

/** A number from 0, coded or read. */
type CodeNumber = (context: number, number: number) => number;

/**
 * Codes `pairs` pairs in chunks of `chunkPairs`; ranks are below 2^31 − 2.
 * @throws Error when `sorted` pairs are not
 */
export function packPairs(pairs: Pairs, chunkPairs: number, order: PairOrder): Uint8Array {
  const coder = new RiceWriter(order === 'sorted' ? SORTED_CONTEXTS : TEXT_CONTEXTS);
  if (order === 'sorted') {
    writeSorted(coder, pairs, chunkPairs);
  } else {
    const code: CodeNumber = (context, number) => {
      coder.number(context, number);
      return number;
    };
    codeText(code, pairs);
  }
  const coded = coder.finish();
  const bytes = new Uint8Array(1 + coded.length);
  bytes[0] = ORDERS.indexOf(order);
  bytes.set(coded, 1);
  return bytes;
}

/** @throws ProtocolError BAD_PAIRS when the bytes do not hold exactly the pairs of that shape */
export function unpackPairs(bytes: Uint8Array, shape: PairsShape): Pairs & { readonly order: PairOrder } {
  const { pairs: count, inputSize, outputSize } = shape;
  const order = ORDERS[bytes[0] ?? ORDERS.length];
  if (order === undefined) throw new ProtocolError('BAD_PAIRS', `order ${bytes[0]} of pairs`);
  const coder = new RiceReader(bytes.subarray(1), order === 'sorted' ? SORTED_CONTEXTS : TEXT_CONTEXTS);
  const pairs = { inputs: new Uint32Array(count), outputs: new Uint32Array(count) };
  const { inputs, outputs } = pairs;
  if (order === 'sorted') {
    readSorted(coder, pairs, shape);
  } else {
    const code: CodeNumber = (context) => readNumber(coder, context);
    const check = (at: number): void => {
      const isIn = outputs[at]! < outputSize || outputs[at] === CONTINUES;
      if (inputs[at]! >= inputSize || !isIn) throw strayRank(at, inputs[at]!, outputs[at]!, shape);
    };
    codeText(code, pairs, check);
  }
  if (!coder.isWhole()) throw new ProtocolError('BAD_PAIRS', `${bytes.length} bytes do not end with pair ${count}`);
  return { inputs, outputs, order };
}

/** @throws ProtocolError BAD_PAIRS beyond the end, and for what no rank can be */
function readNumber(coder: RiceReader, context: number): number {
  const number = coder.number(context);
  if (coder.isPastEnd) throw new ProtocolError('BAD_PAIRS', 'the bytes end before the pairs do');
  // Sums stay below 2^32, and each is checked: none comes round to a rank that is in its part.
  if (number > MOST_NUMBER) throw new ProtocolError('BAD_PAIRS', `${number} is beyond every rank`);
  return number;
}

function strayRank(at: number, input: number, output: number, { inputSize, outputSize }: PairsShape): ProtocolError {
  return new ProtocolError(
    'BAD_PAIRS',
    `pair ${at}: ranks ${input}, ${output} in parts of ${inputSize}, ${outputSize} rows`,
  );
}

/** Bit length, at most `most`. */
function lengthOf(number: number, most: number): number {
  return Math.min(most, 32 - Math.clz32(number));
}

/** Contexts of `sorted`: each by bit lengths, of the number before it or of where it starts. */
const LENGTHS = 16;
const STEP = 0;
const COUNT = LENGTHS;
const FIRST_OUTPUT = 2 * LENGTHS;
const COUNT_LENGTHS = 8;
const OUTPUT_STEP = FIRST_OUTPUT + COUNT_LENGTHS;
const SORTED_CONTEXTS = OUTPUT_STEP + COUNT_LENGTHS * LENGTHS;

const stepContext = (input: number): number => STEP + lengthOf(input + 1, LENGTHS - 1);
const countContext = (input: number): number => COUNT + lengthOf(input, LENGTHS - 1);
const outputContext = (countLength: number, step: number): number =>
  OUTPUT_STEP + countLength * LENGTHS + lengthOf(step, LENGTHS - 1);

/**
 * For each input of a chunk: how many inputs are passed over before it, pairs it has beyond one, then its outputs, the
 * first as it stands, each other as the step from the one before. Frequent inputs come first and have many pairs, so
 * steps and counts are foretold by the input, and outputs by the count and by the step before.
 */
function writeSorted(coder: RiceWriter, { inputs, outputs }: Pairs, chunkPairs: number): void {
  for (let start = 0; start < inputs.length; start += chunkPairs) {
    const end = Math.min(inputs.length, start + chunkPairs);
    let before = -1;
    for (let at = start; at < end;) {
      const input = inputs[at]!;
      if (input <= before) throw new Error('pairs to be packed are not sorted');
      let last = at + 1;
      while (last < end && inputs[last] === input) last++;
      coder.number(stepContext(before), input - before - 1);
      coder.number(countContext(input), last - at - 1);
      const countLength = lengthOf(last - at, COUNT_LENGTHS - 1);
      let output = outputs[at]!;
      let step = output;
      coder.number(FIRST_OUTPUT + countLength, output);
      for (at++; at < last; at++) {
        const context = outputContext(countLength, step);
        step = outputs[at]! - output;
        if (step < 0) throw new Error('pairs to be packed are not sorted');
        coder.number(context, step);
        output = outputs[at]!;
      }
      before = input;
    }
  }
}

/** The way back. @throws ProtocolError BAD_PAIRS */
function readSorted(coder: RiceReader, { inputs, outputs }: Pairs, shape: PairsShape): void {
  const { inputSize, outputSize, chunkPairs } = shape;
  for (let start = 0; start < inputs.length; start += chunkPairs) {
    const end = Math.min(inputs.length, start + chunkPairs);
    let input = -1;
    for (let at = start; at < end;) {
      input += 1 + readNumber(coder, stepContext(input));
      const count = 1 + readNumber(coder, countContext(input));
      if (count > end - at) throw new ProtocolError('BAD_PAIRS', `${count} pairs of input ${input} in ${end - at}`);
      const countLength = lengthOf(count, COUNT_LENGTHS - 1);
      let output = readNumber(coder, FIRST_OUTPUT + countLength);
      let step = output;
      for (const last = at + count; ;) {
        if (input >= inputSize || output >= outputSize) throw strayRank(at, input, output, shape);
        inputs[at] = input;
        outputs[at] = output;
        if (++at === last) break;
        step = readNumber(coder, outputContext(countLength, step));
        output += step;
      }
    }
  }
}

/** Words of `text` that are named by how long ago they came as an input. */
const RECENT = 24;
/** Contexts of `text`: inputs by the place before, new inputs, outputs by the length of the run before, new outputs. */
const NEW_INPUT = RECENT + 1;
const OUTPUT_SIGN = NEW_INPUT + 1;
const RUN_LENGTHS = 16;
const NEW_OUTPUT = OUTPUT_SIGN + RUN_LENGTHS;
const TEXT_CONTEXTS = NEW_OUTPUT + 1;
/** What is said of an output: the one before again, CONTINUES, or (and more) its place among the recent inputs. */
const AGAIN = 0;
const GOES_ON = 1;
const PLACED = 2;

/** Windows overlap: most words were an input a moment ago, and are named by their place, 0 being the last one. */
function codeText(code: CodeNumber, pairs: Pairs, check?: (at: number) => void): void {
  const { inputs, outputs } = pairs;
  const recent = new RecentWords();
  let place = 0;
  let run = 0;
  let last = -1;
  for (let at = 0; at < inputs.length; at++) {
    const signOf = (output: number): number =>
      output === last ? AGAIN : output === CONTINUES ? GOES_ON : PLACED + recent.place(output);
    const sign = code(OUTPUT_SIGN + Math.min(run, RUN_LENGTHS - 1), signOf(outputs[at]!));
    run = sign < PLACED ? run + 1 : 0;
    let output = last;
    if (sign === GOES_ON) output = CONTINUES;
    else if (sign >= PLACED) output = recent.word(sign - PLACED) ?? code(NEW_OUTPUT, outputs[at]!);
    place = code(place, recent.place(inputs[at]!));
    const input = recent.word(place) ?? code(NEW_INPUT, inputs[at]!);
    if (output < 0 || signOf(output) !== sign || recent.place(input) !== place)
      throw new ProtocolError('BAD_PAIRS', `pair ${at} is not named by the nearest place`);
    outputs[at] = output;
    inputs[at] = input;
    last = output;
    recent.meet(input);
    check?.(at);
  }
}

/** The last different words, latest first. */
class RecentWords {
  readonly #words: number[] = [];

  /** Place of a word, RECENT when it is not among them. */
  place(word: number): number {
    const place = this.#words.indexOf(word);
    return place < 0 ? RECENT : place;
  }

  /** The word at a place; undefined for RECENT, and for places that no writer names. */
  word(place: number): number | undefined {
    return this.#words[place];
  }

  meet(word: number): void {
    const place = this.#words.indexOf(word);
    this.#words.splice(place < 0 ? RECENT - 1 : place, 1);
    this.#words.unshift(word);
  }
}

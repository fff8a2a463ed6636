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
  const code: CodeNumber = (context, number) => {
    if (number < 0) throw new Error('pairs to be packed are not sorted');
    coder.number(context, number);
    return number;
  };
  (order === 'sorted' ? codeSorted : codeText)(code, pairs, chunkPairs);
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
  const read: CodeNumber = (context) => {
    const number = coder.number(context);
    if (coder.isPastEnd)
      throw new ProtocolError('BAD_PAIRS', `${count} pairs are more than ${bytes.length} bytes hold`);
    // Sums stay below 2^32, and each is checked: none comes round to a rank that is in its part.
    if (number > MOST_NUMBER) throw new ProtocolError('BAD_PAIRS', `${number} is beyond every rank`);
    return number;
  };
  const inputs = new Uint32Array(count);
  const outputs = new Uint32Array(count);
  const check = (at: number): void => {
    const isIn = outputs[at]! < outputSize || (order === 'text' && outputs[at] === CONTINUES);
    if (inputs[at]! >= inputSize || !isIn)
      throw new ProtocolError(
        'BAD_PAIRS',
        `pair ${at}: ranks ${inputs[at]}, ${outputs[at]} in parts of ${inputSize}, ${outputSize} rows`,
      );
  };
  (order === 'sorted' ? codeSorted : codeText)(read, { inputs, outputs }, shape.chunkPairs, check);
  if (!coder.isWhole()) throw new ProtocolError('BAD_PAIRS', `${bytes.length} bytes do not end with pair ${count}`);
  return { inputs, outputs, order };
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

/**
 * For each input of a chunk: how many inputs are passed over before it, pairs it has beyond one, then its outputs, the
 * first as it stands, each other as the step from the one before. Frequent inputs come first and have many pairs, so
 * steps and counts are foretold by the input, and outputs by the count and by the step before.
 */
function codeSorted(code: CodeNumber, pairs: Pairs, chunkPairs: number, check?: (at: number) => void): void {
  const { inputs, outputs } = pairs;
  for (let start = 0; start < inputs.length; start += chunkPairs) {
    const end = Math.min(inputs.length, start + chunkPairs);
    let input = -1;
    for (let at = start; at < end;) {
      input += 1 + code(STEP + lengthOf(input + 1, LENGTHS - 1), inputs[at]! - input - 1);
      let same = at + 1;
      while (same < end && inputs[same] === input) same++;
      const count = 1 + code(COUNT + lengthOf(input, LENGTHS - 1), same - at - 1);
      if (count > end - at) throw new ProtocolError('BAD_PAIRS', `${count} pairs of input ${input} in ${end - at}`);
      const countLength = lengthOf(count, COUNT_LENGTHS - 1);
      let output = code(FIRST_OUTPUT + countLength, outputs[at]!);
      let step = output;
      for (const last = at + count; ;) {
        inputs[at] = input;
        outputs[at] = output;
        check?.(at);
        at++;
        if (at === last) break;
        step = code(OUTPUT_STEP + countLength * LENGTHS + lengthOf(step, LENGTHS - 1), outputs[at]! - output);
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
function codeText(code: CodeNumber, pairs: Pairs, _chunkPairs: number, check?: (at: number) => void): void {
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

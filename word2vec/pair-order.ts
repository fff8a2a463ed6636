// The order of pairs within a chunk is free, so both sides agree on one that need not be told: sorted, then shuffled.
import { below, hashAt, STREAM, streamKey } from './random.ts';

interface Pairs {
  readonly inputs: Uint32Array;
  readonly outputs: Uint32Array;
}

/** Whose chunks they are: the shuffle is a hash of it. */
interface ChunkPlace {
  /** Pairs a chunk; the last may be shorter. */
  readonly chunkPairs: number;
  readonly seed: number;
  readonly episode: number;
  /** i·P + j. */
  readonly block: number;
  /** Number in the block of the first chunk. */
  readonly firstChunk: number;
}

/**
 * Sorts each chunk by input, then by output, in place.
 * @param inputSize inputs are below it, and outputs below `outputSize`
 */
export function sortChunks(
  { inputs, outputs }: Pairs,
  chunkPairs: number,
  inputSize: number,
  outputSize: number,
): void {
  const room = { inputs: new Uint32Array(chunkPairs), outputs: new Uint32Array(chunkPairs) };
  const places = new Uint32Array(Math.max(inputSize, outputSize) + 1);
  for (let from = 0; from < inputs.length; from += chunkPairs) {
    const chunk = {
      inputs: inputs.subarray(from, from + chunkPairs),
      outputs: outputs.subarray(from, from + chunkPairs),
    };
    // By counting, outputs first: the second pass leaves their order among equal inputs.
    scatter(chunk, chunk.outputs, room, places.subarray(0, outputSize + 1));
    scatter(room, room.inputs.subarray(0, chunk.inputs.length), chunk, places.subarray(0, inputSize + 1));
  }
}

/** Copies pairs to `to`, ascending by key, equal keys in their order. */
function scatter(from: Pairs, keys: Uint32Array, to: Pairs, places: Uint32Array): void {
  places.fill(0);
  for (let k = 0; k < keys.length; k++) places[keys[k]! + 1]!++;
  for (let key = 1; key < places.length; key++) places[key]! += places[key - 1]!;
  for (let k = 0; k < keys.length; k++) {
    const at = places[keys[k]!]!++;
    to.inputs[at] = from.inputs[k]!;
    to.outputs[at] = from.outputs[k]!;
  }
}

/** Shuffles each chunk in place (Fisher and Yates), by the hash of its place. */
export function shuffleChunks({ inputs, outputs }: Pairs, place: ChunkPlace): void {
  const { chunkPairs } = place;
  for (let from = 0; from < inputs.length; from += chunkPairs) {
    const to = Math.min(inputs.length, from + chunkPairs);
    // Chunk 0 of this stream is the block's own shuffle.
    const chunk = place.firstChunk + from / chunkPairs;
    const key = streamKey(place.seed, STREAM.shuffle, place.episode, place.block, chunk + 1);
    for (let k = to - 1; k > from; k--) {
      const other = from + below(hashAt(key, k - from), k - from + 1);
      const [input, output] = [inputs[k]!, outputs[k]!];
      inputs[k] = inputs[other]!;
      outputs[k] = outputs[other]!;
      inputs[other] = input;
      outputs[other] = output;
    }
  }
}

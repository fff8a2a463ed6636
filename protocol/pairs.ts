// Pairs on the wire: two varints each, ranks within parts, so frequent words take one byte.
import { ProtocolError, Writer } from './bytes.ts';

/** Appends `inputs[k], outputs[k]` for k in [start, end). */
export function packPairs(inputs: Uint32Array, outputs: Uint32Array, start: number, end: number): Uint8Array {
  const write = new Writer((end - start) * 4 + 16);
  for (let k = start; k < end; k++) write.varint(inputs[k]!).varint(outputs[k]!);
  return write.finish();
}

export interface Pairs {
  readonly inputs: Uint32Array;
  readonly outputs: Uint32Array;
}

/**
 * Reads `count` pairs whose input ranks are below `inputSize` and output ranks below `outputSize`.
 * @throws ProtocolError BAD_PAIRS when the bytes do not hold exactly those.
 */
export function unpackPairs(bytes: Uint8Array, count: number, inputSize: number, outputSize: number): Pairs {
  const inputs = new Uint32Array(count);
  const outputs = new Uint32Array(count);
  let at = 0;
  for (let k = 0; k < 2 * count; k++) {
    let value = 0;
    let shift = 0;
    let byte: number;
    do {
      if (at >= bytes.length || shift > 21)
        throw new ProtocolError('BAD_PAIRS', `pair ${k >> 1} of ${count} is cut or too large`);
      byte = bytes[at++]!;
      value |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte >= 0x80);
    const size = k % 2 === 0 ? inputSize : outputSize;
    if (value >= size) throw new ProtocolError('BAD_PAIRS', `pair ${k >> 1}: rank ${value} in a part of ${size} rows`);
    (k % 2 === 0 ? inputs : outputs)[k >> 1] = value;
  }
  if (at !== bytes.length) throw new ProtocolError('BAD_PAIRS', `${bytes.length - at} bytes follow the last pair`);
  return { inputs, outputs };
}

// Bitmaps that say which of a lease's rows follow: bit k of byte k>>3, least significant first.
import { ProtocolError } from './bytes.ts';

export function bitmapBytes(bits: number): number {
  return (bits + 7) >> 3;
}

export function setBit(map: Uint8Array, bit: number): void {
  map[bit >> 3]! |= 1 << (bit & 7);
}

export function hasBit(map: Uint8Array, bit: number): boolean {
  return ((map[bit >> 3]! >> (bit & 7)) & 1) === 1;
}

/** Those of `rows` whose bit is set, row r by bit `first` + r. */
export function withBits(rows: Uint32Array, map: Uint8Array, first: number): Uint32Array<ArrayBuffer> {
  const chosen = new Uint32Array(rows.length);
  let count = 0;
  for (let r = 0; r < rows.length; r++) if (hasBit(map, first + r)) chosen[count++] = rows[r]!;
  return chosen.subarray(0, count);
}

/** Number of set bits. @throws ProtocolError BAD_BITMAP when a bit beyond `bits` is set */
export function countBits(map: Uint8Array, bits: number): number {
  let count = 0;
  for (let byte = 0; byte < map.length; byte++) {
    let rest = map[byte]!;
    while (rest !== 0) {
      rest &= rest - 1;
      count++;
    }
  }
  const spare = map.length * 8 - bits;
  if (spare > 0 && map[map.length - 1]! >> (8 - spare) !== 0) {
    throw new ProtocolError('BAD_BITMAP', `bits beyond row ${bits} are set`);
  }
  return count;
}

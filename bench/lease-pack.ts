// Leases as one block of bytes, so that Node and a tab train the very same ones.
//
//   u32 length of the JSON, the JSON (fields of each lease, its arrays as [offset in values, length]), blanks up to a
//   multiple of 8, then all arrays as float64 (exact for their 32-bit numbers)
import type { LeaseShape } from '../word2vec/plan.ts';

/** An array's place among the packed values. */
type Place = readonly [offset: number, length: number];

type Arrays = 'inputs' | 'outputs' | 'noise' | 'negatives';

interface PackedLease extends Omit<LeaseShape, Arrays> {
  readonly inputs: Place;
  readonly outputs: Place;
  readonly keep: Place;
  readonly alias: Place;
  readonly rate: number;
}

/** @throws Error for decoupled negatives, which the benchmark does not use. */
export function packLeases(leases: readonly LeaseShape[]): Uint8Array<ArrayBuffer> {
  const arrays: (Uint32Array | Float64Array)[] = [];
  let values = 0;
  const place = (array: Uint32Array | Float64Array): Place => {
    arrays.push(array);
    values += array.length;
    return [values - array.length, array.length];
  };
  const packed = leases.map(({ inputs, outputs, noise, negatives, ...rest }): PackedLease => {
    if (negatives.kind !== 'coupled') throw new Error('only leases with coupled negatives can be packed');
    return {
      ...rest,
      inputs: place(inputs),
      outputs: place(outputs),
      keep: place(noise.keep),
      alias: place(noise.alias),
      rate: negatives.rate,
    };
  });
  const json = new TextEncoder().encode(JSON.stringify(packed));
  const start = Math.ceil((4 + json.length) / 8) * 8;
  const bytes = new Uint8Array(start + values * 8).fill(0x20, 4, start);
  new DataView(bytes.buffer).setUint32(0, start - 4, true);
  bytes.set(json, 4);
  const body = new Float64Array(bytes.buffer, start);
  let at = 0;
  for (const array of arrays) {
    body.set(array, at);
    at += array.length;
  }
  return bytes;
}

export function unpackLeases(buffer: ArrayBuffer): LeaseShape[] {
  const length = new DataView(buffer).getUint32(0, true);
  const packed = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))) as PackedLease[];
  const body = new Float64Array(buffer, 4 + length);
  const at = ([offset, count]: Place): Float64Array => body.subarray(offset, offset + count);
  return packed.map(({ inputs, outputs, keep, alias, rate, ...rest }) => ({
    ...rest,
    inputs: Uint32Array.from(at(inputs)),
    outputs: Uint32Array.from(at(outputs)),
    noise: { keep: at(keep), alias: Uint32Array.from(at(alias)) },
    negatives: { kind: 'coupled', rate },
  }));
}

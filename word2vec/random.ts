// Counter-based randomness: every draw is a pure hash of (key, counter), so any party can replay it.

/** Shifts and factors of `mix32`, in turn, for code that mixes four at once. */
export const MIX = { shifts: [16, 15, 15], factors: [0x21f0aaad, 0xd35a2d97] } as const;
/** What a counter is multiplied by in `hashAt`. */
export const DRAW_STEP = 0x9e3779b9;

/**
 * Mixes 32 bits so that every input bit reaches every output bit (a xorshift-multiply finaliser
 * with constants found by Chris Wellons' prospector). A bijection on 0..2^32-1.
 */
export function mix32(value: number): number {
  let x = value | 0;
  x ^= x >>> 16;
  x = Math.imul(x, 0x21f0aaad);
  x ^= x >>> 15;
  x = Math.imul(x, 0xd35a2d97);
  x ^= x >>> 15;
  return x >>> 0;
}

/** Purposes that must never share a stream of draws; the value is part of the key. */
export const STREAM = {
  subsample: 1,
  window: 2,
  inputParts: 3,
  outputParts: 4,
  shuffle: 5,
  negatives: 6,
  initial: 7,
  rounding: 8,
  heldOut: 9,
  simulator: 10,
} as const;

/** Folds a run seed, a purpose and positions (each an integer, taken modulo 2^32) into a 32-bit stream key. */
export function streamKey(seed: number, purpose: number, a = 0, b = 0, c = 0): number {
  let key = mix32(seed ^ 0x9e3779b9);
  key = mix32(key ^ purpose);
  key = mix32(key ^ a);
  key = mix32((key + 0x7f4a7c15) ^ b);
  return mix32((key + 0x2545f491) ^ c);
}

/** Draw number `counter` (taken modulo 2^32) of the stream `key`: uniform on 0..2^32-1. */
export function hashAt(key: number, counter: number): number {
  return mix32(Math.imul(counter, 0x9e3779b9) ^ key);
}

/** Maps a 32-bit hash to 0..n-1; exact for n up to 2^21. */
export function below(hash: number, n: number): number {
  return Math.floor((hash * n) / 4294967296);
}

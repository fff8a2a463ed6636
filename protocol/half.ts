// IEEE 754 binary16 ("half") by our own conversion, bit for bit the same everywhere: Math.f16round is not in every runtime.

/** Largest finite half. */
export const LARGEST_HALF = 65504;

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/**
 * Bits of the half nearest to a float32, ties to even; beyond the largest half by half a step or more: infinity.
 * NaN becomes 0x7e00.
 */
export function toHalf(value: number): number {
  float[0] = value;
  const word = bits[0]!;
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return 0x7e00;
  // 65520 and more: the tie between 65504 and 65536 goes to the even one, which is infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Below 2^-14 halves are multiples of 2^-24: adding 0.5, whose last bit is 2^-24, rounds there, ties to even.
    float[0] = Math.abs(value) + 0.5;
    return sign | (bits[0]! - 0x3f000000);
  }
  // The exponent's bias falls from 127 to 15; 13 bits of the fraction go, and a carry moves on into the exponent.
  return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
}

/** The number a half stands for; 0x7c00 and above in magnitude are infinite or NaN. */
export function fromHalf(half: number): number {
  const magnitude = half & 0x7fff;
  const sign = (half & 0x8000) << 16;
  if (magnitude < 0x0400) {
    const value = magnitude * 2 ** -24;
    return sign === 0 ? value : -value;
  }
  // Infinity and NaN have the largest exponent in either format.
  bits[0] = sign | ((magnitude << 13) + (magnitude < 0x7c00 ? 0x38000000 : 0x70000000));
  return float[0]!;
}

// The shortest decimal text that reads back as the same 32-bit float.

/**
 * Text of a finite float32 with as few digits as bring back the same 32 bits (at most nine; subnormal
 * values may get up to six where fewer would do), in the notation of JavaScript numbers, which C's
 * `%f` and Python's `float` read.
 */
export function shortestFloat32(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  // More digits never round further away, and most trained values need eight, so begin there. A length
  // that works where one less does not has no zero at its end, so its text is the shortest as it stands.
  const eight = value.toPrecision(8);
  if (Math.fround(Number(eight)) !== value) return value.toPrecision(9);
  const seven = value.toPrecision(7);
  if (Math.fround(Number(seven)) !== value) return eight;
  // Any decimal of up to six digits survives, so six digits with the zeros dropped is the shortest left.
  const six = Number(value.toPrecision(6));
  return Math.fround(six) === value ? String(six) : seven;
}

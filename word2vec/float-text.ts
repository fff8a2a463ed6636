// The shortest decimal text that reads back as the same 32-bit float.

/**
 * Text of a finite float32 with as few digits as bring back the same 32 bits (at most nine; subnormal
 * values may get up to six where fewer would do), in the notation of JavaScript numbers, which C's
 * `%f` and Python's `float` read.
 */
export function shortestFloat32(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  // More digits never round further away, and most trained values need eight, so begin there.
  const eight = Number(value.toPrecision(8));
  if (Math.fround(eight) !== value) return String(Number(value.toPrecision(9)));
  const seven = Number(value.toPrecision(7));
  if (Math.fround(seven) !== value) return String(eight);
  // Any decimal of up to six digits survives, so six digits with the zeros dropped is the shortest left.
  const six = Number(value.toPrecision(6));
  return String(Math.fround(six) === value ? six : seven);
}

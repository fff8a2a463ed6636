// Sizes of files, which may be small.
import { bytes } from '../../ui/format.ts';

/** Bytes below a thousand, kB below a million, then as all amounts. */
export function size(value: number): string {
  if (value < 1e3) return `${value}\u00a0bytes`;
  return value < 1e6 ? `${(value / 1e3).toFixed(1)}\u00a0kB` : bytes(value);
}

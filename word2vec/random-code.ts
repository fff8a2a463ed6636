// random.ts in WebAssembly.
import { get, i32, sequence, set, type Code, type Local } from './cpu-assembler.ts';
import { MIX } from './random.ts';

/** `mix32` of the local, in its place. */
export function hashCode(value: Local): Code {
  const fold = (by: number): Code => set(value, i32.xor(get(value), i32.shiftRight(get(value), i32.const(by))));
  const times = (factor: number): Code => set(value, i32.mul(get(value), i32.const(factor | 0)));
  return sequence(
    fold(MIX.shifts[0]),
    times(MIX.factors[0]),
    fold(MIX.shifts[1]),
    times(MIX.factors[1]),
    fold(MIX.shifts[2]),
  );
}

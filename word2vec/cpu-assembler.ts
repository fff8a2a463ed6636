// A small WebAssembly assembler: just the instructions that the project's SIMD code uses, as functions that nest like formulas.

/** Bytes of instructions. As an operand: of those that leave one value. */
export type Code = readonly number[];
/** Index of a parameter or local variable. */
export type Local = number;
export type ValueType = 'i32' | 'i64' | 'f32' | 'v128';

const TYPE_BYTE: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, v128: 0x7b };
const MAGIC_AND_VERSION: Code = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const END = 0x0b;
const NO_RESULT = 0x40;

/** Unsigned LEB128. */
function unsigned(value: number): Code {
  const bytes: number[] = [];
  for (let rest = value; ;) {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
    if (rest === 0) return bytes;
  }
}

/** Signed LEB128. */
function signed(value: number): Code {
  const bytes: number[] = [];
  for (let rest = value; ;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const last = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(last ? low : low | 0x80);
    if (last) return bytes;
  }
}

/** Signed LEB128. */
function signedWide(value: bigint): Code {
  const bytes: number[] = [];
  for (let rest = value; ;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const last = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
    bytes.push(last ? low : low | 0x80);
    if (last) return bytes;
  }
}

function plain(...opcode: number[]): (...operands: Code[]) => Code {
  return (...operands) => [...operands.flat(), ...opcode];
}

/** SIMD instructions are a prefix and a LEB128 number. */
function simd(opcode: number): (...operands: Code[]) => Code {
  return plain(0xfd, ...unsigned(opcode));
}

/** `alignment` as the power of two that instructions state; `offset` in bytes. */
function load(opcode: Code, alignment: number): (address: Code, offset?: number) => Code {
  return (address, offset = 0) => [...address, ...opcode, alignment, ...unsigned(offset)];
}

function store(opcode: Code, alignment: number): (address: Code, value: Code, offset?: number) => Code {
  return (address, value, offset = 0) => [...address, ...value, ...opcode, alignment, ...unsigned(offset)];
}

export const get = (local: Local): Code => [0x20, ...unsigned(local)];
export const set = (local: Local, value: Code): Code => [...value, 0x21, ...unsigned(local)];
export const bump = (local: Local, by: number): Code => set(local, i32.add(get(local), i32.const(by)));
export const call = (name: FunctionName, ...operands: Code[]): Code => [...operands.flat(), 0x10, ...unsigned(name)];
export const sequence = (...parts: Code[]): Code => parts.flat();

/** Runs `body` if `condition` is not zero. */
export function when(condition: Code, body: Code, otherwise: Code = []): Code {
  return [...condition, 0x04, NO_RESULT, ...body, ...(otherwise.length > 0 ? [0x05, ...otherwise] : []), END];
}

/** Runs `body` while `condition` holds, asking before the first time. */
export function loopWhile(condition: Code, body: Code): Code {
  return when(condition, [0x03, NO_RESULT, ...body, ...condition, 0x0d, 0, END]);
}

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  load: load([0x28], 2),
  store: store([0x36], 2),
  isZero: plain(0x45),
  notEqual: plain(0x47),
  /** Without sign, as `atLeast` and `shiftRight`. */
  below: plain(0x49),
  atLeast: plain(0x4f),
  add: plain(0x6a),
  sub: plain(0x6b),
  mul: plain(0x6c),
  and: plain(0x71),
  or: plain(0x72),
  xor: plain(0x73),
  shiftLeft: plain(0x74),
  shiftRight: plain(0x76),
  /** The low half of an i64. */
  wrap: plain(0xa7),
} as const;

/** Whole numbers without sign. */
export const i64 = {
  const: (value: bigint): Code => [0x42, ...signedWide(value)],
  load: load([0x29], 3),
  store: store([0x37], 3),
  below: plain(0x54),
  add: plain(0x7c),
  mul: plain(0x7e),
  and: plain(0x83),
  shiftRight: plain(0x88),
  extend: plain(0xad),
} as const;

/** `a` if the condition is not zero, else `b`; both are made. */
export const either = (a: Code, b: Code, condition: Code): Code => [...a, ...b, ...condition, 0x1b];

export const v128 = {
  load: load([0xfd, 0x00], 4),
  loadSplat32: load([0xfd, 0x09], 2),
  /** Lane 0 of 32 bits; the others are zero. */
  load32: load([0xfd, 0x5c], 2),
  store: store([0xfd, 0x0b], 4),
  /** Stores lane 0 of 32 bits. */
  storeLane32: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    0xfd,
    0x5a,
    2,
    ...unsigned(offset),
    0,
  ],
  const: (bytes: Uint8Array): Code => [0xfd, 0x0c, ...bytes],
  /** The four 32-bit lanes of the result, each 0..3 from `a` or 4..7 from `b`. */
  shuffle32: (a: Code, b: Code, lanes: readonly [number, number, number, number]): Code => [
    ...a,
    ...b,
    0xfd,
    0x0d,
    ...lanes.flatMap((lane) => [lane * 4, lane * 4 + 1, lane * 4 + 2, lane * 4 + 3]),
  ],
  and: simd(0x4e),
  /** a where b's bits are clear. */
  andNot: simd(0x4f),
  xor: simd(0x51),
  /** a where the mask's bits are set, else b. */
  select: simd(0x52),
  /** 1 if any bit is set, as an i32. */
  any: simd(0x53),
} as const;

export const i8x16 = { narrow: simd(0x65) } as const;

/** `extendLow`: the eight low bytes, signed. */
export const i16x8 = { narrow: simd(0x85), extendLow: simd(0x87) } as const;

export const i32x4 = {
  const: (...lanes: [number, number, number, number]): Code =>
    v128.const(new Uint8Array(Int32Array.from(lanes).buffer)),
  splat: simd(0x11),
  /** The four low halves of 16 bits, signed. */
  extendLow: simd(0xa7),
  shiftLeft: simd(0xab),
  shiftRight: simd(0xad),
  add: simd(0xae),
  sub: simd(0xb1),
  mul: simd(0xb5),
  min: simd(0xb6),
  max: simd(0xb8),
  /** Products of halves of 16 bits, signed, summed in pairs. */
  dot: simd(0xba),
  truncate: simd(0xf8),
  /** Of two doubles, into lanes 0 and 1. */
  truncateDoubles: simd(0xfc),
} as const;

export const f32x4 = {
  const: (value: number): Code => v128.const(new Uint8Array(new Float32Array(4).fill(value).buffer)),
  splat: simd(0x13),
  notEqual: simd(0x42),
  atMost: simd(0x45),
  atLeast: simd(0x46),
  /** Of two doubles, into lanes 0 and 1. */
  demote: simd(0x5e),
  nearest: simd(0x6a),
  abs: simd(0xe0),
  neg: simd(0xe1),
  add: simd(0xe4),
  sub: simd(0xe5),
  mul: simd(0xe6),
  div: simd(0xe7),
  min: simd(0xe8),
  max: simd(0xe9),
  /** Of four whole numbers. */
  convert: simd(0xfa),
} as const;

export const f64x2 = {
  const: (value: number): Code => v128.const(new Uint8Array(new Float64Array(2).fill(value).buffer)),
  above: simd(0x4a),
  floor: simd(0x75),
  /** Lanes 0 and 1 of four floats, widened. */
  promoteLow: simd(0x5f),
  add: simd(0xf0),
  mul: simd(0xf2),
  div: simd(0xf3),
  /** Of the whole numbers without sign in lanes 0 and 1. */
  convertLow: simd(0xff),
} as const;

/** A function's number in its module. */
export type FunctionName = number;

/** Declares a function's local variables while its body is written. */
export class Locals {
  readonly #types: ValueType[] = [];
  readonly #parameters: number;

  constructor(parameters: number) {
    this.#parameters = parameters;
  }

  make(type: ValueType): Local {
    return this.#parameters + this.#types.push(type) - 1;
  }

  several(count: number, type: ValueType): Local[] {
    return Array.from({ length: count }, () => this.make(type));
  }

  declarations(): Code {
    return [...unsigned(this.#types.length), ...this.#types.flatMap((type) => [1, TYPE_BYTE[type]])];
  }
}

/** Functions without results over one memory, imported as `host.memory`. */
export class ModuleWriter {
  readonly #signatures: Code[] = [];
  readonly #bodies: Code[] = [];
  readonly #exports: Code[] = [];

  /** @param write is handed the parameters as locals, and what makes more of them. */
  function(
    parameters: readonly ValueType[],
    write: (locals: Locals, ...parameters: Local[]) => Code,
    exportAs?: string,
  ): FunctionName {
    const locals = new Locals(parameters.length);
    const code = write(locals, ...parameters.keys());
    const body = [...locals.declarations(), ...code, END];
    const index = this.#bodies.push([...unsigned(body.length), ...body]) - 1;
    this.#signatures.push([0x60, ...unsigned(parameters.length), ...parameters.map((type) => TYPE_BYTE[type]), 0]);
    if (exportAs !== undefined) this.#exports.push([...name(exportAs), 0x00, ...unsigned(index)]);
    return index;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const memory = [...name('host'), ...name('memory'), 0x02, 0x00, 1];
    return Uint8Array.from([
      ...MAGIC_AND_VERSION,
      ...section(1, this.#signatures),
      ...section(2, [memory]),
      ...section(
        3,
        this.#bodies.map((_, index) => unsigned(index)),
      ),
      ...section(7, this.#exports),
      ...section(10, this.#bodies),
    ]);
  }
}

function section(id: number, items: readonly Code[]): Code {
  const content = [...unsigned(items.length), ...items.flat()];
  return [id, ...unsigned(content.length), ...content];
}

function name(text: string): Code {
  return [...unsigned(text.length), ...Array.from(text, (letter) => letter.codePointAt(0)!)];
}

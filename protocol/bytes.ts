// Little-endian reading and writing of one frame: every read is bounds-checked, leftover bytes are an error.

import { TextDecoder, TextEncoder } from './platform.ts';

/** A frame that is not what the protocol says. `code` is stable (docs/errors.md). */
export class ProtocolError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'ProtocolError';
    this.code = code;
  }
}

const text = { encode: new TextEncoder(), decode: new TextDecoder('utf-8', { fatal: true }) };

/** Reads a frame from its start. Typed-array views share the frame's memory where alignment allows. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  #at = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** Moves on by `length` bytes and answers where they begin. @throws ProtocolError TRUNCATED */
  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) {
      throw new ProtocolError(
        'TRUNCATED',
        `${this.#what}: ${length} bytes wanted at ${at}, frame has ${this.#bytes.length}`,
      );
    }
    this.#at = at + length;
    return at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  f32(): number {
    return this.#view.getFloat32(this.#take(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** Unsigned LEB128 up to 2^53 - 1. @throws ProtocolError BAD_VARINT */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let length = 0; length < 8; length++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 128;
    }
    throw new ProtocolError('BAD_VARINT', `${this.#what}: number longer than 53 bits at ${this.#at}`);
  }

  /** UTF-8 with a u16 length; control characters, which could steer a terminal, read as spaces. @throws ProtocolError BAD_TEXT */
  string(limit: number): string {
    const length = this.u16();
    if (length > limit)
      throw new ProtocolError('BAD_TEXT', `${this.#what}: text of ${length} bytes, at most ${limit} allowed`);
    const at = this.#take(length);
    try {
      return text.decode.decode(this.#bytes.subarray(at, at + length)).replaceAll(/\p{Cc}/gu, ' ');
    } catch {
      throw new ProtocolError('BAD_TEXT', `${this.#what}: text at ${at} is not UTF-8`);
    }
  }

  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  int8(length: number): Int8Array {
    const at = this.#take(length);
    return new Int8Array(this.#bytes.buffer, this.#bytes.byteOffset + at, length);
  }

  /** Skips zero padding up to a multiple of 4 from the frame's start. @throws ProtocolError BAD_PADDING */
  align(): void {
    while (this.#at % 4 !== 0) {
      if (this.u8() !== 0)
        throw new ProtocolError('BAD_PADDING', `${this.#what}: padding before ${this.#at} is not zero`);
    }
  }

  /** A view where memory is aligned, else a copy. Call `align` first when writing the format. */
  float32(length: number): Float32Array {
    const at = this.#bytes.byteOffset + this.#take(length * 4);
    if (at % 4 === 0) return new Float32Array(this.#bytes.buffer, at, length);
    return new Float32Array(this.#bytes.buffer.slice(at, at + length * 4));
  }

  /** A view where memory is aligned, else a copy. */
  uint16(length: number): Uint16Array {
    const at = this.#bytes.byteOffset + this.#take(length * 2);
    if (at % 2 === 0) return new Uint16Array(this.#bytes.buffer, at, length);
    return new Uint16Array(this.#bytes.buffer.slice(at, at + length * 2));
  }

  /** @throws ProtocolError TRAILING_BYTES */
  end(): void {
    if (this.remaining > 0) {
      throw new ProtocolError('TRAILING_BYTES', `${this.#what}: ${this.remaining} bytes too many`);
    }
  }
}

/** Builds one frame in a buffer that doubles as needed. */
export class Writer {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #at = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Makes room and answers where. Buffer and view may be others afterwards, so take first, then look at them. */
  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) {
      const next = new Uint8Array(Math.max(at + length, this.#bytes.length * 2));
      next.set(this.#bytes.subarray(0, at));
      this.#bytes = next;
      this.#view = new DataView(next.buffer);
    }
    this.#at = at + length;
    return at;
  }

  u8(value: number): this {
    const at = this.#take(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#take(2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  u32(value: number): this {
    const at = this.#take(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  f32(value: number): this {
    const at = this.#take(4);
    this.#view.setFloat32(at, value, true);
    return this;
  }

  f64(value: number): this {
    const at = this.#take(8);
    this.#view.setFloat64(at, value, true);
    return this;
  }

  varint(value: number): this {
    let rest = value;
    while (rest >= 128) {
      this.u8((rest % 128) | 0x80);
      rest = Math.floor(rest / 128);
    }
    return this.u8(rest);
  }

  /** Cut to `limit` bytes of UTF-8, never inside a character. */
  string(value: string, limit: number): this {
    let bytes = text.encode.encode(value);
    if (bytes.length > limit) {
      let end = limit;
      while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
      bytes = bytes.subarray(0, end);
    }
    this.u16(bytes.length);
    return this.bytes(bytes);
  }

  bytes(value: Uint8Array): this {
    const at = this.#take(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  align(): this {
    while (this.#at % 4 !== 0) this.u8(0);
    return this;
  }

  /** Room for `length` signed bytes, to be filled by the caller before the next write. */
  int8(length: number): Int8Array {
    const at = this.#take(length);
    return new Int8Array(this.#bytes.buffer, at, length);
  }

  /** The frame; the writer must not be used afterwards. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#at);
  }
}

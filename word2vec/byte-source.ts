// A read-ahead buffer over bytes in memory or arriving in blocks, which knows its offset in the file.

const FIRST_BUFFER_BYTES = 1 << 16;

/** Unread bytes are `buffer[start, end)`; `offset` is the place of `start` in the whole input. */
export class ByteSource {
  buffer: Uint8Array;
  start = 0;
  end: number;
  #blocks: AsyncIterator<Uint8Array> | undefined; // undefined once exhausted, or when all is in memory
  #dropped = 0; // bytes of the input that lie before buffer[0]

  constructor(input: Uint8Array | AsyncIterable<Uint8Array>) {
    if (input instanceof Uint8Array) {
      this.buffer = input;
      this.end = input.length;
    } else {
      this.buffer = new Uint8Array(FIRST_BUFFER_BYTES);
      this.end = 0;
      this.#blocks = input[Symbol.asyncIterator]();
    }
  }

  get offset(): number {
    return this.#dropped + this.start;
  }

  get buffered(): number {
    return this.end - this.start;
  }

  /** Buffers at least `bytes` unread bytes; false where the input ends before. */
  async need(bytes: number): Promise<boolean> {
    while (this.buffered < bytes) if (!(await this.#more())) return false;
    return true;
  }

  /** Distance from `start` to the first `byte`, or -1 where none comes within `limit` bytes or before the end. */
  async find(byte: number, limit: number): Promise<number> {
    let searched = 0;
    for (;;) {
      const at = this.buffer.subarray(this.start, this.end).indexOf(byte, searched);
      if (at >= 0) return at < limit ? at : -1;
      searched = this.buffered;
      if (searched >= limit || !(await this.#more())) return -1;
    }
  }

  /** The next `bytes` bytes as a view that is valid until the next call; the caller has made sure they are there. */
  take(bytes: number): Uint8Array {
    const view = this.buffer.subarray(this.start, this.start + bytes);
    this.start += bytes;
    return view;
  }

  /** Ends the iteration of an input that is not wanted any further. */
  async close(): Promise<void> {
    const blocks = this.#blocks;
    this.#blocks = undefined;
    await blocks?.return?.();
  }

  async #more(): Promise<boolean> {
    if (this.#blocks === undefined) return false;
    const next = await this.#blocks.next();
    if (next.done === true) {
      this.#blocks = undefined;
      return false;
    }
    this.#append(next.value);
    return true;
  }

  #append(block: Uint8Array): void {
    if (this.end + block.length > this.buffer.length) {
      const unread = this.buffered;
      let size = this.buffer.length;
      while (size < unread + block.length) size *= 2;
      const target = size > this.buffer.length ? new Uint8Array(size) : this.buffer;
      target.set(this.buffer.subarray(this.start, this.end)); // overlapping moves are safe in TypedArray.set
      this.#dropped += this.start;
      this.buffer = target;
      this.start = 0;
      this.end = unread;
    }
    this.buffer.set(block, this.end);
    this.end += block.length;
  }
}

// Follows the frames of a .zst file by their headers alone, and proves that each is whole (RFC 8878, section 3.1).
//
// The decoders behind it cannot be trusted with that: Node's takes a cut-off file for a whole one and drops what
// follows a frame's end within one chunk, and fzstd takes a frame without its checksum.

/** No whole zstd file; decompression.ts makes a coded error of it. */
export class ZstdError extends Error {
  /** What to do about a file that is whole, but cannot be read here; undefined for one that is not whole. */
  readonly hint: string | undefined;

  constructor(message: string, options: ErrorOptions & { readonly hint?: string } = {}) {
    super(message, options);
    this.hint = options.hint;
  }
}

export interface ZstdFrame {
  /** Decoded bytes that the header promises; undefined when it promises none. */
  readonly contentBytes: number | undefined;
  /** Whether the last four bytes are the low half of the content's XXH64. */
  readonly checksum: boolean;
  /** All bytes of the frame, none of which decodes to more than one block. To be read before the next frame. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50; // to …5f
const LONGEST_BLOCK_BYTES = 128 * 1024;
const CONTENT_BYTES_FIELD = [0, 2, 4, 8];
const DICTIONARY_FIELD = [0, 1, 2, 4];

/** What the `zstd` program decodes without being told to take more (`--long=27`). */
export const LONGEST_WINDOW_BYTES = 1 << 27;

/** Takes counted bytes from chunks. */
class Take {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async atEnd(): Promise<boolean> {
    while (this.#at === this.#chunk.length) {
      const next = await this.#chunks.next();
      if (next.done === true) return true;
      this.#chunk = next.value;
      this.#at = 0;
    }
    return false;
  }

  /** Views of the next `length` bytes. */
  async *pieces(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0;) {
      if (await this.atEnd()) throw new ZstdError('it ends within a frame');
      const piece = this.#chunk.subarray(this.#at, this.#at + left);
      this.#at += piece.length;
      left -= piece.length;
      yield piece;
    }
  }

  async exactly(length: number): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.pieces(length)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  async leave(): Promise<void> {
    await this.#chunks.return?.();
  }
}

function contentBytesOf(field: Buffer): number | undefined {
  if (field.length === 0) return undefined;
  if (field.length === 1) return field.readUInt8();
  if (field.length === 2) return field.readUInt16LE() + 256;
  if (field.length === 4) return field.readUInt32LE();
  return Number(field.readBigUInt64LE());
}

async function* blocks(take: Take, checksum: boolean): AsyncGenerator<Uint8Array> {
  for (let last = false; !last;) {
    const header = await take.exactly(3);
    const bits = header.readUIntLE(0, 3);
    last = (bits & 1) === 1;
    const [type, size] = [(bits >> 1) & 3, bits >> 3];
    if (type === 3 || size > LONGEST_BLOCK_BYTES) throw new ZstdError('a block does not start as it should');
    yield header;
    // A block of one repeated byte holds it once.
    yield* take.pieces(type === 1 ? 1 : size);
  }
  if (checksum) yield* take.pieces(4);
}

async function frame(take: Take): Promise<ZstdFrame> {
  const descriptor = await take.exactly(1);
  const bits = descriptor.readUInt8();
  const single = (bits & 0x20) !== 0;
  if ((bits & 0x08) !== 0) throw new ZstdError('a frame header has a reserved bit set');
  const windowField = await take.exactly(single ? 0 : 1);
  const dictionary = await take.exactly(DICTIONARY_FIELD[bits & 3] as number);
  const contentField = await take.exactly(bits >> 6 === 0 && single ? 1 : (CONTENT_BYTES_FIELD[bits >> 6] as number));
  if (dictionary.some((byte) => byte !== 0)) {
    throw new ZstdError('it needs a dictionary, which is not supported', { hint: 'Pack it again without one.' });
  }
  const contentBytes = contentBytesOf(contentField);
  const windowByte = windowField[0] ?? 0;
  const window = single ? (contentBytes as number) : 2 ** (10 + (windowByte >> 3)) * (1 + (windowByte & 7) / 8);
  if (window > LONGEST_WINDOW_BYTES) {
    const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
    throw new ZstdError(
      `it needs ${mebibytes(window)} of memory (its window), and ${mebibytes(LONGEST_WINDOW_BYTES)} are allowed`,
      { hint: 'Pack it again with `zstd --long=27` or less.' },
    );
  }
  const checksum = (bits & 0x04) !== 0;
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(MAGIC);
  const header = Buffer.concat([magic, descriptor, windowField, dictionary, contentField]);
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    yield header;
    yield* blocks(take, checksum);
  };
  return { contentBytes, checksum, pieces: pieces() };
}

/**
 * The frames of a whole file; those that are to be skipped are. Throws ZstdError when it is none, or cut off.
 * @param bytes of the whole file
 */
export async function* zstdFrames(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ZstdFrame> {
  const take = new Take(bytes);
  try {
    if (await take.atEnd()) throw new ZstdError('it is empty');
    while (!(await take.atEnd())) {
      const magic = (await take.exactly(4)).readUInt32LE();
      if (magic === MAGIC) yield await frame(take);
      else if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
        const length = (await take.exactly(4)).readUInt32LE();
        for await (const piece of take.pieces(length)) void piece;
      } else throw new ZstdError('a frame does not start as it should');
    }
  } finally {
    await take.leave();
  }
}

// Decodes bzip2, block by block: Huffman, move-to-front, run lengths, Burrows-Wheeler, run lengths again.
//
// Our own because the packages for it are unmaintained and several times slower, and a `bzip2` program is not
// everywhere. Checked against the real program in the tests. Both checksums of the format are verified.

/** Damaged or cut-off input; decompression.ts makes a coded error of it. */
export class Bzip2Error extends Error {}

/** Thrown inside when the input ends within a block: more of it may come. */
class Starved extends Error {}

const BLOCK_MAGIC = 0x314159265359;
const END_MAGIC = 0x177245385090;
const LONGEST_CODE = 20;
const GROUP = 50; // symbols coded with the same table
const CHUNK_BYTES = 256 * 1024;
// Enough for nearly every block of level 9, so that a block is rarely tried in vain.
const LIKELY_BLOCK_BYTES = 1_000_000;

const CRC = new Int32Array(256).map((_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** Reads bits, most significant first. */
class Bits {
  bytes: Uint8Array = new Uint8Array(0);
  /** Bits before the next one. */
  position = 0;

  get left(): number {
    return this.bytes.length * 8 - this.position;
  }

  /** Up to 24 bits. */
  read(count: number): number {
    if (this.left < count) throw new Starved();
    const at = this.position >>> 3;
    const word =
      (((this.bytes[at] ?? 0) << 24) |
        ((this.bytes[at + 1] ?? 0) << 16) |
        ((this.bytes[at + 2] ?? 0) << 8) |
        (this.bytes[at + 3] ?? 0)) >>>
      0;
    const value = ((word << (this.position & 7)) >>> 0) >>> (32 - count);
    this.position += count;
    return count === 0 ? 0 : value;
  }

  read32(): number {
    return (this.read(16) << 16) | this.read(16) | 0;
  }

  read48(): number {
    return this.read(24) * 2 ** 24 + this.read(24);
  }

  /** Forgets whole bytes already read. */
  drop(): void {
    this.bytes = this.bytes.subarray(this.position >>> 3);
    this.position &= 7;
  }
}

/** A canonical Huffman code. For length n, codes below limit[n] are whole; perm[code - base[n]] is the symbol. */
interface Table {
  readonly limit: Int32Array;
  readonly base: Int32Array;
  readonly perm: Uint16Array;
  readonly shortest: number;
}

function buildTable(lengths: Uint8Array): Table {
  const limit = new Int32Array(LONGEST_CODE + 2);
  const base = new Int32Array(LONGEST_CODE + 2);
  const perm = new Uint16Array(lengths.length);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= LONGEST_CODE; length += 1) {
    base[length] = code - index;
    for (let symbol = 0; symbol < lengths.length; symbol += 1) {
      if (lengths[symbol] !== length) continue;
      perm[index] = symbol;
      index += 1;
      code += 1;
    }
    limit[length] = code;
    if (code > 2 ** length) throw new Bzip2Error('a Huffman code is overfull');
    code <<= 1;
  }
  return { limit, base, perm, shortest: Math.min(...lengths) };
}

function readUsedBytes(bits: Bits): Uint8Array {
  const ranges = bits.read(16);
  const used: number[] = [];
  for (let range = 0; range < 16; range += 1) {
    if ((ranges & (0x8000 >>> range)) === 0) continue;
    const members = bits.read(16);
    for (let k = 0; k < 16; k += 1) if ((members & (0x8000 >>> k)) !== 0) used.push(range * 16 + k);
  }
  if (used.length === 0) throw new Bzip2Error('a block uses no byte');
  return Uint8Array.from(used);
}

function readSelectors(bits: Bits, tables: number): Uint8Array {
  const order = Array.from({ length: tables }, (_, k) => k);
  const selectors = new Uint8Array(bits.read(15));
  if (selectors.length === 0) throw new Bzip2Error('a block has no selectors');
  for (let k = 0; k < selectors.length; k += 1) {
    let steps = 0;
    while (bits.read(1) === 1) {
      steps += 1;
      if (steps >= tables) throw new Bzip2Error('a selector names no table');
    }
    const [chosen] = order.splice(steps, 1) as [number];
    order.unshift(chosen);
    selectors[k] = chosen;
  }
  return selectors;
}

function readTable(bits: Bits, symbols: number): Table {
  const lengths = new Uint8Array(symbols);
  let length = bits.read(5);
  for (let symbol = 0; symbol < symbols; symbol += 1) {
    for (;;) {
      if (length < 1 || length > LONGEST_CODE) throw new Bzip2Error('a Huffman code is too long');
      if (bits.read(1) === 0) break;
      length += bits.read(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  return buildTable(lengths);
}

interface Block {
  readonly crc: number;
  readonly origin: number; // row of the original text among the sorted rotations
  readonly length: number; // entries of `chain`
}

/** Reads the Huffman-coded symbols of a block into `chain`: last columns of the rotations, one byte an entry. */
function readSymbols(bits: Bits, chain: Uint32Array, capacity: number): number {
  const recent = readUsedBytes(bits); // move-to-front list
  const symbols = recent.length + 2;
  const tables = bits.read(3);
  if (tables < 2 || tables > 6) throw new Bzip2Error(`a block has ${tables} tables`);
  const selectors = readSelectors(bits, tables);
  const codes = Array.from({ length: tables }, () => readTable(bits, symbols));

  const { bytes } = bits;
  const available = bytes.length * 8;
  let { position } = bits;
  let length = 0;
  let run = 0; // copies of the front byte waiting to be written
  let runBit = 1;
  for (let group = 0; group < selectors.length; group += 1) {
    const { limit, base, perm, shortest } = codes[selectors[group] as number] as Table;
    for (let k = 0; k < GROUP; k += 1) {
      if (position > available) throw new Starved();
      const at = position >>> 3;
      // 32 bits hold the longest code behind up to 7 bits already read; past the end they are zero.
      const word =
        (((bytes[at] as number) << 24) |
          ((bytes[at + 1] as number) << 16) |
          ((bytes[at + 2] as number) << 8) |
          (bytes[at + 3] as number)) <<
        (position & 7);
      let size = shortest;
      while (size <= LONGEST_CODE && word >>> (32 - size) >= (limit[size] as number)) size += 1;
      position += size;
      if (position > available) throw new Starved();
      if (size > LONGEST_CODE) throw new Bzip2Error('a Huffman code is unknown');
      const symbol = perm[(word >>> (32 - size)) - (base[size] as number)] as number;
      if (symbol <= 1) {
        run += runBit << symbol;
        runBit <<= 1;
        if (run > capacity) throw new Bzip2Error('a run is longer than its block');
        continue;
      }
      if (run > 0) {
        if (length + run > capacity) throw new Bzip2Error('a block is too long');
        chain.fill(recent[0] as number, length, length + run);
        length += run;
        run = 0;
        runBit = 1;
      }
      if (symbol === symbols - 1) {
        bits.position = position;
        return length;
      }
      if (length >= capacity) throw new Bzip2Error('a block is too long');
      const index = symbol - 1;
      const byte = recent[index] as number;
      recent.copyWithin(1, 0, index);
      recent[0] = byte;
      chain[length] = byte;
      length += 1;
    }
  }
  throw new Bzip2Error('a block has no end');
}

function readBlock(bits: Bits, chain: Uint32Array, capacity: number): Block {
  const crc = bits.read32();
  if (bits.read(1) === 1) throw new Bzip2Error('a block is randomised, as only bzip2 before 0.9.5 did');
  const origin = bits.read(24);
  const length = readSymbols(bits, chain, capacity);
  if (origin >= length) throw new Bzip2Error('the start of a block lies outside');
  return { crc, origin, length };
}

/** Above the byte in each entry of `chain`, writes the index of the entry that follows it in the text. */
function linkChain(chain: Uint32Array, length: number): void {
  const next = new Uint32Array(257);
  for (let k = 0; k < length; k += 1) (next[((chain[k] as number) & 0xff) + 1] as number)++;
  for (let byte = 0; byte < 256; byte += 1) (next[byte + 1] as number) += next[byte] as number;
  for (let k = 0; k < length; k += 1) {
    const byte = (chain[k] as number) & 0xff;
    const place = next[byte] as number;
    next[byte] = place + 1;
    chain[place] = (chain[place] as number) | (k << 8);
  }
}

/** The text of a block in chunks: follows the chain and expands four equal bytes and a count into a run. */
function* writeText(chain: Uint32Array, block: Block): Generator<Uint8Array, void, undefined> {
  let chunk = new Uint8Array(CHUNK_BYTES);
  let filled = 0;
  let crc = -1;
  let entry = (chain[block.origin] as number) >>> 8;
  let previous = -1;
  let equal = 0;
  for (let k = 0; k < block.length; k += 1) {
    const link = chain[entry] as number;
    const byte = link & 0xff;
    entry = link >>> 8;
    let copies = 1;
    let value = byte;
    if (equal === 4) {
      copies = byte;
      value = previous;
      equal = 0;
      previous = -1;
    } else {
      equal = byte === previous ? equal + 1 : 1;
      previous = byte;
    }
    for (; copies > 0; copies -= 1) {
      if (filled === CHUNK_BYTES) {
        yield chunk;
        chunk = new Uint8Array(CHUNK_BYTES);
        filled = 0;
      }
      chunk[filled] = value;
      filled += 1;
      crc = (crc << 8) ^ (CRC[(crc >>> 24) ^ value] as number);
    }
  }
  if (~crc !== block.crc) throw new Bzip2Error('the checksum of a block is wrong');
  if (filled > 0) yield chunk.subarray(0, filled);
}

/** Bytes in, text out; several streams after each other are one text. Memory: about 5 MB. */
export class Bzip2Decoder {
  readonly #bits = new Bits();
  readonly #chain = new Uint32Array(900_000);
  #waiting: Uint8Array[] = []; // input not yet joined to #bits
  #waitingBytes = 0;
  #wanted = 0; // bytes to have before the next try
  #ended = false;
  #capacity = 0; // bytes a block may have; 0 between streams
  #streamCrc = 0;
  #streams = 0;

  push(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  end(): void {
    this.#ended = true;
    this.#wanted = 0;
  }

  /** The text that can be decoded from what was pushed. Throws Bzip2Error. */
  *ready(): Generator<Uint8Array, void, undefined> {
    while (this.#join()) {
      const before = this.#bits.position;
      let block: Block | undefined;
      try {
        block = this.#next();
      } catch (error) {
        if (!(error instanceof Starved)) throw error;
        if (this.#ended) throw new Bzip2Error('it ends too early');
        this.#bits.position = before;
        this.#wanted = this.#bits.bytes.length * 2;
        continue;
      }
      this.#wanted = this.#ended ? 0 : LIKELY_BLOCK_BYTES;
      if (block === undefined) continue;
      linkChain(this.#chain, block.length);
      yield* writeText(this.#chain, block);
      this.#streamCrc = ((this.#streamCrc << 1) | (this.#streamCrc >>> 31)) ^ block.crc;
    }
  }

  /** Joins the input when there is enough of it for a try; false when there is not, or no more. */
  #join(): boolean {
    const bits = this.#bits;
    bits.drop();
    if (bits.bytes.length + this.#waitingBytes < Math.max(this.#wanted, 1)) return this.#finished();
    if (this.#waitingBytes > 0) {
      bits.bytes = Buffer.concat([bits.bytes, ...this.#waiting]);
      this.#waiting = [];
      this.#waitingBytes = 0;
    }
    return bits.left > 0;
  }

  #finished(): false {
    if (this.#ended && (this.#capacity > 0 || this.#streams === 0)) throw new Bzip2Error('it ends too early');
    return false;
  }

  /** Reads a stream's header or end, giving nothing, or a block. */
  #next(): Block | undefined {
    const bits = this.#bits;
    if (this.#capacity === 0) {
      const magic = bits.read(24);
      const level = bits.read(8) - 0x30;
      if (magic !== 0x425a68 || level < 1 || level > 9)
        throw new Bzip2Error(
          this.#streams === 0 ? 'it does not start as bzip2 does' : 'something else follows the compressed data',
        );
      this.#capacity = level * 100_000;
      this.#streamCrc = 0;
      return undefined;
    }
    const magic = bits.read48();
    if (magic === BLOCK_MAGIC) return readBlock(bits, this.#chain, this.#capacity);
    if (magic !== END_MAGIC) throw new Bzip2Error('a block does not start as it should');
    if (bits.read32() !== this.#streamCrc) throw new Bzip2Error('the checksum of the whole is wrong');
    bits.position = (bits.position + 7) & ~7;
    this.#capacity = 0;
    this.#streams += 1;
    return undefined;
  }
}

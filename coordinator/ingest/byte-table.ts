// A table of byte strings, numbered in the order they came: open addressing over an arena, nothing allocated per string.

const FIRST_ENTRIES = 1024;
const FIRST_BYTES = 16 * 1024;
/** Slots per entry that there is room for. */
const SLOTS_PER_ENTRY = 2;
/** Bytes of an entry beside its string: slots, end and hash. */
const ENTRY_BYTES = 4 * SLOTS_PER_ENTRY + 4 + 4;

/** One more byte: multiplied, and folded so that every slot depends on all bytes and on the secret start. */
export function hashByte(hash: number, byte: number): number {
  const mixed = Math.imul(hash ^ byte, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

export class ByteTable {
  /** Where hashes begin: whoever does not know it cannot write a corpus whose words all share one slot. */
  readonly seed: number;
  #size = 0;
  #arena = new Uint8Array(FIRST_BYTES);
  /** End of each string in the arena; it begins where the one before ends. Shape (room). */
  #ends = new Uint32Array(FIRST_ENTRIES);
  /** Shape (room). */
  #hashes = new Int32Array(FIRST_ENTRIES);
  /** 1 + index, 0 where free. Shape (SLOTS_PER_ENTRY · room), a power of two. */
  #slots = new Uint32Array(FIRST_ENTRIES * SLOTS_PER_ENTRY);

  /** @param seed any 32-bit integer; nothing but speed depends on it */
  constructor(seed: number) {
    this.seed = seed | 0;
  }

  /** Strings in the table. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of all strings together. */
  get stringBytes(): number {
    return this.#size === 0 ? 0 : this.#ends[this.#size - 1]!;
  }

  /** Bytes of memory. */
  get memory(): number {
    return this.#ends.length * ENTRY_BYTES + this.#arena.length;
  }

  /** Bytes of memory while and after so many more strings, of so many bytes together, are added. */
  memoryWith(strings: number, bytes: number): number {
    const room = grown(this.#ends.length, this.#size + strings);
    const arena = grown(this.#arena.length, this.stringBytes + bytes);
    // What grows is there twice while it is copied.
    const entries = room === this.#ends.length ? room : room + this.#ends.length;
    const held = arena === this.#arena.length ? arena : arena + this.#arena.length;
    return entries * ENTRY_BYTES + held;
  }

  hash(bytes: Uint8Array, from: number, to: number): number {
    let hash = this.seed;
    for (let at = from; at < to; at++) hash = hashByte(hash, bytes[at]!);
    return hash;
  }

  /** Index of bytes [from, to), whose `hash` is given; -1 when they are not in the table. */
  find(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const index = slots[slot]! - 1;
      if (index < 0 || (this.#hashes[index] === hash && this.#equals(index, bytes, from, to))) return index;
    }
  }

  #equals(index: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = index === 0 ? 0 : this.#ends[index - 1]!;
    const length = to - from;
    if (this.#ends[index]! - start !== length) return false;
    const arena = this.#arena;
    for (let k = 0; k < length; k++) if (arena[start + k] !== bytes[from + k]) return false;
    return true;
  }

  /** Index of bytes [from, to), which are put in at the end unless they are there. */
  add(bytes: Uint8Array, from: number, to: number, hash = this.hash(bytes, from, to)): number {
    const known = this.find(bytes, from, to, hash);
    if (known >= 0) return known;
    const start = this.stringBytes;
    this.#reserve(this.#size + 1, start + to - from);
    for (let k = from; k < to; k++) this.#arena[start + k - from] = bytes[k]!;
    const index = this.#size++;
    this.#ends[index] = start + to - from;
    this.#hashes[index] = hash;
    this.#place(index, hash);
    return index;
  }

  /** String number `index`, as a view that is good until the next change. */
  at(index: number): Uint8Array {
    return this.#arena.subarray(index === 0 ? 0 : this.#ends[index - 1]!, this.#ends[index]!);
  }

  /** Leaves out the strings that are not to be kept; the others move together, in their order, and are renumbered. */
  retain(keep: (index: number) => boolean): void {
    let kept = 0;
    let end = 0;
    for (let index = 0, start = 0; index < this.#size; index++) {
      const next = this.#ends[index]!;
      if (keep(index)) {
        this.#arena.copyWithin(end, start, next);
        end += next - start;
        this.#ends[kept] = end;
        this.#hashes[kept++] = this.#hashes[index]!;
      }
      start = next;
    }
    this.#size = kept;
    this.#placeAll();
  }

  /** Forgets every string; the memory stays. */
  clear(): void {
    this.#size = 0;
    this.#slots.fill(0);
  }

  #place(index: number, hash: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = index + 1;
  }

  #placeAll(): void {
    this.#slots.fill(0);
    for (let index = 0; index < this.#size; index++) this.#place(index, this.#hashes[index]!);
  }

  #reserve(strings: number, bytes: number): void {
    if (bytes > this.#arena.length) {
      const arena = new Uint8Array(grown(this.#arena.length, bytes));
      arena.set(this.#arena.subarray(0, this.stringBytes));
      this.#arena = arena;
    }
    if (strings <= this.#ends.length) return;
    const room = grown(this.#ends.length, strings);
    const ends = new Uint32Array(room);
    ends.set(this.#ends);
    this.#ends = ends;
    const hashes = new Int32Array(room);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    this.#slots = new Uint32Array(room * SLOTS_PER_ENTRY);
    this.#placeAll();
  }
}

/** `capacity`, doubled until it holds `needed`. */
function grown(capacity: number, needed: number): number {
  let size = capacity;
  while (size < needed) size *= 2;
  return size;
}

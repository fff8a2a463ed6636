// Reads docs/protocol.md: its tables as data, and frames field by field as those tables say. Knows nothing of protocol/.
import { readFileSync } from 'node:fs';

const TEXT = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');

export interface Field {
  readonly field: string;
  readonly type: string;
  readonly meaning: string;
}

function tableRows(section: string): string[][] {
  const rows = section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return rows.slice(2);
}

/** Text below a heading, up to the next one of any depth. */
function section(heading: string): string {
  const start = TEXT.indexOf(`\n${heading}\n`);
  if (start < 0) throw new Error(`docs/protocol.md has no heading "${heading}"`);
  const body = TEXT.slice(start + heading.length + 2);
  const end = body.search(/^#{1,3} /m);
  return end < 0 ? body : body.slice(0, end);
}

/** Fields of every message, by its name, as the document lists them under the direction's heading. */
export function documentedMessages(
  direction: 'From the volunteer' | 'To the volunteer',
): Map<string, readonly Field[]> {
  const start = TEXT.indexOf(`\n## ${direction}\n`);
  const body = TEXT.slice(start + 4);
  const messages = new Map<string, readonly Field[]>();
  for (const [, name] of body.slice(0, body.indexOf('\n## ')).matchAll(/^### (\w+)$/gm)) {
    messages.set(
      name!,
      tableRows(section(`### ${name!}`)).map(([field, type, meaning]) => ({
        field: field!,
        type: type!,
        meaning: meaning!,
      })),
    );
  }
  return messages;
}

/** First two columns of the only table under a heading. */
export function documentedPairs(heading: string): Map<string, string> {
  return new Map(tableRows(section(heading)).map(([key, value]) => [key!, value!]));
}

type Value =
  | number
  | string
  | boolean
  | Uint8Array
  | number[]
  | string[]
  | { format: string; values: number[]; scales?: number[] };

/** Decodes a frame by a message's table. @throws Error on any disagreement */
export class DocumentReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #dim: number;
  readonly #formats: Readonly<Record<string, string>>;
  readonly #fields: Record<string, Value> = {};
  #at = 0;

  /** @param formats what `rowsUp` and `rowsDown` were in the welcome */
  constructor(bytes: Uint8Array, dim: number, formats: Readonly<Record<string, string>>) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#dim = dim;
    this.#formats = formats;
  }

  read(fields: readonly Field[]): Record<string, Value> {
    for (const { field, type, meaning } of fields) {
      const value = this.#value(type);
      if (field === 'tag') {
        if (String(value) !== meaning) throw new Error(`tag ${String(value)}, the document says ${meaning}`);
      } else if (type.startsWith('flags')) {
        Object.assign(this.#fields, value);
      } else {
        this.#fields[field] = value;
      }
    }
    if (this.#at !== this.#bytes.length)
      throw new Error(`the document reads ${this.#at} of ${this.#bytes.length} bytes`);
    return this.#fields;
  }

  #take(length: number): number {
    const at = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new Error(`the document reads beyond byte ${this.#bytes.length}`);
    return at;
  }

  #value(type: string): Value {
    const named = /^(one of|flags) (.+)$/.exec(type);
    if (named !== null) return this.#named(named[1]!, named[2]!.split(', '));
    const list = /^(\w+)\[(.+)\]$/.exec(type);
    if (list !== null) return this.#list(list[1]!, this.#sum(list[2]!));
    const set = /^set of (.+)$/.exec(type);
    if (set !== null) {
      const code = this.#view.getUint8(this.#take(1));
      return set[1]!.split(', ').filter((_, bit) => ((code >> bit) & 1) === 1);
    }
    const rows = /^rows\((\w+), (\w+)\)$/.exec(type);
    if (rows !== null) return this.#rows(this.#formats[rows[1]!]!, this.#fields[rows[2]!] as Uint8Array);
    switch (type) {
      case 'u8':
        return this.#view.getUint8(this.#take(1));
      case 'u16':
        return this.#view.getUint16(this.#take(2), true);
      case 'u32':
        return this.#view.getUint32(this.#take(4), true);
      case 'f32':
        return this.#view.getFloat32(this.#take(4), true);
      case 'f64':
        return this.#view.getFloat64(this.#take(8), true);
      case 'text': {
        const length = this.#view.getUint16(this.#take(2), true);
        const at = this.#take(length);
        return Buffer.from(this.#bytes.subarray(at, at + length)).toString('utf8');
      }
      case 'varint': {
        let value = 0n;
        for (let shift = 0n; ; shift += 7n) {
          const byte = this.#view.getUint8(this.#take(1));
          value |= BigInt(byte & 127) << shift;
          if (byte < 128) return Number(value);
        }
      }
      default:
        throw new Error(`the document has no type "${type}"`);
    }
  }

  #named(kind: string, names: readonly string[]): Value {
    const code = this.#view.getUint8(this.#take(1));
    if (kind === 'flags')
      return Object.fromEntries(names.map((name, bit) => [name, ((code >> bit) & 1) === 1])) as never;
    const name = names[code];
    if (name === undefined) throw new Error(`code ${code} of ${names.join(', ')}`);
    return name === 'true' || name === 'false' ? name === 'true' : name;
  }

  /** Sum of field names, such as `inputRows + outputRows`. */
  #sum(expression: string): number {
    return expression.split(' + ').reduce((sum, name) => sum + Number(this.#fields[name]), 0);
  }

  #list(type: string, length: number): Value {
    if (type === 'bitmap') {
      const at = this.#take(Math.ceil(length / 8));
      return this.#bytes.slice(at, this.#at);
    }
    return Array.from({ length }, () => Number(this.#value(type)));
  }

  #rows(format: string, map: Uint8Array): Value {
    while (this.#at % 4 !== 0) if (this.#view.getUint8(this.#take(1)) !== 0) throw new Error('padding is not 0');
    const present = [...map].reduce((count, byte) => count + byte.toString(2).replaceAll('0', '').length, 0);
    const floats = (length: number): number[] =>
      Array.from({ length }, () => this.#view.getFloat32(this.#take(4), true));
    if (format === 'f32') return { format, values: floats(present * this.#dim) };
    const counted = (length: number, bytes: number, read: (at: number) => number): number[] =>
      Array.from({ length }, () => read(this.#take(bytes)));
    if (format === 'f16') {
      return { format, values: counted(present * this.#dim, 2, (at) => this.#view.getUint16(at, true)) };
    }
    const scales = floats(format === 'int8' ? present : present * Math.ceil(this.#dim / 128));
    if (format === 'int8')
      return { format, scales, values: counted(present * this.#dim, 1, (at) => this.#view.getInt8(at)) };
    const width = Math.ceil(this.#dim / 2);
    return { format, scales, values: counted(present * width, 1, (at) => this.#view.getUint8(at)) };
  }
}

// Golden bytes of every message of a program, what damaged frames come to, and docs/protocol.md against both.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../../protocol/bytes.ts';
import { PROGRAM_LIMITS, PROGRAM_PATH, PROGRAM_VERSION } from '../../../protocol/program.ts';
import type { FromProgramVolunteer } from '../../../protocol/program-to-coordinator.ts';
import { decodeFromProgramVolunteer, encodeFromProgramVolunteer } from '../../../protocol/program-to-coordinator.ts';
import type { ToProgramVolunteer } from '../../../protocol/program-to-volunteer.ts';
import { decodeToProgramVolunteer, encodeToProgramVolunteer } from '../../../protocol/program-to-volunteer.ts';
import { documentedPairs } from './document.ts';
import { fromHex, toHex } from './golden.ts';

const DOCUMENT = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
const SHA = 'ab'.repeat(32);
/** 'ab' as text, 32 times: the SHA-256 above on the wire. */
const SHA_HEX = `4000 ${'6162'.repeat(32)}`;
const weights = { kind: 'dense', name: 'w', values: Float32Array.of(0.5, -2) } as const;
const table = {
  kind: 'rows',
  name: 'emb',
  rows: Uint32Array.of(0, 3, 300),
  columns: 1,
  values: Float32Array.of(1, 2, 3),
} as const;

const FROM_VOLUNTEER: readonly { readonly message: FromProgramVolunteer; readonly hex: string }[] = [
  {
    message: { tag: 'hello', version: 1, engine: 'webgpu', name: 'Ω', browser: 'Firefox' },
    hex: '01 0100 01 0200cea9 0700 46697265666f78',
  },
  { message: { tag: 'ready' }, hex: '02' },
  {
    message: { tag: 'rowsWanted', task: 7, tensors: [{ name: 'emb', rows: Uint32Array.of(0, 3, 300) }] },
    hex: '03 07000000 01 0300656d62 03000000 00 02 a802',
  },
  {
    message: { tag: 'update', task: 7, records: 260, loss: 1.5, tensors: [weights, table] },
    // 18 bytes up to the tensors; padding brings the values to 28 and 56.
    hex: `04 07000000 04010000 01 000000000000f83f 02 010077 00 02000000 00 0000003f 000000c0
      0300656d62 01 03000000 00 02 a802 01000000 0000 0000803f 00000040 00004040`,
  },
  {
    message: { tag: 'update', task: 1, records: 0, loss: null, tensors: [] },
    hex: '04 01000000 00000000 00 00',
  },
  {
    message: { tag: 'failure', task: 7, message: 'no', file: 'g.ts', line: 12, stack: ['at g', 'at h'] },
    hex: '05 07000000 02006e6f 0400672e7473 0c000000 02 040061742067 040061742068',
  },
  { message: { tag: 'returned', task: 7, reason: 'off' }, hex: '06 07000000 03006f6666' },
  { message: { tag: 'bye' }, hex: '07' },
];

const TO_VOLUNTEER: readonly { readonly message: ToProgramVolunteer; readonly hex: string }[] = [
  {
    message: {
      tag: 'welcome',
      runId: 'r1',
      module: { url: '/program/x.js', sha256: SHA, bytes: 1000 },
      updateBytes: 65536,
      tensors: [
        { name: 'w', kind: 'dense', shape: [2] },
        { name: 'emb', kind: 'sparse', shape: [400, 1] },
      ],
    },
    hex: `01 02007231 0d00 2f70726f6772616d2f782e6a73 ${SHA_HEX} e8030000 00000100
      02 010077 00 01 02000000 0300656d62 01 02 90010000 01000000`,
  },
  {
    message: {
      tag: 'task',
      task: 7,
      partition: 2,
      version: 9,
      config: '{}',
      tensors: [weights],
      records: Uint8Array.of(0x61, 0x0a),
    },
    hex: '02 07000000 02000000 09000000 02007b7d 01 010077 00 02000000 0000 0000003f 000000c0 02000000 610a',
  },
  {
    message: { tag: 'rows', task: 7, version: 9, tensors: [{ ...table, rows: Uint32Array.of(5, 6, 7) }] },
    hex: '03 07000000 09000000 01 0300656d62 01 03000000 05 00 00 01000000 00 0000803f 00000040 00004040',
  },
  { message: { tag: 'outcome', task: 7, code: '', reason: '' }, hex: '04 07000000 0000 0000' },
  { message: { tag: 'idle', reason: 'a' }, hex: '05 010061' },
  { message: { tag: 'finished', reason: 'b' }, hex: '06 010062' },
];

interface Direction<Message extends { readonly tag: string }> {
  readonly name: string;
  readonly heading: string;
  readonly golden: readonly { readonly message: Message; readonly hex: string }[];
  readonly encode: (message: Message) => Uint8Array<ArrayBuffer>;
  readonly decode: (bytes: Uint8Array) => Message;
}

function suite<Message extends { readonly tag: string }>(direction: Direction<Message>): void {
  const { name, heading, golden, encode, decode } = direction;
  describe(`a program's messages ${name}`, () => {
    for (const { message, hex } of golden) {
      const bytes = fromHex(hex.replaceAll(/\s/g, ''));

      it(`${message.tag}: the golden bytes, both ways, at any alignment`, () => {
        expect(toHex(encode(message))).toBe(toHex(bytes));
        for (let before = 0; before < 8; before++) {
          const page = new Uint8Array(before + bytes.length + 9).fill(0xee);
          page.set(bytes, before);
          expect(decode(page.subarray(before, before + bytes.length))).toEqual(message);
        }
      });

      it(`${message.tag}: cut or followed by more, it is refused`, () => {
        for (let end = 0; end < bytes.length; end++)
          expect(() => decode(bytes.subarray(0, end)), `cut at ${end}`).toThrow(ProtocolError);
        expect(() => decode(Uint8Array.of(...bytes, 0))).toThrow(expect.objectContaining({ code: 'TRAILING_BYTES' }));
      });

      it(`${message.tag}: damaged, it is refused by a code or read as another`, () => {
        const place = fc.nat({ max: bytes.length - 1 });
        fc.assert(
          fc.property(place, fc.nat({ max: 255 }), (at, value) => {
            const damaged = bytes.slice();
            damaged[at] = value;
            try {
              decode(damaged);
            } catch (error) {
              expect(error).toBeInstanceOf(ProtocolError);
            }
          }),
        );
      });
    }

    it('are documented, each with its number', () => {
      const numbers = golden.map(({ message, hex }) => [message.tag, String(Number.parseInt(hex.slice(0, 2), 16))]);
      expect(Object.fromEntries(documentedPairs(heading))).toEqual(Object.fromEntries(numbers));
    });
  });
}

suite({
  name: 'from the volunteer',
  heading: '### From a program’s volunteer',
  golden: FROM_VOLUNTEER,
  encode: encodeFromProgramVolunteer,
  decode: decodeFromProgramVolunteer,
});
suite({
  name: 'to the volunteer',
  heading: '### To a program’s volunteer',
  golden: TO_VOLUNTEER,
  encode: encodeToProgramVolunteer,
  decode: decodeToProgramVolunteer,
});

describe('lengths that a frame claims', () => {
  const codeOf = (hex: string): string => {
    try {
      decodeFromProgramVolunteer(fromHex(hex.replaceAll(/\s/g, '')));
    } catch (error) {
      return (error as ProtocolError).code;
    }
    return 'none';
  };

  it('are checked before memory is taken for them', () => {
    expect(codeOf('03 07000000 01 0300656d62 ffffffff')).toBe('TOO_MANY_ROWS');
    expect(codeOf('04 07000000 00000000 00 01 010077 00 ffffffff')).toBe('TRUNCATED');
    expect(codeOf('04 07000000 00000000 00 01 010077 01 01000000 00 ffffffff')).toBe('TRUNCATED');
    expect(codeOf('04 07000000 00000000 00 ff')).toBe('BAD_TENSORS');
    expect(codeOf(`05 ${'00'.repeat(PROGRAM_LIMITS.smallFrame)}`)).toBe('TOO_LONG');
  });

  it('and values that no frame may have are refused', () => {
    expect(codeOf('01 0200 00 0000 0000')).toBe('VERSION');
    expect(codeOf('01 0100 02 0000 0000')).toBe('BAD_ENGINE');
    expect(codeOf('04 07000000 00000000 01 000000000000f87f 00')).toBe('NOT_FINITE');
    expect(codeOf('03 07000000 01 0000 01000000 ffffffff10')).toBe('BAD_TENSORS');
    expect(codeOf('09')).toBe('BAD_TAG');
  });
});

describe('docs/protocol.md of programs', () => {
  it('lists the limits, the path and the version', () => {
    const written = [...documentedPairs('### Limits of a program')].map(([name, value]) => [name, Number(value)]);
    expect(Object.fromEntries(written)).toEqual(PROGRAM_LIMITS);
    expect(DOCUMENT).toContain(`\`${PROGRAM_PATH}\`, version ${PROGRAM_VERSION}`);
  });
});

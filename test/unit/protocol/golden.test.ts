// Golden bytes of every message, and what damaged frames come to.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../../protocol/bytes.ts';
import type { RowFormat } from '../../../protocol/rows.ts';
import { ROW_FORMATS } from '../../../protocol/rows.ts';
import { decodeToCoordinator } from '../../../protocol/to-coordinator.ts';
import { decodeToVolunteer } from '../../../protocol/to-volunteer.ts';
import type { Golden } from './golden.ts';
import { DIM, encodeDown, encodeUp, fromHex, toHex, TO_COORDINATOR, TO_VOLUNTEER } from './golden.ts';

interface Direction<Message> {
  readonly name: string;
  readonly golden: readonly Golden<Message>[];
  readonly encode: (message: Message) => Uint8Array<ArrayBuffer>;
  readonly decode: (bytes: Uint8Array, shape: { format: RowFormat; dim: number }) => Message;
}

/** What the decoder throws; fails when that is no ProtocolError. */
function codeOf(decode: () => unknown): string | null {
  try {
    decode();
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return (error as ProtocolError).code;
  }
}

const isCodeOrNull = (code: string | null): boolean => code === null || /^[A-Z_]+$/.test(code);

/** A copy at the end of a page of other bytes, so that a read beyond the frame would find something. */
function within(bytes: Uint8Array, before: number): Uint8Array {
  const page = new Uint8Array(before + bytes.length + 64).fill(0xee);
  page.set(bytes, before);
  return page.subarray(before, before + bytes.length);
}

function suite<Message>({ name, golden, encode, decode }: Direction<Message>): void {
  describe(`messages ${name}`, () => {
    for (const { name: kind, format, message, hex } of golden) {
      const bytes = fromHex(hex);
      const shape = { format, dim: DIM };

      it(`${kind}: the golden bytes, both ways`, () => {
        expect(toHex(encode(message))).toBe(toHex(bytes));
        expect(decode(bytes, shape)).toEqual(message);
      });

      it(`${kind}: reads the same at any alignment in memory`, () => {
        for (let before = 1; before < 8; before++) expect(decode(within(bytes, before), shape)).toEqual(message);
      });

      it(`${kind}: every truncation is refused`, () => {
        for (let end = 0; end < bytes.length; end++) {
          expect(
            codeOf(() => decode(within(bytes.subarray(0, end), 3), shape)),
            `cut at ${end}`,
          ).not.toBeNull();
        }
        expect(codeOf(() => decode(bytes.subarray(0, bytes.length - 1), shape))).toBe('TRUNCATED');
      });

      it(`${kind}: any byte more is one too many`, () => {
        for (let byte = 0; byte < 256; byte++) {
          expect(codeOf(() => decode(Uint8Array.of(...bytes, byte), shape))).toBe('TRAILING_BYTES');
        }
      });

      it(`${kind}: no changed bit goes unnoticed`, () => {
        for (let bit = 0; bit < bytes.length * 8; bit++) {
          const changed = bytes.slice();
          changed[bit >> 3]! ^= 1 << (bit & 7);
          let other: Message;
          try {
            other = decode(changed, shape);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
            continue;
          }
          // NaN has many bit patterns and one meaning.
          const inLoss = bit >= 29 * 8 && bit < 33 * 8;
          if (kind !== 'progress' || !inLoss) expect(other, `bit ${bit}`).not.toEqual(message);
        }
      });
    }

    it('random bytes throw nothing but ProtocolError', () => {
      const tags = golden.map(({ hex }) => fromHex(hex)[0]!);
      fc.assert(
        fc.property(
          fc.constantFrom(...tags),
          fc.uint8Array({ maxLength: 300 }),
          fc.constantFrom(...ROW_FORMATS),
          fc.integer({ min: 0, max: 1024 }),
          (tag, rest, format, dim) => {
            expect(codeOf(() => decode(Uint8Array.of(tag, ...rest), { format, dim }))).toSatisfy(isCodeOrNull);
          },
        ),
        { numRuns: 5000 },
      );
    });

    it('golden frames with a random stretch overwritten throw nothing but ProtocolError', () => {
      fc.assert(
        fc.property(
          fc.constantFrom(...golden),
          fc.nat(200),
          fc.uint8Array({ minLength: 1, maxLength: 8 }),
          ({ hex, format }, at, stretch) => {
            const bytes = fromHex(hex);
            for (const [k, byte] of stretch.entries()) if (at + k < bytes.length) bytes[at + k] = byte;
            expect(codeOf(() => decode(bytes, { format, dim: DIM }))).toSatisfy(isCodeOrNull);
          },
        ),
        { numRuns: 5000 },
      );
    });
  });
}

suite({ name: 'from a volunteer', golden: TO_COORDINATOR, encode: encodeUp, decode: decodeToCoordinator });
suite({ name: 'to a volunteer', golden: TO_VOLUNTEER, encode: encodeDown, decode: decodeToVolunteer });

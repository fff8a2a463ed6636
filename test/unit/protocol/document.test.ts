// docs/protocol.md against the code: every table of the document is read and compared, none may be missing.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLOSE, LIMITS, PROTOCOL_VERSION } from '../../../protocol/limits.ts';
import { documentedMessages, documentedPairs, DocumentReader } from './document.ts';
import type { Golden } from './golden.ts';
import { DIM, fromHex, TO_COORDINATOR, TO_VOLUNTEER } from './golden.ts';

const ROOT = new URL('../../../', import.meta.url);
/** Fields that only say how long another one is. */
const LENGTHS = ['words', 'pairByteCount', 'inputCountLength'];

/** Typed arrays as plain lists, so that the document's reader need not choose the same. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return [...(value as unknown as Iterable<number>)];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

for (const [direction, golden] of [
  ['From the volunteer', TO_COORDINATOR],
  ['To the volunteer', TO_VOLUNTEER],
] as const) {
  describe(`docs/protocol.md, ${direction}`, () => {
    const documented = documentedMessages(direction);
    const messages: readonly Golden<{ readonly tag: string }>[] = golden;

    it('documents exactly the messages that have golden frames', () => {
      expect([...documented.keys()].sort()).toEqual([...new Set(messages.map(({ message }) => message.tag))].sort());
    });

    for (const { name, message, hex, format } of messages) {
      it(`decodes the golden frame of ${name}`, () => {
        const read = new DocumentReader(fromHex(hex), DIM, { rowsUp: format, rowsDown: format }).read(
          documented.get(message.tag)!,
        );
        const fields = plain(message) as Record<string, unknown>;
        delete fields['tag'];
        const decoded = plain(read) as Record<string, unknown>;
        expect(decoded).toMatchObject(fields);
        for (const extra of Object.keys(decoded).filter((key) => !(key in fields))) expect(LENGTHS).toContain(extra);
      });
    }
  });
}

describe('docs/protocol.md', () => {
  it('lists the limits', () => {
    const written = Object.fromEntries([...documentedPairs('## Limits')].map(([name, value]) => [name, Number(value)]));
    expect(written).toEqual(LIMITS);
  });

  it('lists the close codes', () => {
    const written = Object.fromEntries(
      [...documentedPairs('## Close codes')].map(([name, value]) => [name, Number(value)]),
    );
    expect(written).toEqual(CLOSE);
  });

  it('lists every code of a ProtocolError', () => {
    const files = ['protocol', 'coordinator/leases', 'volunteer'].flatMap((folder) =>
      readdirSync(new URL(`${folder}/`, ROOT))
        .filter((name) => name.endsWith('.ts'))
        .map((name) => `${folder}/${name}`),
    );
    const thrown = new Set<string>();
    for (const file of files) {
      for (const [, code] of readFileSync(new URL(file, ROOT), 'utf8').matchAll(/new ProtocolError\(\s*'(\w+)'/g))
        thrown.add(code!);
    }
    expect(thrown.size).toBeGreaterThan(10);
    expect([...documentedPairs('## What is refused').keys()].sort()).toEqual([...thrown].sort());
  });

  it('names the version', () => {
    expect(readFileSync(new URL('docs/protocol.md', ROOT), 'utf8')).toContain(`This is version ${PROTOCOL_VERSION}.`);
  });
});

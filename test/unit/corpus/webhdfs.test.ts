// The WebHDFS reader under faults at arbitrary bytes: the bytes are the file's, or there is a coded error; never short.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { openCorpus } from '../../../coordinator/corpus/open.ts';
import type { CorpusOptions } from '../../../coordinator/corpus/source.ts';
import type { Environment } from '../../../coordinator/corpus/webhdfs/patience.ts';
import { type Fault, type FaultyHdfs, startFaultyHdfs } from './faulty-hdfs.ts';

const bytes = Buffer.from(Array.from({ length: 3_000 }, (_, k) => (k * 31) % 251));

// Waits cost nothing and are counted; chance is fixed.
function environment(): Environment & { readonly waits: number[] } {
  const waits: number[] = [];
  return {
    waits,
    now: () => 0,
    random: () => 0.5,
    sleep: async (ms) => {
      waits.push(ms);
    },
  };
}

const options: CorpusOptions = {
  hdfsUser: 'ann',
  hdfsHostMap: { 'dn.hdfs.invalid': '127.0.0.1' },
  hdfsIdleMs: 40,
  hdfsAttempts: 6,
  hdfsAwaitedAttempts: 6,
};
let peer: FaultyHdfs | undefined;

afterEach(async () => {
  await peer?.close();
  peer = undefined;
});

async function read(
  faults: readonly Fault[],
  how: {
    readonly env?: Environment;
    readonly offset?: number;
    readonly length?: number;
    readonly options?: CorpusOptions;
    readonly each?: () => Promise<void>;
    readonly text?: Buffer;
  } = {},
): Promise<Buffer> {
  peer = await startFaultyHdfs(how.text ?? bytes, faults);
  const source = await openCorpus(
    [`webhdfs://${peer.origin}/f`],
    { ...options, ...how.options },
    how.env ?? environment(),
  );
  try {
    const [file] = await source.list();
    if (file === undefined) throw new Error('no file');
    const chunks: Uint8Array[] = [];
    for await (const chunk of source.read(file, how.offset ?? 0, how.length ?? file.length)) {
      chunks.push(chunk);
      await how.each?.();
    }
    return Buffer.concat(chunks);
  } finally {
    await source.close();
  }
}

const after = fc.integer({ min: 0, max: bytes.length });
const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('reset' as const, 'short' as const), after }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'standby' as const,
        'starting' as const,
        'no-replica' as const,
        'server-error' as const,
        'offer-short' as const,
      ),
    }),
  },
);

describe('a read', () => {
  it('is exact under any few faults at any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fault, { maxLength: 5 }),
        fc.nat(bytes.length),
        fc.nat(bytes.length),
        async (faults, a, b) => {
          const [from, to] = a < b ? [a, b] : [b, a];
          const got = await read(faults, { offset: from, length: to - from });
          await peer?.close();
          expect(got.equals(bytes.subarray(from, to))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('ends in a coded error when the faults do not', async () => {
    const cases: readonly (readonly [Fault, string])[] = [
      [{ kind: 'reset', after: 0 }, 'HDFS_SHORT_BODY'],
      [{ kind: 'short', after: 0 }, 'HDFS_SHORT_BODY'],
      [{ kind: 'offer-short' }, 'HDFS_SHORT_BODY'],
      [{ kind: 'stall', after: 0 }, 'HDFS_TIMEOUT'],
      [{ kind: 'standby' }, 'HDFS_STANDBY'],
      [{ kind: 'starting' }, 'HDFS_SAFE_MODE'],
      [{ kind: 'no-replica' }, 'HDFS_NO_REPLICA'],
      [{ kind: 'server-error' }, 'HDFS_REFUSED'],
      [{ kind: 'not-json' }, 'HDFS_PROTOCOL'],
    ];
    for (const [each, code] of cases) {
      await expect(read(Array.from({ length: 50 }, () => each)), JSON.stringify(each)).rejects.toMatchObject({
        code,
        hint: expect.any(String),
      });
      // Tried again, but not for ever.
      const opens = peer?.log.filter((line) => line.startsWith('OPEN') && !line.endsWith('data node')).length ?? 0;
      expect(opens).toBeGreaterThan(1);
      expect(opens).toBeLessThanOrEqual(14);
      await peer?.close();
    }
  });

  it('is given up when every attempt brings only a few bytes', async () => {
    await expect(read(Array.from({ length: 50 }, () => ({ kind: 'short' as const, after: 10 })))).rejects.toMatchObject(
      { code: 'HDFS_SHORT_BODY', message: expect.stringMatching(/\/f from byte \d+/) },
    );
  });

  it('goes on at the byte after the last one received', async () => {
    await read([{ kind: 'reset', after: 1_000 }]);
    const asked = peer?.log.filter((line) => line.endsWith('data node'));
    expect(asked?.[0]).toBe('OPEN 0+3000 at the data node');
    expect(asked).toHaveLength(2);
    expect(asked?.[1]).toMatch(/^OPEN (1000\+2000|0\+3000) /); // a reset may overtake data already sent
  });

  it('waits longer each time, with jitter, up to the cap', async () => {
    const env = environment();
    await expect(
      read(
        Array.from({ length: 20 }, () => ({ kind: 'starting' as const })),
        { env, options: { hdfsAwaitedAttempts: 9 } },
      ),
    ).rejects.toMatchObject({ code: 'HDFS_SAFE_MODE' });
    expect(env.waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  });

  it('leaves a silent node, but never blames it for our own slowness', async () => {
    expect((await read([{ kind: 'stall', after: 500 }])).equals(bytes)).toBe(true);
    expect(peer?.log.filter((line) => line.endsWith('data node'))).toHaveLength(2);
    await peer?.close();
    // More than fits into socket buffers, and some chunks take us longer than the idle timeout.
    const text = Buffer.alloc(12 << 20, 'text\n');
    let chunks = 0;
    const each = async (): Promise<void> => {
      chunks += 1;
      if (chunks <= 2) await new Promise((resolve) => setTimeout(resolve, 800));
    };
    expect((await read([], { each, text, options: { hdfsIdleMs: 400 } })).equals(text)).toBe(true);
    expect(chunks).toBeGreaterThan(3);
    expect(peer?.log.filter((line) => line.endsWith('data node'))).toHaveLength(1);
  });

  it('notices a file that becomes another one while a node fails', async () => {
    peer = await startFaultyHdfs(bytes, [{ kind: 'reset', after: 100 }]);
    const source = await openCorpus([`webhdfs://${peer.origin}/f`], options, environment());
    const [file] = await source.list();
    if (file === undefined) throw new Error('no file');
    const reading = (async () => {
      for await (const chunk of source.read(file, 0, file.length))
        if (chunk.length > 0 && peer !== undefined) peer.fileId = 8;
    })();
    await expect(reading).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    await source.close();
  });

  it('takes a fresh token from the file when the old one is refused, and shows none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tributary-token-'));
    const hdfsTokenFile = join(folder, 'token');
    writeFileSync(hdfsTokenFile, 'OLDTOKEN\n');
    let renewals = 0;
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://x');
      if (url.searchParams.get('delegation') === 'NEWTOKEN') {
        expect(url.searchParams.has('user.name')).toBe(false);
        response.end(
          JSON.stringify({ FileStatus: { pathSuffix: '', type: 'FILE', length: 1, modificationTime: 1, fileId: 1 } }),
        );
        return;
      }
      if (renewals === 1) writeFileSync(hdfsTokenFile, 'NEWTOKEN');
      renewals += 1;
      const message =
        'Failed to obtain user group information: org.apache.hadoop.security.token.SecretManager$InvalidToken: Token has expired';
      response.writeHead(403).end(JSON.stringify({ RemoteException: { exception: 'SecurityException', message } }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const source = await openCorpus([`webhdfs://127.0.0.1:${port}/f`], { hdfsTokenFile }, environment());
    const refused = await source.list().catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'HDFS_TOKEN', hint: expect.stringContaining('--hdfs-token-file') });
    expect(String(refused)).not.toContain('OLDTOKEN');
    expect(await source.list()).toHaveLength(1);
    expect(renewals).toBe(2);
    // The file is being written anew: the token that is known still serves.
    writeFileSync(hdfsTokenFile, '');
    expect(await source.list()).toHaveLength(1);
    await source.close();
    writeFileSync(hdfsTokenFile, 'two words');
    const other = await openCorpus([`webhdfs://127.0.0.1:${port}/f`], { hdfsTokenFile }, environment());
    await expect(other.list()).rejects.toMatchObject({
      code: 'HDFS_TOKEN_FILE',
      message: expect.not.stringContaining('two words'),
    });
    await other.close();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  it('can be aborted while it waits for a silent node', async () => {
    peer = await startFaultyHdfs(bytes, [{ kind: 'stall', after: 10 }]);
    const source = await openCorpus([`webhdfs://${peer.origin}/f`], { ...options, hdfsIdleMs: 20_000 }, environment());
    const [file] = await source.list();
    if (file === undefined) throw new Error('no file');
    const abort = new AbortController();
    const reading = (async () => {
      for await (const chunk of source.read(file, 0, file.length, abort.signal))
        if (chunk.length > 0) setTimeout(() => abort.abort(), 20);
    })();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    await source.close();
  });
});

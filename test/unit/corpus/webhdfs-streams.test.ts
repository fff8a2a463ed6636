// How many connections reads hold open: caps under many parallel reads, and reads that stand still give theirs up.
import { setMaxListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCorpus } from '../../../coordinator/corpus/open.ts';
import type { CorpusFile, CorpusSource } from '../../../coordinator/corpus/source.ts';
import { SYSTEM } from '../../../coordinator/corpus/webhdfs/client.ts';
import { Exchanger } from '../../../coordinator/corpus/webhdfs/exchange.ts';
import type { Environment } from '../../../coordinator/corpus/webhdfs/patience.ts';

const LENGTH = 24 << 20; // more than socket buffers hold
const pattern = Buffer.alloc(1 << 16, 'abcdefghijklm');

/** Bytes of the file from `offset` on, at most 64 KiB. */
function piece(offset: number): Buffer {
  const from = offset % 13;
  return pattern.subarray(from, from + 65_000);
}

// What this process has open with data nodes, from the request until the answer is closed. Counted here: the
// other side hears of an end later than we do.
const open = new Map<string, number>();
let perNode = 0; // most of one data node so far
let inAll = 0; // most of all of them so far
let opens = 0; // ever

function total(): number {
  return [...open.values()].reduce((a, b) => a + b, 0);
}

function change(node: string, by: 1 | -1): void {
  open.set(node, (open.get(node) ?? 0) + by);
  perNode = Math.max(perNode, ...open.values());
  inAll = Math.max(inAll, total());
}

const { send } = Exchanger.prototype;

beforeEach(() => {
  open.clear();
  perNode = inAll = opens = failures = 0;
  Exchanger.prototype.send = async function (ask, signal) {
    if (ask.peer.role === 'name node') return send.call(this, ask, signal);
    const node = ask.peer.toldAs;
    opens += 1;
    change(node, 1);
    try {
      const answer = await send.call(this, ask, signal);
      answer.once('close', () => change(node, -1));
      return answer;
    } catch (error) {
      change(node, -1);
      throw error;
    }
  };
});

let server: Server | undefined;

afterEach(async () => {
  Exchanger.prototype.send = send;
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(0) : server.close(resolve)));
  server = undefined;
});

/** One big file on three data nodes in turn. */
async function cluster(): Promise<string> {
  let turn = 0;
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    const offset = Number(url.searchParams.get('offset'));
    const length = Number(url.searchParams.get('length'));
    if (url.searchParams.get('op') === 'GETFILESTATUS') {
      response.end(
        JSON.stringify({
          FileStatus: { pathSuffix: '', type: 'FILE', length: LENGTH, modificationTime: 5, fileId: 7 },
        }),
      );
      return;
    }
    if (!url.searchParams.has('dn')) {
      turn += 1;
      const port = new URL(`http://${request.headers.host}`).port;
      const location = `http://dn${turn % 3}.hdfs.invalid:${port}/webhdfs/v1/f?op=OPEN&offset=${offset}&length=${length}&dn=${turn % 3}`;
      response.writeHead(307, { location }).end();
      return;
    }
    response.writeHead(200, { 'content-length': String(length), connection: 'close' });
    let at = offset;
    const go = (): void => {
      while (at < offset + length) {
        const next = piece(at).subarray(0, offset + length - at);
        at += next.length;
        if (!response.write(next)) return void response.once('drain', go);
      }
      response.end();
    };
    go();
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

let failures = 0; // after which the reader waited

const environment: Environment = {
  ...SYSTEM,
  sleep: async () => {
    failures += 1;
  },
};

async function openFile(origin: string, hdfsHeldMs: number): Promise<{ source: CorpusSource; file: CorpusFile }> {
  const hdfsHostMap = Object.fromEntries([0, 1, 2].map((k) => [`dn${k}.hdfs.invalid`, '127.0.0.1']));
  const source = await openCorpus([`webhdfs://${origin}/f`], { hdfsUser: 'ann', hdfsHostMap, hdfsHeldMs }, environment);
  const [file] = await source.list();
  if (file === undefined) throw new Error('no file');
  return { source, file };
}

/** Checks every byte; answers how many there were. */
async function check(
  chunks: AsyncIterable<Uint8Array>,
  from: number,
  each: (bytes: number) => Promise<boolean>,
): Promise<number> {
  let at = from;
  for await (const chunk of chunks) {
    for (let k = 0; k < chunk.length; k += 997) expect(chunk[k]).toBe(97 + ((at + k) % 13));
    at += chunk.length;
    if (!(await each(at - from))) break;
  }
  return at - from;
}

describe('parallel reads', () => {
  it('never open more than three streams with a data node and eight in all, however they end', async () => {
    const { source, file } = await openFile(await cluster(), 60_000);
    const abort = new AbortController();
    setMaxListeners(0, abort.signal);
    const reads = Array.from({ length: 40 }, async (_, k) => {
      const from = k * 400_000;
      const length = 2_000_000 + k;
      const chunks = source.read(file, from, length, k % 4 === 1 ? abort.signal : undefined);
      if (k % 4 === 0) return check(chunks, from, async (bytes) => bytes < 300_000); // left in the middle
      const reading = check(chunks, from, async () => {
        await sleep(1);
        if (k === 13) abort.abort(); // while others wait for a slot
        return true;
      });
      if (k % 4 === 1) return reading.catch(() => -1);
      expect(await reading).toBe(length);
      return length;
    });
    await Promise.all(reads);
    expect([perNode, inAll]).toEqual([3, 8]);
    // All of them gave their slots back: as many go at once as before.
    perNode = inAll = 0;
    await Promise.all(
      Array.from({ length: 30 }, () => check(source.read(file, 0, 3_000_000), 0, async () => (await sleep(1), true))),
    );
    expect([perNode, inAll]).toEqual([3, 8]);
    await source.close();
  });
});

describe('a read that stands still', () => {
  it('gives its connection up after a while, and goes on at the same byte', async () => {
    const { source, file } = await openFile(await cluster(), 60);
    let paused = 0;
    const length = await check(source.read(file, 5, LENGTH - 5), 5, async (bytes) => {
      if (bytes > 1_000_000 && paused === 0) {
        paused = bytes;
        await expect.poll(total, { timeout: 10_000 }).toBe(0);
      }
      return true;
    });
    expect(length).toBe(LENGTH - 5);
    expect(opens).toBe(2);
    expect(failures).toBe(0); // its own slowness is no failure of the data node
    await source.close();
  });

  it('keeps no slot from others, even when it never ends', async () => {
    const { source, file } = await openFile(await cluster(), 60);
    const abandoned = Array.from({ length: 12 }, () => source.read(file, 0, LENGTH)[Symbol.asyncIterator]());
    await Promise.all(abandoned.map((each) => each.next()));
    expect(inAll).toBeLessThanOrEqual(8);
    expect(await check(source.read(file, 0, 1_000_000), 0, async () => true)).toBe(1_000_000);
    await Promise.all(abandoned.map((each) => each.return?.()));
    await source.close();
  });
});

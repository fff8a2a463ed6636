// What readers tell of themselves across threads: amounts, nodes, failures, and the state of every file.
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openCorpus } from '../../../coordinator/corpus/open.ts';
import { fileTable, splitAt } from '../../../coordinator/corpus/reading/file-table.ts';
import { NodeBook } from '../../../coordinator/corpus/reading/node-book.ts';
import { PassProgress } from '../../../coordinator/corpus/reading/pass-progress.ts';
import { ReadingBoard } from '../../../coordinator/corpus/reading/reading-board.ts';
import { type Giver, tellReading } from '../../../coordinator/corpus/reading/reports.ts';
import type { CorpusFile } from '../../../coordinator/corpus/source.ts';
import type { Split } from '../../../coordinator/corpus/splits.ts';
import { type FaultyHdfs, startFaultyHdfs } from './faulty-hdfs.ts';

const file = (path: string, length: number): CorpusFile => ({ path, length, modified: 1, id: path, codec: 'plain' });

/** Files with so many splits each, ten bytes a split. */
function corpusOf(counts: readonly number[]): { readonly files: CorpusFile[]; readonly splits: Split[] } {
  const files = counts.map((count, k) => file(`dir/part-${k}`, 10 * count));
  const splits = counts.flatMap((count, k) =>
    Array.from({ length: count }, (_, s) => ({ file: k, start: 10 * s, end: 10 * s + 10 })),
  );
  return { files, splits };
}
const tableOf = (counts: readonly number[]) => {
  const { files, splits } = corpusOf(counts);
  return fileTable(files, splits);
};

const boards: ReadingBoard[] = [];
function board(name = randomUUID(), now = (): number => 0): ReadingBoard {
  const made = new ReadingBoard(name, now);
  boards.push(made);
  return made;
}
let peer: FaultyHdfs | undefined;
afterEach(async () => {
  for (const each of boards.splice(0)) each.close();
  await peer?.close();
  peer = undefined;
});

describe('the table of files', () => {
  it('finds a split by exactly its bytes, and no other stretch', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 }), (counts) => {
        const { files, splits } = corpusOf(counts);
        const table = fileTable(files, splits);
        for (const [k, { file: of, start, end }] of splits.entries()) {
          expect(splitAt(table, of, start, end - start)).toBe(k);
          expect(splitAt(table, of, start, end - start - 1)).toBeNull();
          expect(splitAt(table, of, start + 1, end - start)).toBeNull();
        }
      }),
    );
  });
});

describe('a pass', () => {
  it('counts files as a plain look at their splits does, whatever order splits are read in', () => {
    const step = fc.record({ split: fc.nat(11), end: fc.constantFrom('done', 'left', 'failed', null) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const counts = [3, 1, 5, 2, 1];
        const { splits } = corpusOf(counts);
        const progress = new PassProgress(tableOf(counts), [2], false);
        const states = new Map<number, string>([[2, 'done']]);
        const failed = new Set<number>();
        for (const { split, end } of steps) {
          const of = splits[split]!.file;
          if (end === null) {
            progress.began(split);
            if (states.get(split) !== 'reading') failed.delete(of);
            states.set(split, 'reading');
          } else {
            progress.ended(split, end, 'X');
            if (end === 'failed') failed.add(of);
            states.set(split, end === 'done' ? 'done' : 'waiting');
          }
        }
        const sums: Record<string, number> = { waiting: 0, reading: 0, done: 0, failed: 0 };
        for (const [k] of counts.entries()) {
          const own = splits.flatMap((split, s) => (split.file === k ? [states.get(s) ?? 'waiting'] : []));
          const state = failed.has(k)
            ? 'failed'
            : own.every((each) => each === 'done')
              ? 'done'
              : own.every((each) => each === 'waiting')
                ? 'waiting'
                : 'reading';
          expect(progress.stateOf(k)).toBe(state);
          expect(progress.doneOf(k)).toBe(own.filter((each) => each === 'done').length);
          sums[state]!++;
        }
        expect(progress.counts).toEqual(sums);
      }),
    );
  });

  it('in order takes what is before for done, and begins anew with the first split', () => {
    const progress = new PassProgress(tableOf([2, 2, 2]), [], true);
    progress.began(3);
    expect([0, 1, 2].map((k) => progress.stateOf(k))).toEqual(['done', 'reading', 'waiting']);
    progress.ended(3, 'done', '');
    progress.began(4);
    progress.ended(4, 'done', '');
    progress.began(5);
    progress.ended(5, 'done', '');
    expect(progress.counts).toEqual({ waiting: 0, reading: 0, done: 3, failed: 0 });
    progress.began(0);
    expect(progress.counts).toEqual({ waiting: 2, reading: 1, done: 0, failed: 0 });
    progress.ended(0, 'failed', 'HDFS_NO_REPLICA: gone');
    expect([progress.stateOf(0), progress.errorOf(0)]).toEqual(['failed', 'HDFS_NO_REPLICA: gone']);
  });
});

describe('the books of nodes', () => {
  const dn = (k: number): Giver => ({ role: 'data node', node: `dn${k}:9864` });
  const tally = (at: Giver, code: string, count: number, bytes = 0) => ({
    ...at,
    bytes,
    retries: count,
    failures: new Map(count === 0 ? [] : [[code, { count, last: `${code} happened`, time: 5 }]]),
  });

  it('add up by node and code, and tell the worst first', () => {
    const book = new NodeBook();
    book.add(tally(dn(1), 'A', 0, 100), 0);
    book.add(tally(dn(2), 'A', 1, 7), 0);
    book.add(tally(dn(2), 'B', 2), 0);
    book.add(tally(dn(2), 'B', 2), 30_000);
    expect(book.nodes.map(({ node, failures, retries, bytes }) => [node, failures, retries, bytes])).toEqual([
      ['dn2:9864', 5, 5, 7],
      ['dn1:9864', 0, 0, 100],
    ]);
    expect(book.nodes[0]!.codes).toEqual([
      { code: 'B', count: 4 },
      { code: 'A', count: 1 },
    ]);
    expect(book.recent(60_000)).toEqual({ count: 5, at: dn(2), code: 'B' });
    expect(book.recent(61_000)).toEqual({ count: 2, at: dn(2), code: 'B' });
    expect(book.recent(91_000)).toBeNull();
  });

  it('stay bounded whatever nodes are called, and lose no byte', () => {
    const book = new NodeBook();
    for (let k = 0; k < 2000; k++) book.add(tally(dn(k), 'A', 1, 10), 0);
    expect(book.nodes.length).toBeLessThanOrEqual(257);
    expect(book.nodes.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(20_000);
    expect(book.nodes[0]).toMatchObject({ node: 'others', failures: 2000 - 256 });
  });
});

describe('the board', () => {
  it('pages, seeks and filters 100,000 files', () => {
    const each = board();
    each.hear({ kind: 'files', table: tableOf(Array.from({ length: 100_000 }, () => 2)) });
    each.hear({ kind: 'pass', pass: 'counting', done: Uint32Array.of(0, 1, 2) });
    const page = (from: number, state: 'done' | 'reading' | null, find = '') =>
      each.page({ from, count: 50, state, find });
    expect(page(99_990, null).lines.map(({ number }) => number)).toEqual(
      Array.from({ length: 10 }, (_, k) => 99_991 + k),
    );
    expect(page(0, null).found).toBe(100_000);
    expect(page(0, 'done').lines.map(({ path }) => path)).toEqual(['dir/part-0']);
    expect(page(0, 'reading').lines).toMatchObject([{ number: 2, splits: 2, done: 1, bytes: 20, state: 'reading' }]);
    expect(page(0, null, 'PART-9999')).toMatchObject({ found: 11, lines: { length: 11 } });
    expect(page(10, null, 'PART-9999').lines.map(({ path }) => path)).toEqual(['dir/part-99999']);
    expect(each.states).toEqual({ waiting: 99_998, reading: 1, done: 1, failed: 0 });
  });

  it('measures bytes a second over ten seconds, and forgets readers that closed', () => {
    let now = 0;
    const each = board(randomUUID(), () => now);
    const dn1 = { role: 'data node', node: 'dn1', retries: 0, failures: new Map() } as const;
    const begun = { read: 1, path: 'a', offset: 0, length: 10, end: null, error: '' };
    each.hear({ kind: 'batch', reader: '1', nodes: [{ ...dn1, bytes: 600 }], steps: [begun] });
    now = 8000;
    each.hear({ kind: 'batch', reader: '2', nodes: [{ ...dn1, bytes: 400 }], steps: [{ ...begun, path: 'b' }] });
    expect(each.bytesPerSecond).toBe(100);
    expect(each.reading.map(({ path }) => path)).toEqual(['b', 'a']);
    now = 11_000;
    expect(each.bytesPerSecond).toBe(40);
    expect(each.bytesRead).toBe(1000);
    each.hear({ kind: 'closed', reader: '2' });
    expect(each.reading.map(({ path }) => path)).toEqual(['a']);
  });
});

describe('a corpus that is read', () => {
  const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, k) => (k * 31) % 251));

  it('tells bytes, failures and retries by data node, and when its file began and ended', async () => {
    peer = await startFaultyHdfs(bytes, [
      { kind: 'reset', after: 70_000 },
      { kind: 'standby' },
      { kind: 'offer-short' },
    ]);
    const name = randomUUID();
    const each = board(name);
    const environment = { now: () => 0, random: () => 0, sleep: () => Promise.resolve() };
    const options = { hdfsUser: 'ann', hdfsHostMap: { 'dn.hdfs.invalid': '127.0.0.1' }, hdfsWaits: name };
    const source = await openCorpus([`webhdfs://${peer.origin}/x`], options, environment);
    const files = await source.list();
    tellReading(name, { kind: 'files', table: fileTable(files, [{ file: 0, start: 0, end: bytes.length }]) });
    tellReading(name, { kind: 'pass', pass: 'training', done: new Uint32Array(0) });
    const states = new Set<string>();
    for await (const chunk of source.read(files[0]!, 0, bytes.length)) {
      expect(chunk.length).toBeGreaterThan(0);
      await vi.waitFor(() => expect(each.states.reading).toBe(1));
      states.add(each.reading[0]?.path ?? 'nothing');
    }
    await source.close();
    await vi.waitFor(() => expect(each.states.done).toBe(1));
    expect([...states]).toEqual([files[0]!.path]);
    expect(each.reading).toEqual([]);
    expect(each.bytesRead).toBe(bytes.length);
    const [dataNode, nameNode] = each.nodes.nodes;
    expect(dataNode).toMatchObject({ role: 'data node', bytes: bytes.length, failures: 2, retries: 2 });
    expect(dataNode!.node).toMatch(/^dn\.hdfs\.invalid:/);
    expect(dataNode!.codes).toEqual([{ code: 'HDFS_SHORT_BODY', count: 2 }]);
    expect(nameNode).toMatchObject({ role: 'name node', node: peer.origin, failures: 1, bytes: 0 });
  });

  it('tells which file failed and why, and that one was left', async () => {
    peer = await startFaultyHdfs(bytes, []);
    const name = randomUUID();
    const each = board(name);
    const options = { hdfsUser: 'ann', hdfsHostMap: { 'dn.hdfs.invalid': '127.0.0.1' }, hdfsWaits: name };
    const source = await openCorpus([`webhdfs://${peer.origin}/x`], options);
    const files = await source.list();
    tellReading(name, { kind: 'files', table: fileTable(files, [{ file: 0, start: 0, end: bytes.length }]) });
    tellReading(name, { kind: 'pass', pass: 'counting', done: new Uint32Array(0) });
    for await (const chunk of source.read(files[0]!, 0, bytes.length)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    peer.fileId++;
    const all = async (): Promise<void> => {
      for await (const chunk of source.read(files[0]!, 0, bytes.length)) expect(chunk.length).toBeGreaterThan(0);
    };
    await expect(all()).rejects.toThrow(/changed/);
    await vi.waitFor(() => expect(each.states.failed).toBe(1));
    const { lines } = each.page({ from: 0, count: 1, state: 'failed', find: '' });
    expect(lines).toMatchObject([{ state: 'failed', done: 0, error: expect.stringMatching(/^SOURCE_CHANGED: /) }]);
    await source.close();
  });

  it('counts this machine’s own files as such', async () => {
    const name = randomUUID();
    const each = board(name);
    const source = await openCorpus(['sample:'], { hdfsWaits: name });
    const [first] = await source.list();
    for await (const chunk of source.read(first!, 0, 100)) expect(chunk.length).toBe(100);
    await source.close();
    await vi.waitFor(() => expect(each.bytesRead).toBe(100));
    expect(each.nodes.nodes).toMatchObject([{ role: 'files', node: '', bytes: 100, failures: 0 }]);
  });
});

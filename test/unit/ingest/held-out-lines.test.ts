// What is held out of training: always the same lines, never too many, and none of them trained.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { heldOutBudget, HeldOutSelection } from '../../../coordinator/ingest/held-out-lines.ts';
import { Ingest } from '../../../coordinator/ingest/ingest.ts';
import { AS_IT_STANDS } from '../../../coordinator/ingest/normalisation.ts';
import { pieceHash } from '../../../coordinator/ingest/piece-hash.ts';
import { MEMORY, ONCE, SILENT } from './ingest-edges.ts';
import type { Counted } from '../../../coordinator/ingest/requests.ts';
import type { CorpusPosition, Episode } from '../../../coordinator/leases/episode.ts';
import { below, hashAt, mix32 } from '../../../word2vec/random.ts';

const START: CorpusPosition = { epoch: 0, split: 0, line: 0, token: 0, tokens: 0, beyond: 0 };

describe('the budget', () => {
  it('is a share of the corpus within bounds, and nothing where that says nothing', () => {
    expect([0, 24_999, 25_000, 50_000, 200_000, 1e6, 4e6, 1e12].map(heldOutBudget)).toEqual([
      0, 0, 500, 1000, 1000, 5000, 20_000, 20_000,
    ]);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), (tokens) => {
        const budget = heldOutBudget(tokens);
        expect(budget).toBeLessThanOrEqual(Math.min(20_000, tokens * 0.02));
        expect(heldOutBudget(tokens + 1000)).toBeGreaterThanOrEqual(budget);
      }),
    );
  });
});

describe('the hash of a line', () => {
  it('is of its words in their order', () => {
    const hash = pieceHash(['one', 'two']);
    for (const other of [['two', 'one'], ['onetwo'], ['on', 'etwo'], ['one', 'two', 'two'], ['one', 'twö'], []])
      expect(pieceHash(other)).not.toBe(hash);
  });

  // Runs would hold out other lines, and checkpoints be refused: the format of checkpoints must then be raised.
  it('stays what it was', () => {
    expect(pieceHash(['one', 'two'])).toBe(691226336);
    expect(pieceHash(['größe', '日本', '😀'])).toBe(3515491109);
  });

  it('is spread evenly', () => {
    const hits = new Uint32Array(16);
    for (let k = 0; k < 16_000; k++) hits[pieceHash(['line', String(k)]) >>> 28]!++;
    for (const hit of hits) expect(Math.abs(hit - 1000)).toBeLessThan(5 * Math.sqrt(1000));
  });
});

describe('the selection', () => {
  it('is the smallest hashes whose tokens fit, repetitions included, in whatever order they come', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 1, max: 60 }), (seed, longest) => {
        // Far more than what is kept while counting; some lines stand there a thousand times.
        const offers: string[][] = [];
        for (let k = 0; k < 3000; k++) {
          const words = Array.from(
            { length: 1 + (mix32(seed + k) % longest) },
            (_, at) => `w${mix32(seed + k * 100 + at)}`,
          );
          const times = mix32(seed ^ k) % 300 === 0 ? 1000 : 1;
          for (let n = 0; n < times; n++) offers.push(words);
        }
        const tokens = offers.reduce((sum, words) => sum + words.length, 0);
        const totals = new Map<string, number>();
        for (const words of offers) totals.set(words.join(' '), (totals.get(words.join(' ')) ?? 0) + words.length);
        const hashes = new Map([...totals.keys()].map((line) => [line, pieceHash(line.split(' '))]));
        const hashOf = (line: string): number => hashes.get(line)!;
        const sorted = [...totals].toSorted((a, b) => hashOf(a[0]) - hashOf(b[0]));
        const expected: string[] = [];
        let sum = 0;
        for (const [line, count] of sorted) {
          sum += count;
          if (sum > heldOutBudget(tokens)) break;
          expected.push(line);
        }
        const offer = (selection: HeldOutSelection, words: readonly string[]): void =>
          selection.offer(hashOf(words.join(' ')), words.length, () => words.join(' '));
        for (const order of [offers, offers.toReversed()]) {
          const selection = new HeldOutSelection();
          for (const words of order) offer(selection, words);
          // A second one, of another thread, has every third offer.
          const others = [new HeldOutSelection(), new HeldOutSelection()] as const;
          for (const [k, words] of order.entries()) offer(others[k % 3 === 0 ? 0 : 1], words);
          others[0].merge(structuredClone(others[1].selected));
          expect(others[0].finish(tokens)).toEqual(selection.finish(tokens));
          const { limit, lines } = selection.finish(tokens);
          expect(lines).toEqual(expected);
          expect(limit).toBe(expected.length === 0 ? 0 : hashOf(expected.at(-1)!) + 1);
        }
      }),
      { numRuns: 10 },
    );
  });

  it('of two threads leaves out what one of them saw too often to keep', () => {
    const first = new HeldOutSelection();
    for (const [hash, tokens] of [
      [1, 19_990],
      [2, 20],
      [3, 20_001],
    ] as const)
      first.offer(hash, tokens, () => `line ${hash}`);
    const second = new HeldOutSelection();
    second.offer(2, 5, () => 'line 2');
    const { selected } = first;
    first.merge(second.selected);
    second.merge(selected);
    for (const selection of [first, second]) expect(selection.finish(1e9)).toEqual({ limit: 2, lines: ['line 1'] });
  });
});

describe('training', () => {
  let folder: string;
  let lines: string[];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tributary-held-out-'));
    let at = 0;
    const line = (length: number): string =>
      Array.from({ length }, () => `w${below(hashAt(5, at++), below(hashAt(6, at++), 200) + 1)}`).join(' ');
    lines = Array.from({ length: 3000 }, (_, k) =>
      k % 400 === 9 ? line(2500) : k % 11 === 0 ? '' : line(2 + (k % 30)),
    );
    // Repeated lines are held out everywhere or nowhere.
    lines.push(...lines.slice(0, 400));
    writeFileSync(join(folder, 'plain.txt'), `${lines.join('\n')}\n`);
    writeFileSync(join(folder, 'packed.txt.gz'), gzipSync(lines.join('\r\n')));
    writeFileSync(join(folder, 'first.txt'), `${lines.slice(0, 1000).join('\n')}\n`);
    writeFileSync(join(folder, 'second.txt'), lines.slice(1000).join('\n  '));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function prepared(files: string[], splitBytes: number): Promise<{ counted: Counted; episode: Episode }> {
    const ingest = new Ingest(SILENT);
    const corpus = files.map((file) => join(folder, file));
    await ingest.open({
      kind: 'open',
      corpus,
      options: {},
      vocab: '',
      normalisation: AS_IT_STANDS,
      memory: MEMORY,
      splitBytes,
    });
    const counted = await ingest.count({ ...ONCE, minCount: 1, maxVocab: 1000 });
    const { words, counts, heldOut } = counted;
    const { tokens } = counted.origin;
    // With a window of one, the pairs are the neighbours.
    const heard = { exact: true, sentence: 'line' } as const;
    const request = { words, counts, ...heard, seed: 1, window: 1, sample: 0, epochs: 2, heldOutLimit: heldOut.limit };
    ingest.train({ kind: 'train', ...request, model: 'skipgram', hs: false, schedule: 'grid' });
    const episode = await ingest.prepare({
      kind: 'prepare',
      number: 0,
      from: START,
      until: 2 * tokens,
      stop: null,
      parts: 1,
    });
    await ingest.close();
    return { counted, episode };
  }

  it('leaves out the same lines however the corpus is stored', async () => {
    const { counted } = await prepared(['plain.txt'], 1 << 26);
    expect(counted.heldOut.lines.length).toBeGreaterThan(20);
    expect(counted.heldOut.lines.some((line) => line.split(' ').length === 100)).toBe(true);
    for (const [files, split] of [
      [['plain.txt'], 777],
      [['packed.txt.gz'], 777],
      [['second.txt', 'first.txt'], 5000],
    ] as const)
      expect((await prepared([...files], split)).counted.heldOut).toEqual(counted.heldOut);
  });

  it('makes no pair of them, and every pair of the others', async () => {
    const { counted, episode } = await prepared(['plain.txt'], 4096);
    const held = new Set(counted.heldOut.lines);
    const expected = new Map<string, number>();
    let kept = 0;
    for (const line of lines) {
      const words = line.split(' ').filter((word) => word !== '');
      // Where a piece is held out, its neighbours are no longer neighbours of anything beyond it.
      let before: string | null = null;
      let sentence = 0;
      for (let from = 0; from < words.length; from += 100) {
        const piece = words.slice(from, from + 100);
        if (held.has(piece.join(' '))) {
          before = null;
          sentence = 0;
          continue;
        }
        for (const word of piece) {
          kept++;
          sentence++;
          if (before !== null) {
            expected.set(`${before} ${word}`, (expected.get(`${before} ${word}`) ?? 0) + 2);
            expected.set(`${word} ${before}`, (expected.get(`${word} ${before}`) ?? 0) + 2);
          }
          // word2vec.c's sentences end after 1,000 words.
          before = sentence % 1000 === 0 ? null : word;
        }
      }
    }
    expect(kept).toBeLessThan(counted.origin.tokens - 500);
    // One part: ranks are ids, in an order of the part's own.
    expect(episode.kept).toBe(2 * kept);
    const pairs = [...expected.values()].reduce((sum, count) => sum + count, 0);
    expect(episode.inputs).toHaveLength(pairs);
    expect(episode.to.tokens).toBe(2 * counted.origin.tokens);
    const seen = new Map<string, number>();
    for (let k = 0; k < episode.inputs.length; k++) {
      const pair = `${counted.words[episode.inputs[k]!]} ${counted.words[episode.outputs[k]!]}`;
      seen.set(pair, (seen.get(pair) ?? 0) + 1);
    }
    expect(seen).toEqual(expected);
  });

  it('leaves nothing out of a tiny corpus', async () => {
    writeFileSync(join(folder, 'tiny.txt'), lines.slice(10, 400).join('\n'));
    const { counted } = await prepared(['tiny.txt'], 4096);
    expect(counted.origin.tokens).toBeLessThan(25_000);
    expect(counted.heldOut).toEqual({ limit: 0, lines: [] });
  });
});

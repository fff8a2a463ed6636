// Counting by several lanes, interrupted and taken up again: always the counts of one pass over the whole text.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CorpusFile, CorpusSource } from '../../../coordinator/corpus/source.ts';
import { planSplits } from '../../../coordinator/corpus/splits.ts';
import type { CountLane } from '../../../coordinator/ingest/count-lane.ts';
import { CountStore } from '../../../coordinator/ingest/count-store.ts';
import type { Tally } from '../../../coordinator/ingest/counting.ts';
import { Counting, newTally, splitsCounted } from '../../../coordinator/ingest/counting.ts';
import { AS_IT_STANDS } from '../../../coordinator/ingest/normalisation.ts';
import type { CountPlan } from '../../../coordinator/ingest/part-counter.ts';
import { PartCounter } from '../../../coordinator/ingest/part-counter.ts';
import { WordCounter } from '../../../coordinator/ingest/word-counter.ts';
import { below, hashAt } from '../../../word2vec/random.ts';

const SOME_MEMORY = 64 << 20;

/** Files in memory, given in chunks of a few bytes; `broken` fails when it is read. */
class Shelf implements CorpusSource {
  readonly description = 'a shelf';
  readonly files: readonly CorpusFile[];
  readonly opened: string[] = [];
  broken = '';
  readonly #texts: ReadonlyMap<string, Buffer>;
  readonly #chunk: number;

  constructor(texts: Readonly<Record<string, Buffer>>, chunk: number) {
    this.#texts = new Map(Object.entries(texts));
    this.#chunk = chunk;
    this.files = [...this.#texts].map(([path, { length }]) => ({
      path,
      length,
      modified: 5,
      id: path,
      codec: path.endsWith('.gz') ? 'gzip' : 'plain',
    }));
  }

  list(): Promise<readonly CorpusFile[]> {
    return Promise.resolve(this.files);
  }

  async *read({ path }: CorpusFile, offset: number, length: number): AsyncGenerator<Uint8Array> {
    this.opened.push(`${path}@${offset}`);
    const bytes = this.#texts.get(path)!;
    for (let at = offset; at < offset + length; at += this.#chunk) {
      await Promise.resolve();
      if (path === this.broken) throw new Error(`${path} is broken`);
      yield Uint8Array.from(bytes.subarray(at, Math.min(at + this.#chunk, offset + length)));
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function lines(seed: number, count: number, words: number): string[] {
  let at = 0;
  const word = (): string => `w${below(hashAt(seed, at++), below(hashAt(seed + 1, at++), words) + 1)}`;
  return Array.from({ length: count }, (_, k) => Array.from({ length: (k * 7) % 23 }, word).join(' '));
}

const edges = {
  now: () => 0,
  read: () => undefined,
};

async function planOf(shelf: Shelf, splitBytes: number, rest: Partial<CountPlan> = {}): Promise<CountPlan> {
  const splits = await planSplits(shelf, shelf.files, splitBytes);
  return {
    files: shelf.files,
    splits,
    rules: AS_IT_STANDS,
    only: null,
    hashSeed: 7,
    tableBytes: SOME_MEMORY,
    partMs: 1e9,
    ...rest,
  };
}

function lanesOf(shelf: Shelf, plan: CountPlan, count: number, now = edges.now): CountLane[] {
  return Array.from({ length: count }, () => new PartCounter(shelf, plan, { ...edges, now }));
}

function freshTally(plan: CountPlan): Tally {
  return newTally(new WordCounter(plan.rules, SOME_MEMORY, { only: plan.only, hashSeed: 7 }), plan.splits.length);
}

/** Not kept, and no lane is left behind. */
const quiet = {
  now: () => 0,
  save: () => Promise.resolve(),
  unsaved: (error: unknown) => {
    throw error;
  },
  wait: () => new Promise<void>(() => undefined),
  added: () => undefined,
};

interface Result {
  readonly counts: Readonly<Record<string, number>>;
  readonly tokens: number;
  readonly heldOut: unknown;
}

function resultOf({ counter }: Tally): Result {
  const entries = [...counter.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    counts: Object.fromEntries(entries),
    tokens: counter.tokens,
    heldOut: counter.heldOut.finish(counter.tokens),
  };
}

/** One counter over all text, and plain counts to hold it to. */
function reference(texts: readonly string[]): Result {
  const counter = new WordCounter(AS_IT_STANDS, SOME_MEMORY);
  const counts = new Map<string, number>();
  for (const text of texts) {
    counter.add({ bytes: Buffer.from(`${text}\n`) });
    for (const word of text.split(/[ \n]+/)) if (word !== '') counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const sorted = Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const result = resultOf({ ...freshTally0, counter });
  expect(result.counts).toEqual(sorted);
  return result;
}
const freshTally0 = {
  lines: new Float64Array(0),
  textFaults: { replaced: { count: 0, file: '' }, cut: { count: 0, file: '' } },
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-counting-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const text = lines(3, 4000, 900);
const halves = [text.slice(0, 1500).join('\n'), text.slice(1500).join('\n')] as const;
const expected = reference(halves);
const shelfOf = (chunk: number): Shelf =>
  new Shelf({ 'a.txt': Buffer.from(`${halves[0]}\n`), 'b.txt.gz': gzipSync(halves[1]) }, chunk);

describe('counting', () => {
  it('gives the same however many lanes count, and however the text is cut into splits and parts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 500, max: 60_000 }),
        fc.integer({ min: 700, max: 9000 }),
        fc.boolean(),
        async (count, splitBytes, chunk, small) => {
          const shelf = shelfOf(chunk);
          // A clock that runs makes every part one block.
          let time = 0;
          const plan = await planOf(shelf, splitBytes, small ? { partMs: 0 } : {});
          const tally = freshTally(plan);
          await new Counting(
            tally,
            lanesOf(shelf, plan, count, () => (small ? ++time : 0)),
            quiet,
          ).run();
          expect(resultOf(tally)).toEqual(expected);
          expect(splitsCounted(tally)).toBe(plan.splits.length);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('gives parts away that grow beyond their memory', async () => {
    const shelf = shelfOf(2000);
    const plan = await planOf(shelf, 1 << 20, { tableBytes: 0 });
    const parts: number[] = [];
    const lane = new PartCounter(shelf, plan, edges);
    const counted: CountLane = {
      count: async (place) => {
        const part = await lane.count(place);
        parts.push(part.counts.ends.length);
        return part;
      },
      hurry: () => lane.hurry(),
      close: () => lane.close(),
    };
    const tally = freshTally(plan);
    await new Counting(tally, [counted], quiet).run();
    expect(parts.length).toBeGreaterThan(20);
    expect(resultOf(tally)).toEqual(expected);
    // Nothing was opened twice for it, beside what planning reads.
    expect(shelf.opened.filter((place) => place.startsWith('b'))).toEqual(['b.txt.gz@0']);
  });

  it('goes on where it was interrupted, wherever that was, and reads no finished split again', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 2000, max: 40_000 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 }),
        async (count, splitBytes, cuts) => {
          const plan = await planOf(shelfOf(1000), splitBytes, { partMs: 0 });
          const at = join(folder, `run${run++}`);
          let tally = freshTally(plan);
          let finished: string[] = [];
          for (const [process, cut] of [...cuts, Infinity].entries()) {
            // No block begins where one did before.
            const shelf = shelfOf(1000 + 337 * process);
            // Every process begins with what the folder has.
            tally = freshTally(plan);
            const store = await CountStore.open(at, plan);
            await store.load(tally);
            let time = 0;
            let reads = 0;
            const lanes = Array.from({ length: count }, () => {
              const lane = new PartCounter(shelf, plan, { now: () => ++time, read: () => undefined });
              return lane;
            });
            const counting = new Counting(
              tally,
              lanes.map((lane) => ({
                count: async (place) => {
                  if (++reads === cut) counting.interrupt();
                  return lane.count(place);
                },
                hurry: () => lane.hurry(),
                close: () => lane.close(),
              })),
              { ...quiet, save: (now) => store.save(now) },
            );
            if (cut === Infinity) await counting.run();
            else await counting.run().catch((error: unknown) => expect(error).toMatchObject({ code: 'INTERRUPTED' }));
            for (const place of finished) expect(shelf.opened).not.toContain(place);
            finished = plan.splits
              .filter((_, split) => tally.lines[split] === -1)
              .map(({ file, start }) => `${plan.files[file]!.path}@${start}`);
          }
          expect(resultOf(tally)).toEqual(expected);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('keeps what is counted when a file cannot be read, and goes on when it can', async () => {
    const shelf = shelfOf(4000);
    const plan = await planOf(shelf, 8000);
    const at = join(folder, 'broken');
    const store = await CountStore.open(at, plan);
    shelf.broken = 'b.txt.gz';
    const counting = new Counting(freshTally(plan), lanesOf(shelf, plan, 1), {
      ...quiet,
      save: (now) => store.save(now),
    });
    await expect(counting.run()).rejects.toThrow('b.txt.gz is broken');
    shelf.broken = '';
    shelf.opened.length = 0;
    const tally = freshTally(plan);
    const again = await CountStore.open(at, plan);
    expect(await again.load(tally)).toBe(true);
    expect(splitsCounted(tally)).toBe(plan.splits.length - 1);
    await new Counting(tally, lanesOf(shelf, plan, 2), quiet).run();
    expect(shelf.opened).toEqual(['b.txt.gz@0']);
    expect(resultOf(tally)).toEqual(expected);
  });

  it('leaves a lane behind that has nothing to give', async () => {
    const shelf = shelfOf(4000);
    const plan = await planOf(shelf, 8000);
    const hung: CountLane = {
      count: () => new Promise(() => undefined),
      hurry: () => undefined,
      close: () => Promise.resolve(),
    };
    const tally = freshTally(plan);
    const counting = new Counting(tally, [hung, ...lanesOf(shelf, plan, 1)], {
      ...quiet,
      wait: () => Promise.resolve(),
    });
    const ended = counting.run();
    counting.interrupt();
    await expect(ended).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('counts on when the counts cannot be kept, and says so', async () => {
    const shelf = shelfOf(4000);
    const plan = await planOf(shelf, 8000);
    const tally = freshTally(plan);
    const said: unknown[] = [];
    const save = (): Promise<void> => Promise.reject(new Error('the disk is full'));
    const unsaved = (error: unknown): void => void said.push(error);
    await new Counting(tally, lanesOf(shelf, plan, 2), { ...quiet, save, unsaved }).run();
    expect(said.length).toBeGreaterThan(0);
    expect(resultOf(tally)).toEqual(expected);
  });
});

describe('a full table', () => {
  it('forgets rare words and tells by how much any count may be too low', () => {
    const counter = new WordCounter(AS_IT_STANDS, 1 << 20);
    const truth = new Map<string, number>();
    for (let block = 0; block < 60; block++) {
      const rare = Array.from({ length: 3000 }, (_, k) => `r${hashAt(block, k)}`);
      const words = [...rare, ...lines(block, 200, 5000).join(' ').split(/ +/)].filter((word) => word !== '');
      for (const word of words) truth.set(word, (truth.get(word) ?? 0) + 1);
      counter.add({ bytes: Buffer.from(`${words.join(' ')}\n`) });
    }
    const { pruned, tokens } = counter;
    const counts = new Map(counter.entries());
    expect(pruned.times).toBeGreaterThan(1);
    expect(tokens).toBe([...truth.values()].reduce((sum, count) => sum + count, 0));
    const missing = [...truth].map(([word, count]) => count - (counts.get(word) ?? 0));
    const low = missing.reduce((sum, count) => sum + count, 0);
    expect(missing.reduce((most, count) => Math.max(most, count), 0)).toBeLessThanOrEqual(pruned.most);
    expect(missing.reduce((least, count) => Math.min(least, count), 0)).toBe(0);
    expect(low).toBe(pruned.tokens);
  });
});

describe('kept counts', () => {
  async function kept(name: string): Promise<{ plan: CountPlan; at: string; tally: Tally }> {
    const shelf = shelfOf(4000);
    const plan = await planOf(shelf, 8000);
    const at = join(folder, name);
    const tally = freshTally(plan);
    const store = await CountStore.open(at, plan);
    await new Counting(tally, lanesOf(shelf, plan, 2), { ...quiet, save: (now) => store.save(now) }).run();
    await store.save(tally);
    return { plan, at, tally };
  }

  it('are the same when read again, what was forgotten included', async () => {
    const { plan, at, tally } = await kept('same');
    tally.counter.prune(3);
    await (await CountStore.open(at, plan)).save(tally);
    const again = freshTally(plan);
    expect(await (await CountStore.open(at, plan)).load(again)).toBe(true);
    expect(resultOf(again)).toEqual(resultOf(tally));
    expect(again.counter.pruned).toEqual(tally.counter.pruned);
    expect(again.counter.tokens).toBe(expected.tokens);
    expect([again.lines, again.textFaults]).toEqual([tally.lines, tally.textFaults]);
  });

  it('are refused for another corpus, naming the file that changed', async () => {
    const { plan, at } = await kept('other');
    const [first, second] = plan.files as readonly [CorpusFile, CorpusFile];
    const third = { ...first, path: 'c.txt' };
    for (const [files, said] of [
      [[{ ...first, modified: 6 }, second], 'a.txt was replaced or written to'],
      [[first, { ...second, id: 'else' }], 'b.txt.gz was replaced or written to'],
      [[second], 'a.txt is gone'],
      [[first, second, third], 'c.txt is new'],
      [[third, first, second], 'c.txt is new'],
    ] as const)
      await expect(CountStore.open(at, { ...plan, files })).rejects.toMatchObject({
        code: 'SOURCE_CHANGED',
        message: expect.stringContaining(said) as unknown,
      });
    for (const other of [{ only: ['w1'] }, { splits: plan.splits.slice(1) }])
      await expect(CountStore.open(at, { ...plan, ...other })).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    await CountStore.open(at, plan);
  });

  it('are refused when a single byte is damaged', async () => {
    const { plan, at } = await kept('damaged');
    const path = join(at, 'counts.bin');
    const whole = readFileSync(path);
    const store = await CountStore.open(at, plan);
    for (const byte of [0, 40, whole.length >> 1, whole.length - 1]) {
      const damaged = Buffer.from(whole);
      damaged[byte] = damaged[byte]! ^ 1;
      writeFileSync(path, damaged);
      await expect(store.load(freshTally(plan))).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT' });
    }
    writeFileSync(path, whole.subarray(0, 10));
    await expect(store.load(freshTally(plan))).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT' });
  });
});

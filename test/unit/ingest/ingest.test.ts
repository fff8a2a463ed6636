// From files to vocabulary and pairs: wherever episodes are cut, and whenever they are made again, the pairs are the same.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describeTextFaults, NO_TEXT_FAULTS } from '../../../coordinator/corpus/text-faults.ts';
import { Ingest } from '../../../coordinator/ingest/ingest.ts';
import type { Normalisation, Sentence } from '../../../coordinator/ingest/normalisation.ts';
import { AS_IT_STANDS, wordsOf } from '../../../coordinator/ingest/normalisation.ts';
import { MEMORY, ONCE, SILENT } from './ingest-edges.ts';
import type { Counted } from '../../../coordinator/ingest/requests.ts';
import type { CorpusPosition, Episode } from '../../../coordinator/leases/episode.ts';
import { below, hashAt } from '../../../word2vec/random.ts';

/** What these tests train: nothing of it changes where pairs begin and end. */
const PLAIN = { model: 'skipgram', hs: false, schedule: 'grid', exact: true, sentence: 'line' } as const;

const START: CorpusPosition = { epoch: 0, split: 0, line: 0, token: 0, tokens: 0, beyond: 0 };
const EPOCHS = 3;

let folder: string;
let text: string[];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-ingest-'));
  let at = 0;
  const word = (): string => `w${below(hashAt(5, at++), below(hashAt(6, at++), 200) + 1)}`;
  const line = (length: number): string => Array.from({ length }, word).join(' ');
  // Blank lines, lines beyond the 1,000 tokens of a sentence, and words too rare to count.
  text = Array.from({ length: 300 }, (_, k) =>
    k % 50 === 7 ? line(3500) : k % 9 === 0 ? '' : `${line(k % 40)} rare${k}`,
  );
  writeFileSync(join(folder, 'a.txt'), `${text.slice(0, 150).join('\n')}\n`);
  writeFileSync(join(folder, 'b.txt.gz'), gzipSync(text.slice(150).join('\r\n')));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const opened: Ingest[] = [];
afterEach(async () => {
  for (const ingest of opened.splice(0)) await ingest.close();
});

async function open(corpus: string[] = [folder], vocab = '', splitBytes = 4096, rules = AS_IT_STANDS): Promise<Ingest> {
  const ingest = new Ingest(SILENT);
  opened.push(ingest);
  await ingest.open({ kind: 'open', corpus, options: {}, vocab, normalisation: rules, memory: MEMORY, splitBytes });
  return ingest;
}

async function openAndCount(
  sentence: Sentence = 'line',
  splitBytes = 4096,
): Promise<{ ingest: Ingest; counted: Counted; total: number }> {
  const ingest = await open([folder], '', splitBytes);
  const counted = await ingest.count({ ...ONCE, minCount: 3, maxVocab: 1000 });
  const { words, counts, heldOut } = counted;
  ingest.train({
    kind: 'train',
    words,
    counts,
    seed: 9,
    window: 4,
    sample: 1e-2,
    epochs: EPOCHS,
    heldOutLimit: heldOut.limit,
    ...PLAIN,
    sentence,
  });
  return { ingest, counted, total: counts.reduce((sum, count) => sum + count, 0) };
}

/** Episodes of about `size` tokens to the end of the run. */
async function episodesOf(ingest: Ingest, total: number, size: number): Promise<Episode[]> {
  const episodes: Episode[] = [];
  let from = START;
  while (from.tokens < total * EPOCHS) {
    const episode = await ingest.prepare({
      kind: 'prepare',
      number: episodes.length,
      from,
      until: from.tokens + size,
      stop: null,
      parts: 3,
    });
    // Beyond what was counted, tokens stand still.
    expect(episode.to.tokens + episode.to.beyond).toBeGreaterThan(
      from.tokens + (from.epoch < episode.to.epoch ? 0 : from.beyond),
    );
    episodes.push(episode);
    from = episode.to;
  }
  return episodes;
}

/** Every pair, counted: order within a block differs with the cuts. */
function pairCounts(episodes: readonly Episode[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { inputs, outputs, offsets, parts } of episodes) {
    for (let block = 0; block < parts * parts; block++) {
      for (let at = offsets[block]!; at < offsets[block + 1]!; at++) {
        const pair = `${block} ${inputs[at]} ${outputs[at]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    }
  }
  return counts;
}

describe('counting', () => {
  it('counts what stands between blanks, over all files', async () => {
    const { counted, total } = await openAndCount();
    const expected = new Map<string, number>();
    for (const word of text.join(' ').split(' ')) if (word !== '') expected.set(word, (expected.get(word) ?? 0) + 1);
    expect(counted.origin.distinct).toBe(expected.size);
    expect(counted.origin.tokens).toBe([...expected.values()].reduce((sum, count) => sum + count, 0));
    const frequent = [...expected].filter(([, count]) => count >= 3);
    expect(Object.fromEntries(counted.words.map((word, id) => [word, counted.counts[id]]))).toEqual(
      Object.fromEntries(frequent),
    );
    expect(total).toBeLessThan(counted.origin.tokens);
  });

  it('counts only the words of a list', async () => {
    writeFileSync(join(folder, 'list'), ': heading w3\nw1 w2\nw4\n');
    const counted = await (
      await open([join(folder, 'a.txt')], join(folder, 'list'))
    ).count({ ...ONCE, minCount: 1, maxVocab: 1000 });
    rmSync(join(folder, 'list'));
    expect([...counted.words].toSorted()).toEqual(['w1', 'w2', 'w4']);
  });

  it('tells a list of other words from a corpus without any', async () => {
    writeFileSync(join(folder, 'list'), 'xyzzy\nplugh\n');
    const ingest = await open([join(folder, 'a.txt')], join(folder, 'list'));
    rmSync(join(folder, 'list'));
    await expect(ingest.count({ ...ONCE, minCount: 1, maxVocab: 1000 })).rejects.toMatchObject({
      code: 'CORPUS_EMPTY',
      hint: expect.stringMatching(/^Give --vocab words of this corpus/) as unknown,
    });
  });

  it('ends soon when interrupted, also where the counts are given', async () => {
    writeFileSync(join(folder, 'counts'), 'w1\t9\nw2\t7\n');
    const ingest = await open([join(folder, 'a.txt')], join(folder, 'counts'));
    rmSync(join(folder, 'counts'));
    const counted = ingest.count({ ...ONCE, minCount: 1, maxVocab: 1000 });
    ingest.interrupt();
    await expect(counted).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('episodes', () => {
  it.each<Sentence>(['line', 2, 17, 1000])(
    'of sentences of %s hold the same pairs wherever they are cut',
    async (sentence) => {
      const { ingest, total } = await openAndCount(sentence);
      const whole = await episodesOf(ingest, total, total * EPOCHS);
      expect(whole).toHaveLength(1);
      const expected = pairCounts(whole);
      for (const [size, splitBytes] of [
        [500, 4096],
        [1777, 999],
        [5000, 1 << 20],
        [total, 30_000],
      ] as const) {
        const { ingest: again } = await openAndCount(sentence, splitBytes);
        const episodes = await episodesOf(again, total, size);
        expect(episodes.length).toBeGreaterThan(1);
        expect(episodes.at(-1)!.to.tokens).toBe(total * EPOCHS);
        expect(pairCounts(episodes)).toEqual(expected);
      }
    },
  );

  it.each<Sentence>(['line', 30])('of sentences of %s are made again, in any order, bit by bit', async (sentence) => {
    const { ingest, total } = await openAndCount(sentence);
    const episodes = await episodesOf(ingest, total, 1777);
    const { ingest: fresh } = await openAndCount(sentence);
    for (const k of [5, 6, 2, 0, episodes.length - 1, 3]) {
      const { number, from, to, parts, inputs, outputs, offsets } = episodes[k]!;
      const again = await fresh.prepare({ kind: 'prepare', number, from, until: to.tokens, stop: to, parts });
      expect(again.to).toEqual(to);
      expect([again.inputs, again.outputs, again.offsets]).toEqual([inputs, outputs, offsets]);
    }
  });

  it('in memory that is used again have the same pairs, and two take no more than two', async () => {
    const { ingest, total } = await openAndCount();
    const { ingest: fresh } = await openAndCount();
    const episodes = await episodesOf(ingest, total, 1777);
    expect(episodes.length).toBeGreaterThan(10);
    const open: Episode[] = [];
    const buffers = new Set<ArrayBuffer>();
    for (const { number, from, to, parts, inputs, outputs, offsets } of episodes) {
      if (open.length === 2) {
        const done = open.shift()!;
        // What is left of old pairs must not matter.
        done.inputs.fill(0xffffffff);
        fresh.giveBack(done);
      }
      const again = await fresh.prepare({ kind: 'prepare', number, from, until: to.tokens, stop: to, parts });
      expect([again.inputs, again.outputs, again.offsets]).toEqual([inputs, outputs, offsets]);
      buffers.add(again.inputs.buffer).add(again.outputs.buffer);
      open.push(again);
    }
    expect(buffers.size).toBe(4);
  });

  it.each([2, 7, 1000])('of sentences of %s words join lines, and no two files', async (sentence) => {
    const rules: Normalisation = { lowercase: true, tokenizer: 'unicode', digits: 'zero' };
    const files = [
      'One, two; three\nfour five. Six\n\nseven eight 9',
      'ten eleven\n12 thirteen\n'.repeat(9),
      '\n\n',
      'end of all',
    ];
    const paths = files.map((_, k) => join(folder, `sentences-${k}.txt`));
    for (const [k, words] of files.entries()) writeFileSync(paths[k]!, words);
    const expected = new Map<string, number>();
    for (const file of files) {
      const words = file.split('\n').flatMap((line) => wordsOf(line, rules));
      for (let k = 1; k < words.length; k++) {
        if (k % sentence === 0) continue;
        for (const pair of [`${words[k - 1]} ${words[k]}`, `${words[k]} ${words[k - 1]}`])
          expected.set(pair, (expected.get(pair) ?? 0) + 1);
      }
    }
    const ingest = await open(paths, '', 16, rules);
    const { words, counts, origin } = await ingest.count({ ...ONCE, minCount: 1, maxVocab: 100 });
    const { tokens } = origin;
    const request = { words, counts, seed: 1, window: 1, sample: 0, epochs: 1, heldOutLimit: 0 };
    ingest.train({ kind: 'train', ...request, ...PLAIN, schedule: 'downpour', sentence });
    const found = new Map<string, number>();
    let from = START;
    for (let number = 0; from.tokens < tokens; number++) {
      const until = from.tokens + 1;
      const { inputs, outputs, to } = await ingest.prepare({
        kind: 'prepare',
        number,
        from,
        until,
        stop: null,
        parts: 1,
      });
      for (const [k, input] of inputs.entries()) {
        const pair = `${words[input]} ${words[outputs[k]!]}`;
        found.set(pair, (found.get(pair) ?? 0) + 1);
      }
      from = to;
    }
    for (const path of paths) rmSync(path);
    expect(found).toEqual(expected);
  });

  it.each([
    [0.5, 'line'],
    [0.5, 40],
    [1.5, 'line'],
    [1.5, 40],
  ] as const)('with counts that are %s of what the corpus has end where they said, by %s', async (share, sentence) => {
    const train = async (): Promise<{ ingest: Ingest; total: number }> => {
      const ingest = await open();
      const { words, counts, heldOut } = await ingest.count({ ...ONCE, minCount: 3, maxVocab: 1000 });
      const request = { words, counts: counts.map((count) => Math.ceil(count * share)), heldOutLimit: heldOut.limit };
      const settings = { seed: 9, window: 4, sample: 1e-2, epochs: EPOCHS };
      ingest.train({ kind: 'train', ...request, ...settings, ...PLAIN, exact: false, sentence });
      return { ingest, total: request.counts.reduce((sum, count) => sum + count, 0) };
    };
    const { ingest, total } = await train();
    const episodes = await episodesOf(ingest, total, 1777);
    expect(episodes.at(-1)!.to.tokens).toBe(total * EPOCHS);
    expect(Math.max(...episodes.map(({ to }) => to.beyond)) > 0).toBe(share < 1);
    // Beyond what was counted too, episodes are as long as was asked for: some are beyond it as a whole.
    expect(episodes.some(({ from, to }) => from.tokens === to.tokens)).toBe(share < 1);
    // However they are cut, and made again.
    const { ingest: other } = await train();
    const whole = await episodesOf(other, total, total * EPOCHS);
    expect(pairCounts(episodes)).toEqual(pairCounts(whole));
    for (const k of [3, 1, episodes.length - 1, 2, 0]) {
      const { number, from, to, parts, inputs, outputs } = episodes[k]!;
      const again = await other.prepare({ kind: 'prepare', number, from, until: to.tokens, stop: to, parts });
      expect([again.to, again.inputs, again.outputs]).toEqual([to, inputs, outputs]);
    }
  });

  it('notice a file that changed since it was counted', async () => {
    const path = join(folder, 'changing.txt');
    writeFileSync(path, 'one two three four\n'.repeat(100));
    const ingest = await open([path]);
    const { words, counts } = await ingest.count({ ...ONCE, minCount: 1, maxVocab: 10 });
    // The file is as it was; the counts are those of another.
    ingest.train({
      kind: 'train',
      words,
      counts: counts.map((count) => count + 1),
      seed: 1,
      window: 2,
      sample: 0,
      epochs: 2,
      heldOutLimit: 0,
      ...PLAIN,
    });
    await expect(
      ingest.prepare({ kind: 'prepare', number: 0, from: START, until: 808, stop: null, parts: 1 }),
    ).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });
});

describe('text that must be repaired', () => {
  it('is counted, with the first file that has it, and told in a line each', async () => {
    const path = (name: string): string => join(folder, name);
    writeFileSync(path('clean.text'), 'word '.repeat(2000));
    writeFileSync(path('latin1.text'), Buffer.from('caf\xe9 word\n\xff\xff word\n', 'latin1'));
    writeFileSync(path('late.text'), Buffer.concat([Buffer.from('word '.repeat(3000)), Buffer.of(0xe2, 0x82)]));
    writeFileSync(path('long.text'), `short\n${'longer word '.repeat(300_000)}\nshort\n`);
    const ingest = await open(['clean.text', 'latin1.text', 'late.text', 'long.text'].map(path));
    const { textFaults } = await ingest.count({ ...ONCE, minCount: 1, maxVocab: 1000 });
    expect(textFaults).toEqual({
      replaced: { count: 4, file: path('late.text') },
      cut: { count: 1, file: path('long.text') },
    });
    expect(describeTextFaults(textFaults)).toEqual([
      expect.stringMatching(/^4 byte sequences are no UTF-8 .*late\.text/),
      expect.stringMatching(/^1 line is longer than 1 MiB .*long\.text/),
    ]);
  });

  it('has a file for each kind of repair that was made, and for no other', async () => {
    const path = join(folder, 'latin1-alone.text');
    writeFileSync(path, Buffer.from(`caf\xe9 word\n${'word '.repeat(100)}\n`, 'latin1'));
    const ingest = await open([path]);
    const { textFaults } = await ingest.count({ ...ONCE, minCount: 1, maxVocab: 1000 });
    expect(textFaults).toEqual({ replaced: { count: 1, file: path }, cut: { count: 0, file: '' } });
  });

  it('is not spoken of where there is none', async () => {
    const { counted } = await openAndCount();
    expect(counted.textFaults).toEqual(NO_TEXT_FAULTS);
    expect(describeTextFaults(counted.textFaults)).toEqual([]);
  });
});

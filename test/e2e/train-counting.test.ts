// Counting at scale: interrupted and killed in the middle it goes on where it was, and a cluster's own counts spare it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { below, hashAt } from '../../word2vec/random.ts';
import { sharedHdfs } from '../hdfs/shared.ts';
import { CoordinatorProcess, until } from './coordinator-process.ts';
import { auditJournal } from './journal-audit.ts';
import { stallingNameNode } from './stalling-name-node.ts';
import { eventsOf, makeFolder, tributary } from './train-setup.ts';

const hdfs = sharedHdfs();
const folder = makeFolder();
afterAll(() => folder.remove());

const SETTINGS = ['--dim', '8', '--min-count', '2', '--epochs', '1', '--local', '1', '--exit'];
const ACCESS = ['--hdfs-user', hdfs.superuser, '--hdfs-host-map', hdfs.hostMap];

/** Lines of words, frequent ones more often; some repeat, and each text has words of its own. */
function textOf(seed: number, lines: number): string {
  let at = 0;
  const word = (): string => `w${below(hashAt(seed, at++), below(hashAt(seed + 1, at++), 900) + 1)}`;
  const line = (k: number): string =>
    [...Array.from({ length: 10 }, word), ...(k % 50 === 0 ? [`only${seed}`, 'naïve'] : [])].join(' ');
  return Array.from({ length: lines }, (_, k) => `${line(k)}\n`).join('');
}

function vocabularyIn(out: string): string {
  return readFileSync(join(out, 'vocab.txt'), 'utf8');
}

/** Words with their counts, most frequent first, equal counts by code unit. */
function vocabularyOf(text: string, minCount: number): string {
  const counts = new Map<string, number>();
  for (const word of text.split(/\s+/)) if (word !== '') counts.set(word, (counts.get(word) ?? 0) + 1);
  const kept = [...counts].filter(([, count]) => count >= minCount);
  const sorted = kept.toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return sorted.map(([word, count]) => `${word} ${count}\n`).join('');
}

describe('a run that is interrupted while it counts', () => {
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    it(`by ${signal} goes on with --resume, and opens no file again that it had counted`, async () => {
      const corpus = `/counting/${signal}`;
      const texts = Array.from({ length: 6 }, (_, k) => textOf(k, signal === 'SIGINT' ? 2000 : 15_000));
      for (const [k, text] of texts.entries()) await hdfs.put(`${corpus}/${k}.txt`, Buffer.from(text));
      const front = await stallingNameNode(hdfs.url);
      try {
        const out = folder.at(signal);
        front.stalls = '/5.txt';
        const first = new CoordinatorProcess([`${front.url}${corpus}`, ...SETTINGS, ...ACCESS, '--out', out]);
        await first.event('listening');
        // A thread stands still before the last file; all others are counted, and that is kept.
        const counts = join(out, 'counting', 'counts.bin');
        await until('the counts', 60_000, () =>
          existsSync(counts) && readFileSync(counts, 'latin1').includes('"lines":[-1,-1,-1,-1,-1,0]')
            ? true
            : undefined,
        );
        first.child.kill(signal);
        expect(await first.exit()).toBe(signal === 'SIGINT' ? 130 : null);
        if (signal === 'SIGINT')
          expect(first.events.at(-1)).toEqual({ event: 'interrupted', checkpoint: null, counted: true });
        expect(front.opened.toSorted()).toEqual([0, 1, 2, 3, 4].map((k) => `${corpus}/${k}.txt`));

        front.opened.length = 0;
        front.stalls = '';
        const second = new CoordinatorProcess(['--resume', out, ...ACCESS, '--local', '1', '--exit']);
        const vocabulary = await second.event('vocabulary');
        expect(vocabulary['counts']).toMatchObject({ source: 'counted', splits: 6, reused: 5, pruned: null });
        expect(second.stderr).toContain('5 of 6 splits had been counted before');
        expect(await second.exit()).toBe(0);
        expect(vocabularyIn(out)).toBe(vocabularyOf(texts.join(''), 2));
        // After the one that was not counted comes the one pass of training.
        expect(front.opened).toEqual([5, 0, 1, 2, 3, 4, 5].map((k) => `${corpus}/${k}.txt`));
        expect(existsSync(join(out, 'counting'))).toBe(false);
        expect(auditJournal(join(out, 'journal.jsonl')).faults).toEqual([]);
      } finally {
        front.close();
      }
    });
  }

  it('by a file that cannot be read goes on when it can, and refuses another file in its place', async () => {
    const texts = Array.from({ length: 4 }, (_, k) => textOf(k, 2000));
    for (const [k, text] of texts.entries()) await hdfs.put(`/counting/denied/${k}.txt`, Buffer.from(text));
    const access = ['--hdfs-user', 'somebody', '--hdfs-host-map', hdfs.hostMap];
    const out = folder.at('denied');
    await hdfs.change('/counting/denied/3.txt', 'SETPERMISSION', { permission: '600' });
    const settings = [...SETTINGS, '--port', '0', '--json', '--out', out];
    const first = await tributary(['train', `${hdfs.url}/counting/denied`, ...settings, ...access], folder.path);
    expect(first.exit).toBe(1);
    expect(eventsOf(first.stdout).at(-1)).toMatchObject({ event: 'error', code: 'HDFS_DENIED' });
    expect(first.stderr).toContain(`What is counted is kept: go on with --resume ${out}`);

    await hdfs.put('/counting/denied/1.txt', Buffer.from(textOf(9, 2000)));
    const resume = ['train', '--resume', out, ...access, '--local', '1', '--exit', '--port', '0', '--json'];
    const other = await tributary(resume, folder.path);
    expect(other.exit).toBe(1);
    expect(eventsOf(other.stdout).at(-1)).toMatchObject({
      event: 'error',
      code: 'SOURCE_CHANGED',
      message: expect.stringContaining('/counting/denied/1.txt was replaced or written to') as unknown,
    });
  });
});

describe('counts of the cluster', () => {
  const WORD_COUNT = 'org.apache.hadoop.examples.WordCount';
  const corpus = '/counting/given/corpus';
  const text = textOf(7, 20_000);

  it("by Hadoop's stock word count are our own, word for word, and spare the counting", async () => {
    await hdfs.put(`${corpus}/a.txt`, Buffer.from(text.slice(0, text.indexOf('\n', 300_000) + 1)));
    await hdfs.put(`${corpus}/b.txt`, Buffer.from(text.slice(text.indexOf('\n', 300_000) + 1)));
    const properties = { 'mapreduce.job.reduces': 3 };
    await hdfs.runJob({ mainClass: WORD_COUNT, args: [corpus, '/counting/given/counts'], properties });
    const front = await stallingNameNode(hdfs.url);
    try {
      const vocab = ['--vocab', `${hdfs.url}/counting/given/counts/part-*`];
      const given = folder.at('given');
      const run = new CoordinatorProcess([`${front.url}${corpus}`, ...SETTINGS, ...ACCESS, ...vocab, '--out', given]);
      expect(await run.exit()).toBe(0);
      const expected = vocabularyOf(text, 2);
      expect(vocabularyIn(given)).toBe(expected);
      const tokens = text.split(/\s+/).filter((word) => word !== '').length;
      const { counts } = JSON.parse(readFileSync(join(given, 'run.json'), 'utf8')) as { counts: unknown };
      const origin = { source: 'given', path: vocab[1], tokens, threads: 0, pruned: null };
      expect(counts).toMatchObject(origin);
      expect((await run.event('vocabulary'))['counts']).toMatchObject(origin);
      expect(run.stderr).not.toContain('warning');
      // A sample of the small corpus, which is all of it, and the pass of training.
      expect(front.opened).toEqual(['a', 'b', 'a', 'b'].map((name) => `${corpus}/${name}.txt`));

      const own = folder.at('own');
      const settings = [...SETTINGS, ...ACCESS, '--port', '0', '--out', own];
      expect((await tributary(['train', `${hdfs.url}${corpus}`, ...settings], folder.path)).exit).toBe(0);
      expect(vocabularyIn(own)).toBe(expected);
      expect(readFileSync(join(own, 'held-out.txt'), 'utf8')).toBe(readFileSync(join(given, 'held-out.txt'), 'utf8'));
    } finally {
      front.close();
    }
  });

  it('of more text than there is are told with both numbers; of another corpus they are refused', async () => {
    const own = folder.at('own-corpus.txt');
    writeFileSync(own, text);
    const more = folder.at('more.txt');
    const doubled = vocabularyOf(text, 1).replace(/ (\d+)$/gm, (_, count: string) => `\t${2 * Number(count)}`);
    writeFileSync(more, doubled);
    const settings = [...SETTINGS, '--port', '0', '--json'];
    const run = await tributary(['train', own, ...settings, '--vocab', more, '--out', folder.at('more')], folder.path);
    expect(run.exit).toBe(0);
    const words = text.split(/\s+/).filter((word) => word !== '').length;
    const [found, said] = [words, 2 * words].map((count) => count.toLocaleString('en'));
    expect(run.stderr).toContain(
      `warning: the first epoch held ${found} words of the vocabulary, the counts say ${said}`,
    );

    const foreign = folder.at('foreign.txt');
    writeFileSync(foreign, 'le\t900\nla\t800\nnaïve\t3\n');
    const out = folder.at('foreign');
    const refused = await tributary(['train', own, ...settings, '--vocab', foreign, '--out', out], folder.path);
    expect(refused.exit).toBe(1);
    expect(eventsOf(refused.stdout).at(-1)).toMatchObject({ event: 'error', code: 'VOCABULARY_FOREIGN' });
    expect(existsSync(out)).toBe(false);
  });
});

it('a table that is full forgets rare words, and says so wherever it is asked', async () => {
  const corpus = folder.at('rare.txt');
  const rare = Array.from({ length: 330_000 }, (_, k) => `rare${hashAt(3, k)}`);
  writeFileSync(
    corpus,
    `${textOf(5, 3000)}${rare.map((word, k) => `${word} w${1 + (k % 500)}${k % 10 === 0 ? '\n' : ' '}`).join('')}\n`,
  );
  const out = folder.at('rare');
  const settings = [...SETTINGS, '--port', '0', '--json', '--count-memory', '16', '--out', out];
  const run = await tributary(['train', corpus, ...settings], folder.path);
  expect(run.exit).toBe(0);
  expect(run.stderr).toContain('warning: the memory for counting (16 MiB) is full');
  expect(run.stderr).toMatch(/warning: memory did not suffice .* Counts may be too low by up to \d+/);
  const { counts } = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as {
    counts: { pruned: { tokens: number; most: number } };
  };
  expect(counts.pruned.tokens).toBeGreaterThan(100_000);
  expect(eventsOf(run.stdout).find(({ event }) => event === 'vocabulary')).toMatchObject({ counts });
  expect(vocabularyIn(out)).toMatch(/^w\d+ \d+\n/);
});

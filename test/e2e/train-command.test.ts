// The command line of `tributary train`: what it refuses and how it says so, and what it leaves behind.
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseVectors } from '../../word2vec/vector-file.ts';
import { CoordinatorProcess } from './coordinator-process.ts';
import { eventsOf, makeCertificate, makeFolder, tributary, writeCorpus } from './train-setup.ts';

const folder = makeFolder();
let taken: Server;

beforeAll(async () => {
  writeCorpus(folder.at('corpus.txt'), 2000);
  writeFileSync(folder.at('empty.txt'), '');
  writeFileSync(folder.at('blank.txt'), ' \n\t\n\n');
  writeFileSync(folder.at('one.txt'), 'word word word word word word\n');
  writeFileSync(folder.at('rare.txt'), 'all these words are seen only once\n');
  writeFileSync(folder.at('short-token'), 'abc\n');
  writeFileSync(folder.at('file'), 'no folder');
  mkdirSync(folder.at('full'));
  mkdirSync(folder.at('nothing'));
  writeFileSync(folder.at('full', 'work.txt'), 'of somebody');
  for (const name of ['a', 'b']) {
    makeCertificate(folder.at(`${name}.key`), folder.at(`${name}.crt`));
  }
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
});

afterAll(() => {
  taken.close();
  folder.remove();
});

const takenPort = (): string => String((taken.address() as AddressInfo).port);

describe('bad input', () => {
  it.each<[string, string[], number, RegExp]>([
    ['a missing file', ['missing.txt'], 1, /CORPUS_NOT_FOUND: .*missing\.txt/],
    ['an empty folder', ['nothing'], 1, /CORPUS_EMPTY: .*nothing/],
    ['an empty file', ['empty.txt'], 1, /CORPUS_EMPTY: .*empty\.txt/],
    ['a corpus without words', ['blank.txt'], 1, /CORPUS_EMPTY: .*blank\.txt/],
    ['a vocabulary of one word', ['one.txt'], 1, /VOCABULARY_\w+: [^]*--min-count/],
    ['words that are all rare', ['rare.txt'], 1, /VOCABULARY_\w+: [^]*--min-count/],
    ['a word list that leaves nothing', ['corpus.txt', '--vocab', 'rare.txt'], 1, /CORPUS_EMPTY: .*word list/],
    ['a missing word list', ['corpus.txt', '--vocab', 'missing.txt'], 1, /CORPUS_NOT_FOUND: .*missing\.txt/],
    ['an unknown scheme', ['ftp://host/file'], 2, /CORPUS_BAD_SPEC: .*ftp/],
    ['a name node that is not there', ['webhdfs://127.0.0.1:9/corpus'], 1, /HDFS_\w+: .*127\.0\.0\.1:9/],
    ['a name that nobody knows', ['webhdfs://name.invalid:9870/corpus'], 1, /HDFS_\w+: .*name\.invalid/],
    ['a wrong host map', ['corpus.txt', '--hdfs-host-map', 'nonsense'], 2, /HOST_MAP_BAD/],
    ['a folder with work in it', ['corpus.txt', '--out', 'full'], 1, /OUT_EXISTS: full [^]*--resume full/],
    ['a folder that is a file', ['corpus.txt', '--out', 'file'], 1, /OUT_UNUSABLE: .*file/],
    ['a folder below a file', ['corpus.txt', '--out', 'file/run'], 1, /OUT_UNUSABLE: .*file/],
    ['a host that is not here', ['corpus.txt', '--host', '192.0.2.1'], 1, /HOST_UNKNOWN: 192\.0\.2\.1/],
    ['a host without address', ['corpus.txt', '--host', 'name.invalid'], 1, /HOST_UNKNOWN: name\.invalid/],
    ['--tls-cert alone', ['corpus.txt', '--tls-cert', 'a.crt'], 2, /TLS_FILES: .*belong together/],
    [
      'a certificate that is missing',
      ['corpus.txt', '--tls-cert', 'x.crt', '--tls-key', 'a.key'],
      2,
      /TLS_FILES: .*x\.crt/,
    ],
    [
      "another certificate's key",
      ['corpus.txt', '--tls-cert', 'a.crt', '--tls-key', 'b.key'],
      2,
      /TLS_FILES: .*a\.crt and b\.key/,
    ],
    ['a token that is short', ['corpus.txt', '--operator-token-file', 'short-token'], 2, /TOKEN_FILE: .*16 characters/],
    ['a token file that is missing', ['corpus.txt', '--operator-token-file', 'none'], 2, /TOKEN_FILE: .*none/],
    ['nothing to resume', ['--resume', 'nothing'], 1, /CHECKPOINT_MISSING: .*nothing/],
    ['settings that the checkpoint has', ['--resume', 'full', '--dim', '50'], 2, /RESUME_OPTIONS: .*--dim/],
    ['other words than the checkpoint', ['--resume', 'full', '--digits', 'zero'], 2, /RESUME_OPTIONS: .*--digits/],
    ['a corpus and --resume', ['corpus.txt', '--resume', 'full'], 2, /RESUME_OPTIONS: .*corpus/],
    ['--dim 0', ['corpus.txt', '--dim', '0'], 2, /--dim .*1 to 1024/],
    ['--dim in words', ['corpus.txt', '--dim', 'ten'], 2, /--dim/],
    ['--epochs 0', ['corpus.txt', '--epochs', '0'], 2, /--epochs/],
    ['--alpha 0', ['corpus.txt', '--alpha', '0'], 2, /--alpha/],
    ['--sample in words', ['corpus.txt', '--sample', 'x'], 2, /--sample/],
    ['--port 70000', ['corpus.txt', '--port', '70000'], 2, /--port .*65535/],
    ['an unknown schedule', ['corpus.txt', '--schedule', 'random'], 2, /--schedule .*grid/],
    ['an unknown tokenizer', ['corpus.txt', '--tokenizer', 'icu'], 2, /--tokenizer .*unicode/],
    ['a sentence of one word', ['corpus.txt', '--sentence', '1'], 2, /--sentence .*2 to 1000/],
    ['an unknown option', ['corpus.txt', '--frobnicate'], 2, /--frobnicate/],
  ])('%s', async (_what, args, exit, message) => {
    const before = readdirSync(folder.path);
    const has = (name: string): boolean => args.includes(name);
    const rest = [
      ...(has('--port') ? [] : ['--port', '0']),
      ...(has('--out') || has('--resume') ? [] : ['--out', 'run']),
    ];
    const ended = await tributary(['train', ...args, ...rest, '--exit'], folder.path);
    expect(ended.stderr).toMatch(message);
    expect(ended.exit).toBe(exit);
    expect(ended.stderr).not.toMatch(/^ {4}at /m);
    // Nothing was made, and nothing was lost.
    expect(readdirSync(folder.path)).toEqual(before);
    expect(readFileSync(folder.at('full', 'work.txt'), 'utf8')).toBe('of somebody');
  });

  it('a port that is taken', async () => {
    const ended = await tributary(
      ['train', 'corpus.txt', '--port', takenPort(), '--out', 'run', '--json'],
      folder.path,
    );
    expect(ended.exit).toBe(1);
    expect(ended.stderr).toMatch(/PORT_IN_USE: 127\.0\.0\.1:\d+ [^]*--port/);
    expect(eventsOf(ended.stdout)).toMatchObject([{ event: 'error', code: 'PORT_IN_USE' }]);
    expect(existsSync(folder.at('run'))).toBe(false);
  });

  it('an unknown verb', async () => {
    expect(await tributary(['fly'], folder.path)).toMatchObject({
      exit: 2,
      stderr: expect.stringMatching(/fly/) as string,
    });
  });
});

describe('help', () => {
  it.each([[['--help']], [['train', '--help']], [['--version']]])('%j exits with 0', async (args) => {
    const { exit, stdout, stderr } = await tributary(args, folder.path);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout.length).toBeGreaterThan(4);
    if (args[0] === 'train')
      for (const name of ['--out', '--resume', '--tls-cert', '--json']) expect(stdout).toContain(name);
  });
});

describe('a run for scripts', () => {
  it('says what was promised on stdout, and leaves the promised files', async () => {
    const out = folder.at('run-json');
    const args = [
      'train',
      'corpus.txt',
      '--dim',
      '12',
      '--min-count',
      '2',
      '--epochs',
      '2',
      '--local',
      '1',
      '--port',
      '0',
      '--out',
      out,
    ];
    const ended = await tributary([...args, '--exit', '--json'], folder.path);
    expect(ended.exit).toBe(0);
    const events = eventsOf(ended.stdout);
    const named = (name: string): Readonly<Record<string, unknown>>[] =>
      events.filter((event) => event['event'] === name);
    expect(events[0]).toMatchObject({
      event: 'listening',
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/) as string,
    });
    expect(named('vocabulary')).toMatchObject([
      { words: expect.any(Number) as number, tokens: expect.any(Number) as number },
    ]);
    const [vocabulary, done] = [named('vocabulary')[0]!, named('done')[0]!];
    expect(done).toMatchObject({
      vectors: join(out, 'vectors.bin'),
      words: vocabulary['words'],
      seconds: expect.any(Number) as number,
    });
    // The plots' points are kept every 15 s, which a run on a fast machine does not last.
    expect(
      readdirSync(out)
        .filter((name) => name !== 'history.json')
        .toSorted(),
    ).toEqual(['checkpoint', 'events.jsonl', 'journal.jsonl', 'run.json', 'vectors.bin', 'vectors.txt', 'vocab.txt']);

    const words = readFileSync(join(out, 'vocab.txt'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' '));
    const counts = words.map(([, count]) => Number(count));
    expect(counts).toEqual(counts.toSorted((a, b) => b - a));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(vocabulary['tokens']);
    const binary = await parseVectors(createReadStream(join(out, 'vectors.bin')));
    const text = await parseVectors(createReadStream(join(out, 'vectors.txt')));
    expect([binary.words, binary.dim]).toEqual([words.map(([word]) => word), 12]);
    expect(text.words).toEqual(binary.words);
    expect([...text.values]).toEqual([...binary.values]);
    const record = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as Record<string, unknown>;
    expect(record).toMatchObject({
      configuration: { dim: 12, epochs: 2, corpus: [folder.at('corpus.txt')] },
      outcome: 'trained',
      textFaults: { replaced: { count: 0, file: '' }, cut: { count: 0, file: '' } },
    });
    expect(record['tributary']).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('trains the words and sentences that were asked for, also when resumed', async () => {
    const out = folder.at('run-words');
    const sentences = '“ÉCOLE,” said the Fox—in 1914,\nto the well-known e\u0301cole of 1915.\n'.repeat(60);
    writeFileSync(folder.at('words.txt'), sentences);
    writeFileSync(folder.at('words-list.txt'), 'École FOX 2015 Well-Known said the');
    const text = ['--lowercase', '--tokenizer', 'unicode', '--digits', 'zero', '--sentence', '40'];
    const rest = ['--vocab', 'words-list.txt', '--dim', '4', '--epochs', '1', '--local', '1', '--port', '0', '--exit'];
    const ended = await tributary(['train', 'words.txt', ...text, ...rest, '--out', out], folder.path);
    expect(ended).toMatchObject({ exit: 0 });
    const counts = readFileSync(join(out, 'vocab.txt'), 'utf8');
    expect(counts).toBe('0000 120\nthe 120\nécole 120\nfox 60\nsaid 60\nwell-known 60\n');
    const rules = { lowercase: true, tokenizer: 'unicode', digits: 'zero', sentence: 40 };
    const record = (): unknown => JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'));
    expect(record()).toMatchObject({ configuration: rules, outcome: 'trained' });
    rmSync(join(out, 'run.json'));
    expect(await tributary(['train', '--resume', out, '--port', '0', '--exit'], folder.path)).toMatchObject({
      exit: 0,
    });
    expect(record()).toMatchObject({ configuration: rules, outcome: 'trained' });
  });

  it('keeps the work when the results cannot be written, and says how to get them', async () => {
    const out = folder.at('run-unwritable');
    const coordinator = new CoordinatorProcess([
      folder.at('corpus.txt'),
      '--dim',
      '12',
      '--epochs',
      '3',
      '--local',
      '1',
      '--out',
      out,
      '--exit',
    ]);
    await coordinator.event('vocabulary');
    mkdirSync(join(out, 'vectors.txt.tmp')); // no file can have that name now
    expect(await coordinator.exit()).toBe(1);
    expect(coordinator.events.at(-1)).toMatchObject({ event: 'error', code: 'RESULTS_UNWRITABLE' });
    expect(coordinator.stderr).toContain(`--resume ${out}`);
    rmSync(join(out, 'vectors.txt.tmp'), { recursive: true });
    const resumed = await tributary(['train', '--resume', out, '--exit', '--port', '0'], folder.path);
    expect(resumed).toMatchObject({ exit: 0 });
    expect(existsSync(join(out, 'vectors.txt'))).toBe(true);
  });

  it('ends with the reason, and a checkpoint, when the corpus changes under it', async () => {
    const corpus = folder.at('changing.txt');
    writeCorpus(corpus, 20_000);
    const out = folder.at('run-changed');
    const coordinator = new CoordinatorProcess([
      corpus,
      '--dim',
      '12',
      '--epochs',
      '100',
      '--local',
      '1',
      '--out',
      out,
      '--exit',
    ]);
    await coordinator.event('vocabulary');
    await coordinator.event('progress');
    writeFileSync(corpus, readFileSync(corpus, 'utf8').replaceAll('w1 ', 'w2 '));
    expect(await coordinator.exit()).toBe(1);
    expect(coordinator.events.at(-1)).toMatchObject({ event: 'error', code: 'SOURCE_CHANGED' });
    expect(coordinator.stderr).toContain(`--resume ${out}`);
    expect(existsSync(join(out, 'checkpoint', 'latest'))).toBe(true);
  });

  it('warns when volunteers elsewhere would have no WebGPU', async () => {
    const ended = await tributary(
      ['train', 'empty.txt', '--host', '0.0.0.0', '--port', '0', '--out', 'run', '--exit'],
      folder.path,
    );
    expect(ended.stderr).toMatch(/warning: .*WebGPU only on https or localhost.*--tls self-signed/);
  });
});

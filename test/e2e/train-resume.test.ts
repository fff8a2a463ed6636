// Interruption and resumption: Ctrl-C, kill -9 at any moment, damaged checkpoints. Nothing lost, nothing twice.
import {
  cpSync,
  createReadStream,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { PROTOCOL_VERSION } from '../../protocol/limits.ts';
import { encodeToCoordinator } from '../../protocol/to-coordinator.ts';
import { parseVectors } from '../../word2vec/vector-file.ts';
import { CoordinatorProcess, until } from './coordinator-process.ts';
import type { Audit } from './journal-audit.ts';
import { auditJournal } from './journal-audit.ts';
import { makeFolder, tributary, writeCorpus } from './train-setup.ts';

const folder = makeFolder();
const corpus = folder.at('corpus.txt');
const SETTINGS = ['--dim', '24', '--min-count', '1', '--epochs', '40', '--local', '1', '--exit'];

beforeAll(() => writeCorpus(corpus, 10_000));
afterAll(() => folder.remove());

async function checkpoint(coordinator: CoordinatorProcess): Promise<void> {
  const token = /operator token: (\S+)/.exec(coordinator.stderr)![1]!;
  const url = new URL('/api/run/checkpoint', await coordinator.url());
  const answer = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(200);
}

/** A volunteer that greets, wants work, and is slow to do it. */
async function connectVolunteer(url: string): Promise<WebSocket> {
  const socket = new WebSocket(new URL('volunteer', url.replace('http', 'ws')));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const hello = {
    tag: 'hello',
    version: PROTOCOL_VERSION,
    engine: 'cpu',
    device: 'a test',
    name: '',
    browser: '',
    cacheMiB: 64,
    reads: ['f32'],
    writes: ['f32'],
  } as const;
  socket.send(encodeToCoordinator(hello));
  socket.send(encodeToCoordinator({ tag: 'ready' }));
  await new Promise((resolve) => socket.once('message', resolve));
  return socket;
}

/** Starts a run and waits until a share of it is trained. */
async function startUntil(args: readonly string[], tokens: number): Promise<CoordinatorProcess> {
  const coordinator = new CoordinatorProcess(args);
  await coordinator.event('vocabulary');
  await until(`${tokens} tokens`, 60_000, async () =>
    (await coordinator.status()).progress.done >= tokens ? true : undefined,
  );
  return coordinator;
}

function expectSound(audit: Audit): void {
  expect(audit.faults).toEqual([]);
  expect(audit.entries.at(-1)).toMatchObject({ kind: 'done', tokens: 4_800_000 });
  expect(audit.applied).toBe(audit.chunks);
  expect(audit.chunks).toBeGreaterThan(100);
}

describe('Ctrl-C', () => {
  it('writes a checkpoint, says how to go on, exits with 130, and --resume finishes', async () => {
    const out = folder.at('interrupted');
    const first = await startUntil([corpus, ...SETTINGS, '--out', out], 200_000);
    const volunteer = await connectVolunteer(await first.url());
    first.child.kill('SIGINT');
    // As a terminal and the program that started us may both do.
    setTimeout(() => first.child.kill('SIGINT'), 20);
    expect(await first.exit()).toBe(130);
    expect(volunteer.readyState).not.toBe(WebSocket.OPEN);
    const said = first.events.at(-1)!;
    expect(said).toMatchObject({ event: 'interrupted', checkpoint: join(out, 'checkpoint'), total: 4_800_000 });
    expect(existsSync(join(out, 'vectors.bin'))).toBe(false);

    // From another folder, with nothing but the run's own.
    const second = await tributary(
      ['train', '--resume', out, '--local', '1', '--exit', '--port', '0', '--json'],
      folder.path,
    );
    expect(second.exit).toBe(0);
    const events = second.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const progress = events
      .filter((event) => event['event'] === 'progress' && event['unit'] === 'tokens')
      .map((event) => event['done'] as number);
    expect(Math.min(...progress)).toBeGreaterThanOrEqual(said['done'] as number);
    expect(events.at(-1)).toMatchObject({ event: 'done', outcome: 'trained', tokens: 4_800_000 });
    expectSound(auditJournal(join(out, 'journal.jsonl')));
  });

  it('while the checkpoint is taken up leaves it as it was', async () => {
    const out = folder.at('interrupted-twice');
    const first = await startUntil([corpus, ...SETTINGS, '--out', out], 200_000);
    first.child.kill('SIGINT');
    expect(await first.exit()).toBe(130);
    const second = new CoordinatorProcess(['--resume', out, '--exit']);
    await second.event('listening');
    second.child.kill('SIGINT');
    expect(await second.exit()).toBe(130);
    expect(second.events.at(-1)).toMatchObject({ event: 'interrupted', checkpoint: join(out, 'checkpoint') });
    expect(
      await tributary(['train', '--resume', out, '--local', '1', '--exit', '--port', '0'], folder.path),
    ).toMatchObject({ exit: 0 });
    expectSound(auditJournal(join(out, 'journal.jsonl')));
  });
});

describe('kill -9', () => {
  it('at any moment loses no chunk and applies none twice', async () => {
    const out = folder.at('killed');
    let coordinator = await startUntil([corpus, ...SETTINGS, '--out', out], 50_000);
    await checkpoint(coordinator);
    // Moments spread over training, the writing of a checkpoint, and taking up again.
    for (const [trained, wait, during] of [
      [0, 137, false],
      [200_000, 0, true],
      [400_000, 3, true],
      [0, 11, false],
      [600_000, 15, true],
    ] as const) {
      const from = (await coordinator.status()).progress.done;
      await until('more tokens', 60_000, async () => {
        const { progress, state } = await coordinator.status();
        return progress.done >= Math.max(from, trained) && state !== 'counting' ? true : undefined;
      });
      const written = during ? checkpoint(coordinator).catch(() => undefined) : undefined;
      await sleep(wait);
      await coordinator.kill();
      await written;
      coordinator = new CoordinatorProcess(['--resume', out, '--local', '1', '--exit']);
      await coordinator.event('listening');
    }
    expect(await coordinator.exit()).toBe(0);
    const audit = auditJournal(join(out, 'journal.jsonl'));
    expectSound(audit);
    expect(audit.entries.filter((entry) => entry.kind === 'resumed').length).toBeGreaterThanOrEqual(3);
    expect(readdirSync(join(out, 'checkpoint'))).toHaveLength(2); // the last one, and its name
  });

  it('and resumption give vectors as good as an undisturbed run', async () => {
    const undisturbed = folder.at('undisturbed');
    expect(
      await tributary(
        ['train', corpus, ...SETTINGS, '--rows', 'f32', '--out', undisturbed, '--port', '0'],
        folder.path,
      ),
    ).toMatchObject({ exit: 0 });
    const out = folder.at('disturbed');
    const first = await startUntil([corpus, ...SETTINGS, '--rows', 'f32', '--out', out], 500_000);
    await checkpoint(first);
    await first.kill();
    expect(
      await tributary(['train', '--resume', out, '--local', '1', '--exit', '--port', '0'], folder.path),
    ).toMatchObject({ exit: 0 });
    // A lease is as long as the volunteer is fast, so the order of the chunks differs: no two runs are equal in bits.
    const loss = (path: string): number =>
      (JSON.parse(readFileSync(join(path, 'run.json'), 'utf8')) as { loss: number }).loss;
    expect(Math.abs(loss(out) - loss(undisturbed))).toBeLessThan(0.02 * loss(undisturbed));
    const vectors = await parseVectors(createReadStream(join(out, 'vectors.bin')));
    expect(vectors.values.every((value) => Number.isFinite(value))).toBe(true);
  });
});

describe('a checkpoint', () => {
  const whole = folder.at('whole');
  const model = (out: string): string =>
    join(out, 'checkpoint', readFileSync(join(out, 'checkpoint', 'latest'), 'utf8').trim(), 'model.safetensors');
  const state = (out: string): string => model(out).replace('model.safetensors', 'state.json');

  beforeAll(async () => {
    const coordinator = await startUntil([corpus, ...SETTINGS, '--out', whole], 100_000);
    coordinator.child.kill('SIGINT');
    await coordinator.exit();
  });

  /** Every file with its bytes. */
  function contents(out: string): Record<string, string> {
    const names = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return Object.fromEntries(
      names.map((entry) => [
        join(entry.parentPath, entry.name),
        readFileSync(join(entry.parentPath, entry.name), 'latin1'),
      ]),
    );
  }

  /** Eight bytes from `at`; counted from the end when negative. */
  function overwrite(path: string, at: number, value: number): void {
    const bytes = readFileSync(path);
    const from = at < 0 ? bytes.length + at : at;
    writeFileSync(path, bytes.fill(value, from, from + 8));
  }

  function edit(path: string, change: (text: string) => string): void {
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  }

  it.each<[string, (out: string) => void, string]>([
    ['no pointer', (out) => rmSync(join(out, 'checkpoint', 'latest')), 'CHECKPOINT_MISSING'],
    [
      'a pointer to nothing',
      (out) => writeFileSync(join(out, 'checkpoint', 'latest'), '../../elsewhere\n'),
      'CHECKPOINT_CORRUPT',
    ],
    [
      'a pointer to a missing one',
      (out) => writeFileSync(join(out, 'checkpoint', 'latest'), '000099\n'),
      'CHECKPOINT_CORRUPT',
    ],
    ['a cut model', (out) => truncateSync(model(out), 20_000), 'CHECKPOINT_CORRUPT'],
    ['an empty model', (out) => truncateSync(model(out), 0), 'CHECKPOINT_CORRUPT'],
    ['no model', (out) => rmSync(model(out)), 'CHECKPOINT_CORRUPT'],
    ['a model with a NaN', (out) => overwrite(model(out), -400, 0xff), 'CHECKPOINT_CORRUPT'],
    ['a model whose header is none', (out) => overwrite(model(out), 8, 0x20), 'CHECKPOINT_CORRUPT'],
    ['a model whose header is huge', (out) => overwrite(model(out), 0, 0xff), 'CHECKPOINT_CORRUPT'],
    ['a cut state', (out) => truncateSync(state(out), 300), 'CHECKPOINT_CORRUPT'],
    ['a state that is null', (out) => writeFileSync(state(out), 'null'), 'CHECKPOINT_CORRUPT'],
    [
      'a state of another format',
      (out) => edit(state(out), (text) => text.replace('"format": 3', '"format": 2')),
      'CHECKPOINT_FORMAT',
    ],
    [
      'a state without its corpus',
      (out) => edit(state(out), (text) => text.replace('"bytes"', '"b"')),
      'CHECKPOINT_CORRUPT',
    ],
    [
      'another dimension',
      (out) => edit(state(out), (text) => text.replace('"dim": 24', '"dim": 25')),
      'CHECKPOINT_CORRUPT',
    ],
    ['no vocabulary', (out) => rmSync(join(out, 'vocab.txt')), 'CHECKPOINT_CORRUPT'],
    [
      'another vocabulary',
      (out) => edit(join(out, 'vocab.txt'), (text) => text.replace('w1 ', 'v1 ')),
      'CHECKPOINT_CORRUPT',
    ],
    [
      'a shorter vocabulary',
      (out) => edit(join(out, 'vocab.txt'), (text) => text.slice(text.indexOf('\n') + 1)),
      'CHECKPOINT_CORRUPT',
    ],
    ['no journal', (out) => rmSync(join(out, 'journal.jsonl')), 'CHECKPOINT_CORRUPT'],
    ['a journal that is too short', (out) => truncateSync(join(out, 'journal.jsonl'), 500), 'CHECKPOINT_CORRUPT'],
  ])('with %s is refused, and left as it is', async (_what, damage, code) => {
    const out = folder.at('damaged');
    rmSync(out, { recursive: true, force: true });
    cpSync(whole, out, { recursive: true });
    damage(out);
    const before = contents(out);
    const ended = await tributary(['train', '--resume', out, '--local', '1', '--exit', '--port', '0'], folder.path);
    expect(ended.stderr).toMatch(new RegExp(`^tributary: ${code}: `, 'm'));
    expect(ended.exit).toBe(1);
    expect(ended.stderr).not.toMatch(/^ {4}at /m);
    expect(contents(out)).toEqual(before);
  });

  it.each<[string, (text: string) => string]>([
    ['longer', (text) => `${text}one more line\n`],
    ['other words of the same length', (text) => text.replaceAll(' w1 ', ' v1 ')],
  ])('is not taken up on a corpus with %s', async (_what, change) => {
    const text = readFileSync(corpus, 'utf8');
    const before = contents(whole);
    try {
      writeFileSync(corpus, change(text));
      const ended = await tributary(['train', '--resume', whole, '--local', '1', '--exit', '--port', '0'], folder.path);
      expect(ended).toMatchObject({ exit: 1, stderr: expect.stringMatching(/SOURCE_CHANGED/) as string });
    } finally {
      writeFileSync(corpus, text);
    }
    expect(contents(whole)).toEqual(before);
  });

  it('of a complete run writes the results again', async () => {
    const out = folder.at('complete');
    cpSync(whole, out, { recursive: true });
    const resume = ['train', '--resume', out, '--local', '1', '--exit', '--port', '0'];
    // The same text in a file that is not quite the one of the checkpoint.
    utimesSync(corpus, 1, 1);
    const first = await tributary(resume, folder.path);
    expect(first.exit).toBe(0);
    expect(first.stdout + first.stderr).toMatch(/replaced or touched since the checkpoint/);
    const vectors = readFileSync(join(out, 'vectors.bin'));
    rmSync(join(out, 'vectors.bin'));
    expect(await tributary(resume, folder.path)).toMatchObject({ exit: 0 });
    expect(readFileSync(join(out, 'vectors.bin')).equals(vectors)).toBe(true);
  });
});

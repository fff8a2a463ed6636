// The other ways to train, by the built program: downpour with its rules, hierarchical softmax, CBOW; killed and resumed.
import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DESCENT_RULES } from '../../coordinator/descent/descent.ts';
import { readSafetensors } from '../../coordinator/run/safetensors.ts';
import { parseVectors } from '../../word2vec/vector-file.ts';
import { CoordinatorProcess, until } from './coordinator-process.ts';
import { grammar } from './grammar.ts';
import { auditJournal } from './journal-audit.ts';
import { makeFolder, tributary } from './train-setup.ts';

const folder = makeFolder();
const corpus = folder.at('corpus.txt');
const { text, topics } = grammar({ pairs: 12, sentences: 6000, padding: 0, seed: 7 });
const SETTINGS = ['--dim', '20', '--min-count', '1', '--sample', '0', '--exit', '--json', '--port', '0'];

beforeAll(() => writeFileSync(corpus, text));
afterAll(() => folder.remove());

/** Mean cosine of words of one topic, less that of words of different topics: what was learned. */
async function contrast(path: string): Promise<number> {
  const { words, values, dim } = await parseVectors(createReadStream(path));
  const unit = (word: string): Float64Array => {
    const at = words.indexOf(word) * dim;
    const row = Float64Array.from(values.subarray(at, at + dim));
    const norm = Math.hypot(...row);
    return row.map((value) => value / norm);
  };
  const cosine = (a: string, b: string): number => {
    const other = unit(b);
    return unit(a).reduce((sum, value, d) => sum + value * other[d]!, 0);
  };
  const mean = (cosines: number[]): number => cosines.reduce((a, b) => a + b, 0) / cosines.length;
  const within = topics.map(([first, second]) => cosine(first!, second!));
  const across = topics.map(([first], k) => cosine(first!, topics[(k + 1) % topics.length]![0]!));
  return mean(within) - mean(across);
}

async function trained(name: string, args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const out = folder.at(name);
  const ended = await tributary(['train', corpus, '--out', out, ...SETTINGS, ...args], folder.path);
  expect(ended).toMatchObject({ exit: 0 });
  const { faults, applied, chunks } = auditJournal(join(out, 'journal.jsonl'));
  expect(faults).toEqual([]);
  expect(applied).toBe(chunks);
  const run = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as { configuration: Record<string, unknown> };
  return run.configuration;
}

describe('downpour', () => {
  it.each(DESCENT_RULES)('with %s trains every chunk once, and learns', async (rule) => {
    const args = ['--schedule', 'downpour', '--descent', rule, '--local', '2', '--epochs', '4'];
    expect(await trained(rule, args)).toMatchObject({ schedule: 'downpour', descent: rule });
    expect(await contrast(folder.at(rule, 'vectors.bin'))).toBeGreaterThan(0.1);
  });

  it('goes on after kill -9 with what adagrad remembered', async () => {
    const out = folder.at('killed');
    const sums = async (): Promise<Float32Array> => {
      const name = readFileSync(join(out, 'checkpoint', 'latest'), 'utf8').trim();
      const path = join(out, 'checkpoint', name, 'model.safetensors');
      const rows = readFileSync(join(out, 'vocab.txt'), 'utf8').trimEnd().split('\n').length;
      return (await readSafetensors(path, rows, 20, ['adagrad.input', 'adagrad.output'])).more['adagrad.output']!;
    };
    const args = ['--schedule', 'downpour', '--descent', 'adagrad', '--local', '2', '--epochs', '12'];
    const first = new CoordinatorProcess([corpus, '--out', out, ...args, ...SETTINGS.slice(0, 7)]);
    await first.event('vocabulary');
    const reached = (tokens: number): Promise<boolean> =>
      until(`${tokens} tokens`, 60_000, async () =>
        (await first.status()).progress.done >= tokens ? true : undefined,
      );
    await reached(150_000);
    const token = /operator token: (\S+)/.exec(first.stderr)![1]!;
    const url = new URL('/api/run/checkpoint', await first.url());
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(url, { method: 'POST', headers })).status).toBe(200);
    await reached(250_000);
    await first.kill();
    const before = await sums();
    expect(before.some((value) => value > 0)).toBe(true);
    const second = await tributary(['train', '--resume', out, '--local', '2', '--exit', '--port', '0'], folder.path);
    expect(second).toMatchObject({ exit: 0 });
    const audit = auditJournal(join(out, 'journal.jsonl'));
    expect(audit.faults).toEqual([]);
    expect(audit.applied).toBe(audit.chunks);
    expect(audit.entries.at(-1)).toMatchObject({ kind: 'done' });
    // Sums of squares only ever grow: had the resumed run begun with none, some would be smaller now.
    const after = await sums();
    expect(after.every((value, at) => value >= before[at]!)).toBe(true);
    expect(await contrast(join(out, 'vectors.bin'))).toBeGreaterThan(0.1);
  });
});

describe('hierarchical softmax', () => {
  it('trains on the grid, and learns', async () => {
    expect(await trained('hs', ['--hs', '--local', '2', '--epochs', '4'])).toMatchObject({
      schedule: 'grid',
      descent: null,
      hs: true,
      negative: 0,
    });
    expect(await contrast(folder.at('hs', 'vectors.bin'))).toBeGreaterThan(0.1);
  });
});

describe('CBOW', () => {
  it('trains under downpour, and learns', async () => {
    const args = ['--model', 'cbow', '--schedule', 'downpour', '--local', '2', '--epochs', '4'];
    expect(await trained('cbow', args)).toMatchObject({ model: 'cbow', descent: 'saturation' });
    expect(await contrast(folder.at('cbow', 'vectors.bin'))).toBeGreaterThan(0.1);
  });

  it('takes the CPU in a tab that was told to have WebGPU, which says so', async () => {
    const args = ['--model', 'cbow', '--schedule', 'downpour', '--epochs', '4', '--out', folder.at('tab')];
    const coordinator = new CoordinatorProcess([corpus, ...args, ...SETTINGS.slice(0, 7)]);
    await coordinator.event('vocabulary');
    const join = ['join', await coordinator.url(), '--tabs', '1', '--engine', 'webgpu'];
    const joined = await tributary(join, folder.path);
    expect(joined).toMatchObject({ exit: 0 });
    expect(joined.stderr).toContain('CBOW');
    expect(joined.stdout).toContain('(cpu)');
    expect(await coordinator.exit()).toBe(0);
    const audit = auditJournal(folder.at('tab', 'journal.jsonl'));
    expect(audit.faults).toEqual([]);
    const granted = audit.entries.flatMap((entry) => (entry.kind === 'granted' ? [entry.session] : []));
    const joins = audit.entries.flatMap((entry) => (entry.kind === 'joined' ? [[entry.session, entry.engine]] : []));
    expect(joins).toEqual([
      [1, 'webgpu'],
      [2, 'cpu'],
    ]);
    expect(new Set(granted)).toEqual(new Set([2]));
  });
});

describe('options that mean nothing together', () => {
  it.each([
    ['a merge rule on the grid', ['--descent', 'sum'], /OPTIONS_CONFLICT: the grid merges nothing/],
    ['negatives of a tree', ['--hs', '--negative', '7'], /OPTIONS_CONFLICT: .*no negatives/],
    ['bags on the grid', ['--model', 'cbow'], /OPTIONS_CONFLICT: the grid cannot train CBOW/],
    ['bags and a tree', ['--model', 'cbow', '--hs'], /OPTIONS_CONFLICT: CBOW is trained with negative samples/],
  ])('are refused: %s', async (_what, args, message) => {
    const ended = await tributary(['train', corpus, '--out', folder.at('none'), ...args], folder.path);
    expect(ended.exit).toBe(2);
    expect(ended.stderr).toMatch(message);
  });
});

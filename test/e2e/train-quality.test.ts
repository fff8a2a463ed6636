// What is held out is measured and told in every place; vectors of noise are told from vectors.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { CoordinatorProcess } from './coordinator-process.ts';
import { grammar } from './grammar.ts';

const folder = mkdtempSync(join(tmpdir(), 'tributary-quality-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const out = join(folder, 'out');

it('measures lines and pairs that training does not see', async () => {
  const corpus = join(folder, 'corpus.txt');
  const { text } = grammar({ pairs: 40, sentences: 8000, padding: 0, seed: 7 });
  writeFileSync(corpus, text);
  const words = [...new Set(text.split(/\s+/))].filter((word) => word !== '').slice(0, 30);
  const probe = join(folder, 'pairs.tsv');
  writeFileSync(probe, words.map((word, k) => `${word}\t${words[(k * 7 + 1) % 30]}\t${k}\n`).join(''));
  const settings = ['--dim', '20', '--epochs', '3', '--probe', probe, '--local', '1', '--exit', '--out', out];
  const run = new CoordinatorProcess([corpus, ...settings]);
  expect(await run.exit()).toBe(0);
  const lines = readFileSync(join(out, 'held-out.txt'), 'utf8').trim().split('\n');
  const corpusLines = new Set(text.split('\n'));
  expect(lines.every((line) => corpusLines.has(line))).toBe(true);
  const tokens = lines.join(' ').split(' ').length;
  const done = run.events.at(-1)!;
  expect(done).toMatchObject({
    event: 'done',
    diverged: false,
    heldOut: { loss: expect.any(Number), untrained: expect.any(Number), lines: lines.length, tokens },
    probe: [{ file: 'pairs.tsv', rho: expect.any(Number), found: 30 }],
  });
  const { heldOut } = done as unknown as { heldOut: { loss: number; untrained: number } };
  expect(heldOut.loss).toBeLessThan(heldOut.untrained * 0.9);
  expect(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))).toMatchObject({ heldOut, diverged: false });
});

it('says that what a run ends with is noise, and still writes it', async () => {
  // The finished run again, but with numbers in its checkpoint as divergence leaves them.
  const checkpoint = join(out, 'checkpoint');
  const latest = join(
    checkpoint,
    readdirSync(checkpoint).find((name) => /^\d+$/.test(name))!,
  );
  const path = join(latest, 'model.safetensors');
  const bytes = readFileSync(path);
  const header = 8 + Number(bytes.readBigUInt64LE());
  for (let at = header; at < bytes.length; at += 4) bytes.writeFloatLE(Math.sin(at * at) * 5, at);
  writeFileSync(path, bytes);
  const state = JSON.parse(readFileSync(join(latest, 'state.json'), 'utf8')) as Record<string, unknown>;
  writeFileSync(join(latest, 'state.json'), JSON.stringify({ ...state, loss: 9 }));
  const run = new CoordinatorProcess(['--resume', out, '--local', '1', '--exit']);
  expect(await run.exit()).toBe(0);
  expect(run.events.at(-1)).toMatchObject({ event: 'done', outcome: 'trained', diverged: true });
  expect(run.stderr).toMatch(/warning: this run diverges: .*--alpha/);
  expect(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))).toMatchObject({ diverged: true });
});

it('refuses to go on without the lines that were held out', async () => {
  const path = join(out, 'held-out.txt');
  const lines = readFileSync(path, 'utf8');
  writeFileSync(path, lines.replace(/^.*\n/, 'a line that was trained\n'));
  const run = new CoordinatorProcess(['--resume', out, '--exit']);
  expect(await run.exit()).toBe(1);
  expect(run.events.at(-1)).toMatchObject({ event: 'error', code: 'CHECKPOINT_CORRUPT' });
});

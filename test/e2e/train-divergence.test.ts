// A learning rate beyond all reason: the run says so and stops, instead of writing vectors of noise.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { CoordinatorProcess } from './coordinator-process.ts';
import { grammar } from './grammar.ts';

const folder = mkdtempSync(join(tmpdir(), 'tributary-divergence-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('fails with DIVERGED and the option that helps', async () => {
  const corpus = join(folder, 'corpus.txt');
  writeFileSync(corpus, grammar({ pairs: 40, sentences: 8000, padding: 0, seed: 7 }).text);
  const settings = ['--alpha', '1', '--dim', '300', '--window', '15', '--epochs', '20', '--sample', '0'];
  const run = new CoordinatorProcess([corpus, ...settings, '--local', '2', '--exit', '--out', join(folder, 'out')]);
  expect(await run.exit()).toBe(1);
  expect(run.events.at(-1)).toMatchObject({
    event: 'error',
    code: 'DIVERGED',
    hint: expect.stringContaining('--alpha'),
  });
  expect(existsSync(join(folder, 'out', 'vectors.bin'))).toBe(false);
});

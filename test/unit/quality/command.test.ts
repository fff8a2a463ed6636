// The promised command: one JSON object of the promised shape, and plain words for options that cannot be.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qualityCommand } from '../../../bench/quality/options.ts';
import { measureQuality } from '../../../bench/quality/quality.ts';
import type { QualityResult } from '../../../bench/quality/result.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const TIMEOUT_MS = 120_000;

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function bench(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const command = ['--import', 'tsx', 'bench/main.ts', ...args];
  return spawnSync(process.execPath, command, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, INIT_CWD: folder },
  });
}

const SMALL = ['quality', '--corpus', 'sample:', '--max-words', '60000', '--dim', '8', '--volunteers', '2', '--json'];

describe('bench -- quality', () => {
  it(
    'prints one object with configuration, reference and volunteers, and takes the reference from an earlier one',
    () => {
      writeFileSync(join(folder, 'pairs.tsv'), 'man\ttime\t2\nday\tyear\t8\nstate\tcity\t7\n');
      writeFileSync(join(folder, 'questions.txt'), ': all\nman time he was\n');
      const evaluation = ['--similarity', 'pairs.tsv', '--questions', 'questions.txt'];
      const first = bench(...SMALL, ...evaluation);
      expect(first.stderr).toBe('');
      expect(first.status).toBe(0);
      expect(first.stdout.trimEnd()).not.toContain('\n');
      const { config, sequential, simulated } = JSON.parse(first.stdout) as Required<QualityResult>;
      expect(config.volunteers.volunteers).toBe(2);
      expect(config.sequential).toMatchObject({ corpus: 'sample:', dim: 8, epochs: 1, seed: 1 });
      for (const part of [sequential, simulated]) {
        // A model of zeros has 6 ln 2 = 4.16.
        expect(part.heldOutLoss).toBeGreaterThan(1);
        expect(part.heldOutLoss).toBeLessThan(4);
        expect(part.analogies).toEqual({ correct: expect.any(Number), asked: 1, accuracy: expect.any(Number) });
        expect(part.similarity).toEqual([{ file: join(folder, 'pairs.tsv'), rho: expect.any(Number), found: 3 }]);
        expect(part.words).toBeGreaterThan(1000);
        expect(part.seconds).toBeGreaterThan(0);
        expect(part.tokens).toBe(sequential.tokens);
      }
      expect(simulated.bytesPerWord.down.total).toBeGreaterThan(0);
      expect(simulated.bytesPerWord.up.total).toBeGreaterThan(0);
      expect(simulated.leases).toMatchObject({ expired: 0, rejected: 0 });
      writeFileSync(join(folder, 'earlier.json'), first.stdout);
      const again = bench(...SMALL, ...evaluation, '--reference', 'earlier.json', '--volunteers', '1');
      expect((JSON.parse(again.stdout) as QualityResult).sequential).toEqual(sequential);
      const other = bench(...SMALL, ...evaluation, '--reference', 'earlier.json', '--seed', '2');
      expect(other.status).toBe(2);
      expect(other.stderr).toMatch(/^bench: BENCH_REFERENCE: the sequential run had other settings: seed 1, now 2\n/);
    },
    TIMEOUT_MS,
  );

  it.each([
    [['--volunteers', '0'], "option '--volunteers <n>' argument '0' is invalid. A whole number from 1 to"],
    [['--speeds', 'fast'], 'equal, spread or SLOWEST-FASTEST belongs here'],
    [['--speeds', '9-3'], 'equal, spread or SLOWEST-FASTEST belongs here'],
    [['--nonsense'], "unknown option '--nonsense'"],
    [['--descent', 'sum'], '--descent belongs to --schedule downpour'],
    [['--model', 'cbow'], '--model cbow needs --schedule downpour'],
    [['--model', 'cbow', '--hs', '--schedule', 'downpour'], '--model cbow and --hs do not go together'],
    [['--corpus', 'nowhere.txt'], 'there is no '],
    [['--questions', 'nowhere.txt'], 'there is no file '],
    [['--reference', 'nowhere.json'], 'nowhere.json: ENOENT'],
  ])('refuses %j', async (options, message) => {
    const command = qualityCommand(async (read) => void (await measureQuality(read, () => undefined)));
    command.exitOverride().configureOutput({ writeErr: () => undefined });
    await expect(command.parseAsync([...SMALL.slice(1), ...options], { from: 'user' })).rejects.toThrow(message);
  });
});

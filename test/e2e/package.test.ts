// The package as a stranger gets it: packed, installed into an empty project, typed, and trained with from code.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

const COMPILER = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
/** Types of Node are what every TypeScript project for Node has. */
const TYPES = ['--typeRoots', join(ROOT, 'node_modules', '@types'), '--types', 'node'];
const STRICT = ['--module', 'nodenext', '--target', 'es2022', '--lib', 'esnext,dom', '--strict', ...TYPES];

const PROGRAM = `
import { readVectors, train, type TrainingResult, TributaryError } from 'tributary';

let events = 0;
await using training = await train('corpus.txt', { dim: 16, epochs: 2, sample: 0, local: 1, out: 'vectors' }, { log: () => events++ });
const early = await fetch(training.url + 'healthz').then((answer) => answer.status);
const result: TrainingResult = await training.result;
const [nearest] = training.mostSimilar({ positive: ['cat'], top: 1 });
const read = await readVectors(result.files.vectors);
let refused = '';
try {
  await train('corpus.txt', { dim: 0 });
} catch (error) {
  if (error instanceof TributaryError) refused = error.code;
}
const told: string[] = [];
const code = (error: unknown) => void told.push(error instanceof TributaryError ? error.code : String(error));
const idle = await train('corpus.txt', { dim: 16, out: 'idle' });
await Promise.all([idle.checkpoint().catch(code), idle.stop().catch(code)]);
await new Promise<void>((resolve) => idle.watch({ vocabulary: () => resolve() }));
const ended = idle.result.catch(code);
await idle.close();
await ended;
console.log(JSON.stringify({ told, early, events, outcome: result.outcome, words: result.words, read: read.words.length, nearest: nearest?.word, refused, state: training.status.state }));
`;

const MISTYPED = `
import { train } from 'tributary';
await train('corpus.txt', { dimensions: 16 });
`;

let folder: string;
let packed: { filename: string; files: { path: string }[] };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-package-'));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: ROOT,
    maxBuffer: 1 << 26,
  });
  const answer = JSON.parse(stdout) as Record<string, typeof packed> | (typeof packed)[];
  [packed] = Object.values(answer) as [typeof packed];
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }));
  const install = [
    'install',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    '--loglevel=error',
    `./${packed.filename}`,
  ];
  await run('npm', install, { cwd: folder });
  const pairs = ['cat dog', 'king queen', 'red blue', 'one two', 'sun moon'];
  const lines = Array.from(
    { length: 600 },
    (_, k) => `the ${pairs[k % pairs.length]} and the ${pairs[k % pairs.length]}`,
  );
  writeFileSync(join(folder, 'corpus.txt'), `${lines.join('\n')}\n`);
}, 300_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the packed package', () => {
  it('holds what runs and nothing else', () => {
    const paths = packed.files.map((file) => file.path);
    expect(paths).toContain('dist/coordinator/main.js');
    expect(paths).toContain('dist/client/index.html');
    expect(paths.filter((path) => !/^(dist\/|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$)/.test(path))).toEqual(
      [],
    );
    expect(paths.filter((path) => /\.map$|\.tsbuildinfo|(^|\/)(test|bench)\//.test(path))).toEqual([]);
  });

  it('has no fault that publint finds', async () => {
    const { messages } = await publint({ pkgDir: ROOT, level: 'warning', strict: true });
    expect(messages).toEqual([]);
  });

  it('trains from code in an empty project, with types', async () => {
    writeFileSync(join(folder, 'program.ts'), PROGRAM);
    await run(process.execPath, [COMPILER, ...STRICT, 'program.ts'], { cwd: folder }).catch(
      (error: { stdout: string }) => {
        throw new Error(error.stdout);
      },
    );
    const { stdout } = await run(process.execPath, ['program.js'], { cwd: folder, timeout: 120_000 });
    const told = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, unknown>;
    // A run without a model refuses; one that is closed before its end says so to whoever waits for it.
    expect(told).toMatchObject({
      told: ['NO_MODEL_YET', 'NO_MODEL_YET', 'INTERRUPTED'],
      early: 200,
      outcome: 'trained',
      refused: 'SETTING_INVALID',
      state: 'done',
    });
    expect(told['read']).toBe(told['words']);
    expect(told['events']).toBeGreaterThan(0);
    expect(existsSync(join(folder, 'vectors', 'vectors.bin'))).toBe(true);
    expect(readFileSync(join(folder, 'vectors', 'vocab.txt'), 'utf8')).toContain(`${told['nearest'] as string} `);
  }, 180_000);

  it('refuses a misspelt setting when it is compiled', async () => {
    writeFileSync(join(folder, 'mistyped.ts'), MISTYPED);
    const refusal = await run(process.execPath, [COMPILER, '--noEmit', ...STRICT, 'mistyped.ts'], { cwd: folder }).then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    );
    expect(refusal).toContain("'dimensions' does not exist");
    expect(refusal.trim().split('\n')).toHaveLength(1);
  });

  it('runs its command line', async () => {
    const { stdout } = await run(process.execPath, [join(folder, 'node_modules', '.bin', 'tributary'), '--version'], {
      cwd: folder,
    });
    expect(stdout.trim()).toBe(
      (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version,
    );
  });
});

// query, eval, join and doctor as processes: what they print, and the exit codes they promise.

import { createServer as createHttpServer, type Server } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { binaryVectors, textVectors } from '../../word2vec/vector-file.ts';
import { smallModel, smallPairs, smallQuestions } from '../unit/evaluation/small-model.ts';
import { ended, browserProcesses, runVerb, startVerb } from './verb-process.ts';

const VERB_MS = 60_000;
let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tributary-verbs-'));
  await writeFile(at('vectors.bin'), Buffer.concat([...binaryVectors(smallModel())]));
  await writeFile(at('vectors.txt'), Buffer.concat([...textVectors(smallModel())]));
  await writeFile(at('cut.bin'), Buffer.concat([...binaryVectors(smallModel())]).subarray(0, 500));
  await writeFile(at('questions.txt'), smallQuestions());
  await writeFile(at('pairs.tsv'), smallPairs());
  await writeFile(at('broken.tsv'), 'a\tb\t1\na b\n');
});
afterAll(() => rm(folder, { recursive: true }));

describe('query', { timeout: VERB_MS }, () => {
  it('prints neighbours as JSON, alike for both formats and the directory', async () => {
    const query = ['--positive', 'w1s', 'w4', '--negative', 'w1', '--top', '3', '--json'];
    const results = await Promise.all(
      [at('vectors.bin'), at('vectors.txt'), folder].map((file) => runVerb(['query', file, ...query])),
    );
    for (const { exit, stdout } of results) {
      expect(exit).toBe(0);
      const neighbours = JSON.parse(stdout) as { word: string; similarity: number }[];
      expect(neighbours.map(({ word }) => word)).toEqual(['W18', 'w18', 'w2s']);
      expect(neighbours[0]?.similarity).toBeCloseTo(0.8772644, 6); // gensim's
    }
  });

  it('prints a table for people', async () => {
    const { stdout } = await runVerb(['query', at('vectors.bin'), '--positive', 'w3', '--top', '2']);
    expect(stdout).toBe('word  similarity\nW3        0.9905\nw14       0.8564\n');
  });

  it.each([
    [['query', 'vectors.bin', '--positive', 'w999'], 1, /UNKNOWN_WORD.*"w999"/],
    [['query', 'missing.bin', '--positive', 'w1'], 1, /FILE_NOT_FOUND.*missing\.bin/],
    [['query', 'cut.bin', '--positive', 'w1'], 1, /VECTORS_TRUNCATED.*cut\.bin.*byte 500/],
    [['query', 'questions.txt', '--positive', 'w1'], 1, /VECTORS_HEADER.*questions\.txt/],
    [['query', 'vectors.bin'], 2, /QUERY_EMPTY/],
    [['query', 'vectors.bin', '--positive', 'w1', '--top', '0'], 2, /--top/],
    [['eval', 'vectors.bin'], 2, /EVAL_NOTHING.*\n?.*--questions/],
    [['eval', 'vectors.bin', '--similarity', 'broken.tsv'], 1, /PAIRS_LINE.*broken\.tsv.*line 2/],
    [['eval', 'vectors.bin', '--questions', 'pairs.tsv'], 1, /QUESTIONS_LINE.*pairs\.tsv.*line 1/],
    [['eval', 'vectors.bin', '--questions', 'missing.txt'], 1, /FILE_NOT_FOUND.*missing\.txt/],
    [['join', 'ftp://localhost'], 2, /http:/],
    [['join', 'http://127.0.0.1:8080', '--tabs', 'many'], 2, /--tabs/],
    [['join', 'http://127.0.0.1:8080', '--engine', 'cuda'], 2, /webgpu/],
  ])('%j exits with %i and says why', async (args, code, message) => {
    const named = args.map((arg) => (/\.(bin|txt|tsv)$/.test(arg) ? at(arg) : arg));
    const { exit, stderr, stdout } = await runVerb(named);
    expect({ exit, stdout }).toEqual({ exit: code, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('eval', { timeout: VERB_MS }, () => {
  const files = (): string[] => ['--questions', at('questions.txt'), '--similarity', at('pairs.tsv'), at('pairs.tsv')];

  it('prints the promised JSON', async () => {
    const { exit, stdout } = await runVerb(['eval', at('vectors.bin'), ...files(), '--restrict-vocab', '70', '--json']);
    expect(exit).toBe(0);
    const pairs = { file: at('pairs.tsv'), rho: expect.any(Number), found: expect.any(Number), pairs: 60 };
    expect(JSON.parse(stdout)).toEqual({
      words: 80,
      dim: 6,
      analogies: {
        total: { correct: 436, asked: 900, skipped: 4, accuracy: 436 / 900 },
        sections: [
          { name: 'plurals', correct: 426, asked: 870, skipped: 0, accuracy: 426 / 870 },
          { name: 'singulars and strangers', correct: 10, asked: 30, skipped: 4, accuracy: 10 / 30 },
        ],
      },
      similarity: [pairs, pairs],
    });
  });

  it('prints aligned tables for people', async () => {
    const { stdout } = await runVerb(['eval', at('vectors.bin'), ...files(), '--restrict-vocab', '70']);
    expect(stdout).toContain('80 words, 6 dimensions');
    expect(stdout).toMatch(/^total +48\.44 % +436 +900 +4$/m);
    expect(stdout).toMatch(/pairs\.tsv +-?0\.\d{4} +\d+ +60$/m);
  });
});

describe('doctor', { timeout: VERB_MS }, () => {
  it('finds Node, Chromium, its adapter, a port and the sample corpus in order', async () => {
    const { exit, stdout } = await runVerb(['doctor', 'sample:', '--port', '0', '--json']);
    const { ok, steps } = JSON.parse(stdout) as { ok: boolean; steps: { step: string; ok: boolean; detail: string }[] };
    expect({ exit, ok }).toEqual({ exit: 0, ok: true });
    const detail = (name: string): string | undefined => steps.find(({ step }) => step === name)?.detail;
    expect(detail('Node')).toBe(process.versions.node);
    expect(detail('Chromium')).toMatch(/^\d+\.\d+.* at /);
    expect(detail('WebGPU adapter')).toMatch(/swiftshader/i);
    expect(steps.length).toBeGreaterThan(4);
  });

  it('names a port in use, a missing browser and a missing corpus, each with what to change', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const port = `${(server.address() as AddressInfo).port}`;
    const args = ['doctor', at('nothing'), '--port', port];
    const env = { TRIBUTARY_CHROMIUM: at('no-browser') };
    const { exit, stdout, stderr } = await runVerb(args, env);
    const json = await runVerb([...args, '--json'], env);
    server.close();
    expect(json.exit).toBe(1);
    const { ok, steps } = JSON.parse(json.stdout) as { ok: boolean; steps: { ok: boolean; hint?: string }[] };
    expect({ ok, well: steps.map((step) => step.ok) }).toEqual({ ok: false, well: [true, false, false, false] });
    expect(exit).toBe(1);
    expect(stdout).toMatch(
      /✗ +Chromium +CHROMIUM_NOT_FOUND: TRIBUTARY_CHROMIUM names .*no-browser.*\n +→ Set TRIBUTARY_CHROMIUM/,
    );
    expect(stdout).toMatch(/✗ +port +.*EADDRINUSE\n +→ End what listens there/);
    expect(stdout).toMatch(/\ncorpus .*nothing\n +✗ .* list +CORPUS_NOT_FOUND/);
    expect(stderr).toMatch(/3 of 4 checks failed/);
  });
});

describe('join', { timeout: VERB_MS }, () => {
  // A page that keeps the volunteer page's contract and nothing else: the tabs' part alone is tried here.
  // Tabs of the real coordinator are tried in the whole runs.
  const page = (script: string): string =>
    `<!doctype html><button id="start">Start</button><script>
      window.tributary = { state: 'idle', reason: '', engine: new URL(location.href).searchParams.get('engine') ?? 'webgpu',
        device: 'd', wordsPerSecond: 0, accepted: 0, rejected: 0, error: null };
      const become = (state, more) => Object.assign(window.tributary, { state }, more);
      document.getElementById('start').onclick = () => { ${script} };
    </script>`;
  let server: Server;
  let url: string;

  beforeAll(async () => {
    const pages: Record<string, string> = {
      '/done': page(
        "become('training', { wordsPerSecond: 500, accepted: 1 }); setTimeout(() => become('done', { accepted: 3 }), 2500);",
      ),
      '/forever': page("become('training', { wordsPerSecond: 500 });"),
      '/error': page("become('error', { error: 'refused: <version>' });"),
      '/other': '<p>something else</p>',
      '/empty': '',
    };
    server = createHttpServer((request, response) => {
      const body = pages[new URL(request.url ?? '/', 'http://localhost').pathname];
      const status = body === undefined || body === '' ? 404 : 200;
      response.writeHead(status, { 'content-type': 'text/html' }).end(body ?? 'no such page');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('starts every tab with the engine asked for, reports, and ends with the run', async () => {
    const { exit, stdout } = await runVerb(['join', `${url}/done`, '--tabs', '2', '--engine', 'cpu', '--json']);
    expect(exit).toBe(0);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events[0]).toMatchObject({ event: 'joined', tabs: 2 });
    expect(events).toContainEqual(
      expect.objectContaining({
        event: 'status',
        wordsPerSecond: 1000,
        accepted: 2,
        tabs: Array.from({ length: 2 }, () => expect.objectContaining({ state: 'training', engine: 'cpu' })),
      }),
    );
    expect(events.at(-1)).toEqual({ event: 'done', tabs: 2, failed: 0, accepted: 6 });
  });

  it('starts WebGPU tabs on the software adapter', async () => {
    const { exit, stdout } = await runVerb(['join', `${url}/done`, '--engine', 'webgpu']);
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^1 tab \(webgpu\): 1 training · 500 words\/s · 1 accepted$/m);
    expect(stdout).toMatch(/the run is done: 3 pieces of work accepted from 1 tab$/m);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends cleanly on %s', async (signal) => {
    const child = startVerb(['join', `${url}/forever`]);
    child.stdout.once('data', () => child.kill(signal));
    const { exit, stderr } = await ended(child);
    expect(exit).toBe(130);
    expect(stderr).toMatch(/interrupted/);
  });

  it('outlives a tab that is killed, and fails when none is left', async () => {
    const child = startVerb(['join', `${url}/forever`, '--tabs', '2', '--json']);
    const result = ended(child);
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const states = async (): Promise<string> => {
      const { value } = await lines.next();
      const { tabs } = JSON.parse(value as string) as { tabs: number | { state: string }[] };
      return typeof tabs === 'number'
        ? 'joined'
        : tabs
            .map(({ state }) => state)
            .sort()
            .join();
    };
    while ((await states()) !== 'training,training');
    // A spare renderer without a page may be among them, so kill one after the other until a tab is hit.
    let alive: number[];
    do {
      alive = await browserProcesses(child.pid!, 'renderer');
      process.kill(alive[0]!, 'SIGKILL');
      await states();
    } while ((await states()) === 'training,training');
    expect(await states()).toBe('error,training');
    for (const pid of await browserProcesses(child.pid!, 'renderer')) process.kill(pid, 'SIGKILL');
    const { exit, stderr } = await result;
    expect(exit).toBe(1);
    expect(stderr).toMatch(/VOLUNTEERS_FAILED.*the tab crashed/);
  });

  it.each([
    ['/error', 1, /VOLUNTEERS_FAILED.*refused: <version>/],
    ['/other', 1, /NOT_A_VOLUNTEER_PAGE/],
    ['/missing', 1, /NOT_A_VOLUNTEER_PAGE.*404/],
    ['/empty', 1, /NOT_A_VOLUNTEER_PAGE.*no page/],
  ])('says what is wrong with %s', async (path, code, message) => {
    const { exit, stderr } = await runVerb(['join', `${url}${path}`, '--engine', 'cpu']);
    expect(exit).toBe(code);
    expect(stderr).toMatch(message);
  });

  it('says that nothing listens', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => free.once('listening', resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const { exit, stderr } = await runVerb(['join', `http://127.0.0.1:${port}`]);
    expect(exit).toBe(1);
    expect(stderr).toMatch(/URL_UNREACHABLE.*ERR_CONNECTION_REFUSED/);
  });
});

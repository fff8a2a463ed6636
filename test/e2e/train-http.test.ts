// Every address of a running coordinator, as browsers, scripts and Prometheus use them.
import { readFileSync, existsSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunStatus } from '../../protocol/status.ts';
import { type CoordinatorProcess, until } from './coordinator-process.ts';
import { makeFolder, startLongRun } from './train-setup.ts';

const folder = makeFolder();
let coordinator: CoordinatorProcess;
let url: string;
let token: string;

const get = (path: string, init?: RequestInit): Promise<Response> => fetch(new URL(path, url), init);
const act = (name: string, header = `Bearer ${token}`): Promise<Response> =>
  get(`/api/run/${name}`, { method: 'POST', headers: { authorization: header } });
const status = async (): Promise<RunStatus> => (await (await get('/api/run')).json()) as RunStatus;
const errorOf = async (answer: Response): Promise<{ status: number; code: string; message: string }> => {
  const body = (await answer.json()) as { error: { code: string; message: string } };
  return { status: answer.status, ...body.error };
};
const inState = (state: string): Promise<true> =>
  until(`state ${state}`, 20_000, async () => ((await status()).state === state ? true : undefined));

beforeAll(async () => {
  ({ coordinator, url, token } = await startLongRun(folder, 20_000));
  await inState('training');
});

afterAll(async () => {
  await coordinator.kill();
  folder.remove();
});

describe('pages', () => {
  it.each(['/', '/dashboard', '/dashboard.html', '/status'])('%s is a page with the security headers', async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/html/);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(answer.headers.get('content-security-policy')).not.toMatch(/'unsafe-(inline|eval)'/);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
  });

  it('serves what the pages name, to be kept for ever', async () => {
    const page = await (await get('/')).text();
    const names = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map((match) => match[1]!);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      const answer = await get(name);
      expect({ name, status: answer.status, kept: answer.headers.get('cache-control') }).toEqual({
        name,
        status: 200,
        kept: 'public, max-age=31536000, immutable',
      });
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      await answer.arrayBuffer();
    }
  });

  it('gives away nothing outside the pages', async () => {
    for (const path of [
      '/package.json',
      '/..%2f..%2fpackage.json',
      '/%2e%2e/%2e%2e/package.json',
      '/.env',
      '/%00',
      '/%',
    ]) {
      expect((await get(path)).status, path).toBe(404);
    }
  });
});

describe('status and figures', () => {
  it('says how it is', async () => {
    expect(await (await get('/healthz')).json()).toEqual({ status: 'ok', state: 'training', reason: '1 volunteer' });
  });

  it('answers the status of the run without secrets', async () => {
    // Between two episodes there is none for a moment.
    const { text, run } = await until('an episode', 20_000, async () => {
      const answer = await (await get('/api/run')).text();
      const parsed = JSON.parse(answer) as RunStatus;
      return parsed.episode === null ? undefined : { text: answer, run: parsed };
    });
    expect(run).toMatchObject({ state: 'training', config: { dim: 16, epochs: 1000 }, vocabulary: 600 });
    expect(run.epoch).toBeGreaterThanOrEqual(1);
    expect(run.epoch).toBeLessThanOrEqual(1000);
    expect(run.progress).toMatchObject({ unit: 'tokens', total: 240_000_000 });
    expect(run.volunteers).toMatchObject([{ id: 1, engine: 'cpu', local: true }]);
    expect(run.episode!.grid).toHaveLength(run.episode!.parts ** 2);
    expect(text).not.toContain(token);
  });

  it('answers metrics that Prometheus can read', async () => {
    const answer = await get('/metrics');
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const values = new Map<string, number>();
    for (const line of (await answer.text()).split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      const sample = /^([a-zA-Z_:][\w:]*(?:\{[^}]*\})?) (\S+)$/.exec(line);
      expect(sample, line).not.toBeNull();
      values.set(sample![1]!, Number(sample![2]));
    }
    expect(values.get('tributary_tokens_total')).toBe(240_000_000);
    expect(values.get('tributary_tokens_done')).toBeGreaterThan(0);
    expect(values.get('tributary_volunteers')).toBe(1);
    expect(values.get('tributary_leases{outcome="applied"}')).toBeGreaterThan(0);
    expect(values.get('tributary_chunks{state="leased"}')).toBeGreaterThanOrEqual(0);
    expect(values.get('process_resident_memory_bytes')).toBeGreaterThan(0);
  });

  /** Kinds of the feed's events up to the third status, and their text. */
  async function feedOf(path: string, headers: Record<string, string>): Promise<{ kinds: string[]; text: string }> {
    const abort = new AbortController();
    const answer = await get(path, { signal: abort.signal, headers });
    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
    let text = '';
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    const statuses = (): number => text.split('\n').filter((line) => line === 'event: status').length;
    while (statuses() < 4) text += (await reader.read()).value ?? '';
    abort.abort();
    for (const [, data] of text.matchAll(/^data: (.*)\n\n/gm)) JSON.parse(data!);
    expect(text).not.toContain(token);
    return { kinds: [...text.matchAll(/^event: (\w+)$/gm)].map((match) => match[1]!), text };
  }

  it('feeds the public: history and status at once, then a status a second, and nothing of the operator’s', async () => {
    const { kinds } = await feedOf('/api/events', {});
    expect(kinds.slice(0, 3)).toEqual(['audience', 'history', 'status']);
    expect(kinds.filter((kind) => !['audience', 'history', 'status', 'point'].includes(kind))).toEqual([]);
  });

  it('feeds a session what is the operator’s, unless it wants the public view', async () => {
    const signedIn = await get('/api/session', { method: 'POST', body: JSON.stringify({ token }) });
    const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!;
    expect(signedIn.headers.get('set-cookie')).toMatch(/; HttpOnly; SameSite=Strict/);
    const { kinds, text } = await feedOf('/api/events', { cookie });
    expect(kinds.slice(0, 7)).toEqual(['audience', 'history', 'log', 'timeline', 'volunteers', 'operator', 'status']);
    expect(text).toContain('data: {"operator":true}');
    expect((await feedOf('/api/events?view=public', { cookie })).kinds).not.toContain('log');
    expect(await (await get('/api/session', { headers: { cookie } })).json()).toEqual({ operator: true });
    expect(await (await get('/api/operator', { headers: { cookie } })).json()).toMatchObject({
      funnel: { ready: { chunks: expect.any(Number) as unknown } },
      service: { viewers: expect.any(Number) as unknown },
    });
    const elsewhere = { cookie, origin: 'http://elsewhere' };
    expect((await get('/api/run/pause', { method: 'POST', headers: elsewhere })).status).toBe(403);
    expect((await get('/api/session', { method: 'DELETE', headers: { cookie } })).status).toBe(200);
    expect((await get('/api/operator', { headers: { cookie } })).status).toBe(401);
  });

  it('gives the history as columns and as a table', async () => {
    const table = (await (await get('/api/history')).json()) as { time: number[]; alpha: number[] };
    expect(table.alpha).toHaveLength(table.time.length);
    const answer = await get('/api/history?format=csv');
    expect(answer.headers.get('content-disposition')).toContain('history.csv');
    expect((await answer.text()).split('\n')[0]).toMatch(/^time,tokens,wordsPerSecond,loss,/);
  });
});

describe('/api/similar', () => {
  it('answers neighbours', async () => {
    const found = (await (await get('/api/similar?positive=w0,w1&negative=w2&top=7')).json()) as {
      word: string;
      similarity: number;
    }[];
    expect(found).toHaveLength(7);
    expect(Object.keys(found[0]!)).toEqual(['word', 'similarity']);
    for (const word of ['w0', 'w1', 'w2']) expect(found.map((one) => one.word)).not.toContain(word);
  });

  it('names near spellings of a word it does not know', async () => {
    const error = await errorOf(await get('/api/similar?positive=w10x'));
    expect(error).toMatchObject({ status: 404, code: 'UNKNOWN_WORD' });
    expect(error.message).toMatch(/w10x.*w10/);
  });

  it.each(['top=0', 'top=101', 'top=x', 'top=1.5', `positive=${'a,'.repeat(21)}`])('refuses %s', async (query) => {
    const positive = query.startsWith('positive') ? '' : '&positive=w1';
    expect(await errorOf(await get(`/api/similar?${query}${positive}`))).toMatchObject({
      status: 400,
      code: 'BAD_QUERY',
    });
  });

  it('refuses an empty question', async () => {
    expect(await errorOf(await get('/api/similar'))).toMatchObject({ status: 400, code: 'QUERY_EMPTY' });
  });
});

describe('what does not exist or is not allowed', () => {
  it.each([
    ['GET', '/nothing', 404, 'NOT_FOUND'],
    ['POST', '/', 405, 'GET_ONLY'],
    ['DELETE', '/api/run', 405, 'GET_ONLY'],
    ['HEAD', '/api/events', 405, ''],
    ['GET', '/api/run/pause', 405, 'POST_ONLY'],
    ['POST', '/api/run/explode', 404, 'NO_SUCH_ACTION'],
  ])('%s %s is %i %s', async (method, path, code, name) => {
    const answer = await get(path, { method });
    expect(answer.status).toBe(code);
    if (name !== '') expect(await answer.json()).toMatchObject({ error: { code: name } });
  });

  it('refuses a request target that is no path', async () => {
    const { hostname, port } = new URL(url);
    const code = await new Promise((resolve) => {
      request({ hostname, port, path: '//' }, (answer) => resolve(answer.resume().statusCode)).end();
    });
    expect(code).toBe(400);
  });

  it('survives bytes that are no HTTP', async () => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.end('\0\u0001\u0002 garbage\r\n\r\n');
    await new Promise((resolve) => socket.resume().once('close', resolve));
    expect((await get('/healthz')).status).toBe(200);
  });
});

describe("the operator's actions", () => {
  it.each(['', 'Bearer', 'Bearer wrong', 'Basic dXNlcjpwYXNz'])('need the token, not "%s"', async (header) => {
    for (const name of ['pause', 'resume', 'checkpoint', 'stop']) {
      expect(await errorOf(await act(name, header))).toMatchObject({ status: 401, code: 'TOKEN_REQUIRED' });
    }
    expect((await status()).state).toBe('training');
  });

  it('pause stops grants, resume goes on', async () => {
    expect(await (await act('pause')).json()).toEqual({ state: 'paused', reason: 'by the operator' });
    await until('held leases to end', 20_000, async () => ((await status()).chunks.leased === 0 ? true : undefined));
    const before = await status();
    await sleep(1500);
    const after = await status();
    expect(after.leases.granted).toBe(before.leases.granted);
    expect(after.elapsedSeconds).toBe(before.elapsedSeconds);
    expect(await (await act('resume')).json()).toMatchObject({ state: 'training' });
    await until('a new lease', 20_000, async () =>
      (await status()).leases.granted > after.leases.granted ? true : undefined,
    );
  });

  it('checkpoint writes one', async () => {
    expect((await act('checkpoint')).status).toBe(200);
    const number = readFileSync(folder.at('run', 'checkpoint', 'latest'), 'utf8').trim();
    const state = JSON.parse(readFileSync(folder.at('run', 'checkpoint', number, 'state.json'), 'utf8')) as {
      tokensDone: number;
    };
    expect(state.tokensDone).toBeGreaterThan(0);
    expect((await status()).checkpointSeconds).toBeLessThan(10);
  });

  it('stop, asked for twice, ends the run with vectors and without secrets on disk or in the log', async () => {
    const [first, second] = await Promise.all([act('stop'), act('stop')]);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(await coordinator.exit()).toBe(0);
    const done = coordinator.events.at(-1)!;
    expect(done).toMatchObject({
      event: 'done',
      outcome: 'stopped',
      words: 600,
      vectors: folder.at('run', 'vectors.bin'),
    });
    expect(existsSync(folder.at('run', 'vectors.bin'))).toBe(true);
    for (const file of ['run.json', 'journal.jsonl'])
      expect(readFileSync(folder.at('run', file), 'utf8')).not.toContain(token);
    expect(coordinator.stderr.split(token)).toHaveLength(2); // printed once, at the start
    expect(coordinator.events.map((event) => JSON.stringify(event)).join('\n')).not.toContain(token);
  });
});

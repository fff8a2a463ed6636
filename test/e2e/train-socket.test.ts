// The volunteers' socket against strangers: whatever they send, the run goes on and ends right.
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { CLOSE, PROTOCOL_VERSION } from '../../protocol/limits.ts';
import { encodeToCoordinator } from '../../protocol/to-coordinator.ts';
import { decodeToVolunteer } from '../../protocol/to-volunteer.ts';
import { CoordinatorProcess } from './coordinator-process.ts';
import { auditJournal } from './journal-audit.ts';
import { makeFolder, startLongRun, writeCorpus } from './train-setup.ts';

const folder = makeFolder();
let coordinator: CoordinatorProcess;
let url: string;
let token: string;

const socketUrl = (path = 'volunteer'): string => new URL(path, url.replace('http', 'ws')).href;
const hello = (version = PROTOCOL_VERSION): Uint8Array =>
  encodeToCoordinator({
    tag: 'hello',
    version,
    engine: 'cpu',
    device: 'a test',
    name: '',
    browser: '',
    cacheMiB: 64,
    reads: ['f32'],
    writes: ['f32'],
  });

interface Talk {
  readonly code: number;
  readonly reason: string;
  readonly frames: readonly Buffer[];
}

/** Opens a socket, sends frames, and waits until the other side closes it. */
function talk(frames: readonly (Uint8Array | string)[], headers: Record<string, string> = {}): Promise<Talk> {
  const socket = new WebSocket(socketUrl(), { headers });
  const received: Buffer[] = [];
  socket.on('message', (data: Buffer) => received.push(data));
  return new Promise((resolve, reject) => {
    socket.on('open', () => {
      for (const frame of frames) socket.send(frame);
    });
    socket.on('error', reject);
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString(), frames: received }));
  });
}

/** The HTTP status with which an upgrade is refused. */
function refused(path: string, headers: Record<string, string> = {}): Promise<number> {
  const socket = new WebSocket(socketUrl(path), { headers });
  return new Promise((resolve, reject) => {
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    socket.on('open', () => reject(new Error('it was let in')));
    socket.on('error', () => undefined);
  });
}

beforeAll(async () => {
  ({ coordinator, url, token } = await startLongRun(folder, 5000));
});

afterAll(async () => {
  await coordinator.kill();
  folder.remove();
});

describe('the upgrade', () => {
  it.each([
    ['a foreign page', 'volunteer', { origin: 'https://elsewhere.example' }, 403],
    ['an origin that is none', 'volunteer', { origin: 'null' }, 403],
    ['another path', 'elsewhere', {}, 404],
  ])('refuses %s', async (_who, path, headers, code) => {
    expect(await refused(path, headers)).toBe(code);
  });

  it("lets the coordinator's own page and a program in", async () => {
    for (const headers of [{ origin: new URL(url).origin }, {}] as Record<string, string>[]) {
      const socket = new WebSocket(socketUrl(), { headers });
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      expect(socket.readyState).toBe(WebSocket.OPEN);
      socket.close();
    }
  });

  it('bears a peer that resets its refused connection', async () => {
    const { hostname, port } = new URL(url);
    for (let k = 0; k < 20; k++) {
      const socket = connect(Number(port), hostname);
      await new Promise((resolve) => socket.once('connect', resolve));
      const head =
        'GET /volunteer HTTP/1.1\r\nHost: x\r\nOrigin: http://y\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';
      socket.write(`${head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`, () =>
        socket.resetAndDestroy(),
      );
      await new Promise((resolve) => socket.once('close', resolve));
    }
    expect(['training', 'preparing']).toContain((await coordinator.status()).state);
  });
});

describe('frames', () => {
  it('welcomes a volunteer that greets', async () => {
    const socket = new WebSocket(socketUrl());
    socket.once('open', () => socket.send(hello()));
    const frame = await new Promise<Buffer>((resolve) => socket.once('message', resolve));
    expect(decodeToVolunteer(new Uint8Array(frame), { format: 'int8', dim: 16 }).tag).toBe('welcome');
    socket.close();
  });

  it.each([
    ['a text', ['hello'], CLOSE.violation, /binary/],
    ['no frame of ours', [new Uint8Array([255, 1, 2, 3])], CLOSE.violation, /BAD_TAG/],
    ['an empty frame', [new Uint8Array(0)], CLOSE.violation, /[A-Z_]+: /],
    ['a hello cut short', [hello().slice(0, 3)], CLOSE.violation, /[A-Z_]+: /],
    ['work before a hello', [encodeToCoordinator({ tag: 'ready' })], CLOSE.violation, /OUT_OF_ORDER/],
    ['a second hello', [hello(), hello()], CLOSE.violation, /OUT_OF_ORDER/],
    ['another version', [hello(PROTOCOL_VERSION + 1)], CLOSE.version, /VERSION.*reload/],
  ] as const)('sends away who says %s', async (_what, frames, code, reason) => {
    const answer = await talk(frames);
    expect(answer.code).toBe(code);
    expect(answer.reason).toMatch(reason);
  });

  it('cuts off a frame larger than any legal one', async () => {
    // 600 words of 16 dimensions: a legal result is a third of that.
    const { code } = await talk([hello(), new Uint8Array(100_000)]);
    expect(code).toBe(1009);
  });

  it('gives up who never greets', async () => {
    const { code, frames } = await talk([]);
    expect(code).toBe(1006);
    expect(frames).toHaveLength(0);
  }, 30_000);

  it('takes 256 volunteers and tells the next to come later', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 255 }, async () => {
        const socket = new WebSocket(socketUrl());
        await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
        return socket;
      }),
    );
    const answer = await talk([]);
    expect(answer).toMatchObject({ code: CLOSE.full, reason: expect.stringContaining('256') as string });
    for (const socket of sockets) socket.terminate();
  }, 30_000);
});

it('has trained on through all of this, and ends right', async () => {
  const answer = await fetch(new URL('/api/run/stop', url), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  expect(answer.status).toBe(200);
  expect(await coordinator.exit()).toBe(0);
  const audit = auditJournal(folder.at('run', 'journal.jsonl'));
  // Stopped in mid-run: only the count of the last episodes may be short.
  expect(audit.faults.filter((fault) => !/chunks were made/.test(fault))).toEqual([]);
  expect(audit.applied).toBeGreaterThan(0);
});

it('tells tabs that come after the end that the run is done, and nobody keeps it from closing', async () => {
  writeCorpus(folder.at('short.txt'), 500);
  const short = [folder.at('short.txt'), '--out', folder.at('short'), '--dim', '4', '--min-count', '1'];
  const serving = new CoordinatorProcess([...short, '--epochs', '1', '--local', '1']);
  try {
    url = await serving.url();
    await serving.event('serving');
    expect(await talk([])).toMatchObject({ code: CLOSE.finished, reason: 'all epochs are trained' });
    // Refused, and never closes its own side.
    const { hostname, port } = new URL(url);
    const silent = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    silent.on('error', () => undefined);
    silent.write('GET /elsewhere HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    await new Promise((resolve) => silent.once('data', resolve));
    const asked = performance.now();
    serving.child.kill('SIGINT');
    expect(await serving.exit()).toBe(0);
    expect(performance.now() - asked).toBeLessThan(5000);
    silent.destroy();
  } finally {
    await serving.kill();
  }
});

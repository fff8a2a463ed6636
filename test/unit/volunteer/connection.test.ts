// A tab's connection over real sockets: it comes back after a break, and only to work that it can take.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { ConnectionEdges } from '../../../client/worker/connection.ts';
import { Connection } from '../../../client/worker/connection.ts';
import type { Engine } from '../../../word2vec/engine.ts';
import { SmallRun, StagedEngine } from '../leases/harness.ts';

let server: WebSocketServer;
let run: SmallRun;
let staged: StagedEngine;
let open: Connection | null;
/** Leases in the engine, and the most there ever were. */
let busy: number;
let most: number;
let said: string[];

beforeEach(async () => {
  // Node 20 has no WebSocket of its own, a browser has: the real one of `ws` takes its place.
  vi.stubGlobal('WebSocket', WebSocket);
  run = new SmallRun();
  run.settle();
  staged = new StagedEngine();
  open = null;
  busy = most = 0;
  said = [];
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => {
    const channel = {
      send: (frame: Uint8Array) => socket.send(frame),
      close: (code: number, reason: string) => socket.close(code, reason),
      buffered: 0,
      address: '',
    };
    const volunteer = run.desk.connect(channel, false);
    socket.on('message', (data: Buffer) => {
      run.desk.receive(volunteer, data);
      run.settle();
    });
    socket.on('close', () => run.desk.disconnect(volunteer, 'its connection closed'));
  });
  await once(server, 'listening');
});

afterEach(() => {
  open?.leave();
  for (const socket of server.clients) socket.terminate();
  server.close();
  vi.unstubAllGlobals();
});

const engine: Engine = {
  kind: 'reference',
  device: 'reference',
  train: async (plan, rows, step) => {
    most = Math.max(most, ++busy);
    try {
      return await staged.train(plan, rows, step);
    } finally {
      busy--;
    }
  },
  dispose: () => undefined,
};

async function connect(): Promise<Connection> {
  const connection = new Connection({
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    engine: () => Promise.resolve(engine),
    engineFailed: (error) => void said.push(`engine failed: ${String(error)}`),
    facts: () => Promise.resolve({ engine: 'cpu', device: 'reference', cacheMiB: 64, name: '', browser: '' }),
    event: ({ kind }) => void said.push(kind),
    retry: (_, reason) => void said.push(`retry: ${reason}`),
    connecting: () => undefined,
    over: (kind, reason) => void said.push(`${kind}: ${reason}`),
    traffic: () => undefined,
    handled: () => undefined,
    affords: () => true,
  });
  open = connection;
  await connection.open();
  return connection;
}

const soon = { timeout: 5000, interval: 10 };
const times = (what: string): number => said.filter((one) => one === what).length;

function cut(): void {
  for (const socket of server.clients) socket.terminate();
}

describe('a connection that breaks in mid-lease', () => {
  it('comes back once the engine is free, and trains on', async () => {
    staged.hold();
    await connect();
    await vi.waitUntil(() => busy === 1, soon);
    cut();
    await vi.waitUntil(() => said.some((one) => one.startsWith('retry')), soon);
    // Longer than the first retry waits.
    await new Promise((resolve) => setTimeout(resolve, 1300));
    expect(most).toBe(1);
    staged.release();
    await vi.waitUntil(() => run.done, soon);
    expect(times('welcome')).toBe(2);
    expect(most).toBe(1);
    expect(run.journal.chunksApplied).toBe(run.chunks);
    expect(said.filter((one) => one.startsWith('engine failed'))).toEqual([]);
  });

  it('stays away when the volunteer was about to leave', async () => {
    staged.hold();
    const connection = await connect();
    await vi.waitUntil(() => busy === 1, soon);
    connection.finish();
    cut();
    await vi.waitUntil(() => times('left') === 1, soon);
    staged.release();
    await new Promise((resolve) => setTimeout(resolve, 1300));
    expect(times('welcome')).toBe(1);
    expect(said.filter((one) => one.startsWith('retry'))).toEqual([]);
  });
});

describe('a connection whose engine cannot train the run', () => {
  it('greets again with another, and was granted nothing in between', async () => {
    let device = 'the first';
    const edges: ConnectionEdges = {
      url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      engine: () => Promise.resolve(engine),
      engineFailed: (error) => void said.push(`engine failed: ${String(error)}`),
      facts: () => Promise.resolve({ engine: 'cpu', device, cacheMiB: 64, name: '', browser: '' }),
      event: ({ kind }) => {
        said.push(kind);
        if (kind !== 'welcome' || device !== 'the first') return;
        device = 'the second';
        open!.greetAgain();
      },
      retry: (_, reason) => void said.push(`retry: ${reason}`),
      connecting: () => undefined,
      over: (kind, reason) => void said.push(`${kind}: ${reason}`),
      traffic: () => undefined,
      handled: () => undefined,
      affords: () => true,
    };
    open = new Connection(edges);
    await open.open();
    await vi.waitUntil(() => run.done, soon);
    const devices = run.journal.events.flatMap((event) =>
      event.kind === 'granted' ? [event.volunteer.greeting!.device] : [],
    );
    expect(new Set(devices)).toEqual(new Set(['the second']));
    expect(run.journal.kinds('ended')).toBe(0);
    expect(times('welcome')).toBe(2);
    expect(said.some((one) => one.startsWith('retry') || one === 'left')).toBe(false);
  });
});

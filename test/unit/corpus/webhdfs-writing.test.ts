// Writing a file, against a name node and data node that lose answers, refuse, or stop listening at will.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { UserName } from '../../../coordinator/corpus/webhdfs/authentication.ts';
import { SYSTEM, WebHdfsClient } from '../../../coordinator/corpus/webhdfs/client.ts';
import { writeFile } from '../../../coordinator/corpus/webhdfs/writing.ts';

interface Entry {
  readonly id: number;
  readonly bytes: Buffer;
}

/** What the next upload does at the data node; everything is taken in otherwise. */
type Upload = (request: IncomingMessage, response: ServerResponse) => boolean;

const files = new Map<string, Entry>();
let nextId = 1;
let upload: Upload = () => false;
/** How often a RENAME is done and its answer lost. */
let lostRenames = 0;
/** HttpFS ignores the options of RENAME. */
let plainRename = false;
let server: Server;
let client: WebHdfsClient;

beforeEach(async () => {
  files.clear();
  upload = () => false;
  lostRenames = 0;
  plainRename = false;
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  client = new WebHdfsClient(
    {
      nameNodes: [`http://127.0.0.1:${port}`],
      authentication: new UserName('ann'),
      redirects: { hostMap: { 'dn.hdfs.invalid': '127.0.0.1' }, hosts: undefined },
      timeouts: { idleMs: 1_000 },
    },
    { ...SYSTEM, sleep: async () => undefined },
  );
});

afterEach(async () => {
  client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function refuse(response: ServerResponse, status: number, exception: string): void {
  response.writeHead(status).end(JSON.stringify({ RemoteException: { exception, message: exception } }));
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://x');
  const path = decodeURIComponent(url.pathname.slice('/webhdfs/v1'.length));
  const entry = files.get(path);
  switch (url.searchParams.get('op')) {
    case 'GETFILESTATUS': {
      if (entry === undefined) return refuse(response, 404, 'FileNotFoundException');
      const { id: fileId, bytes } = entry;
      const status = { pathSuffix: '', type: 'FILE', length: bytes.length, modificationTime: 1, fileId };
      response.end(JSON.stringify({ FileStatus: status }));
      return;
    }
    case 'DELETE':
      response.end(JSON.stringify({ boolean: files.delete(path) }));
      return;
    case 'RENAME': {
      const to = url.searchParams.get('destination') ?? '';
      const replaces = url.searchParams.has('renameoptions') && !plainRename;
      if (entry === undefined && replaces) return refuse(response, 404, 'FileNotFoundException');
      const done = entry !== undefined && (replaces || !files.has(to));
      if (done) {
        files.delete(path);
        files.set(to, entry);
      }
      lostRenames -= 1;
      if (lostRenames >= 0) response.destroy();
      else response.end(replaces ? '' : JSON.stringify({ boolean: done }));
      return;
    }
    default:
  }
  if (!url.searchParams.has('dn')) {
    const { host } = request.headers;
    const location = `http://${host?.replace('127.0.0.1', 'dn.hdfs.invalid')}${url.pathname}${url.search}&dn=1`;
    response.writeHead(307, { location }).end();
    return;
  }
  response.writeContinue(); // as data nodes do, unasked
  if (upload(request, response)) return;
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return; // cut off: the file is what came
  } finally {
    files.set(path, { id: nextId, bytes: Buffer.concat(chunks) });
    nextId += 1;
  }
  response.writeHead(201).end();
}

function text(path: string): string | undefined {
  return files.get(path)?.bytes.toString();
}

const PIECE = Buffer.alloc(1 << 16, 'x');

/** Counts what is asked of it. */
function endless(pieces: number): { taken: number; make: () => Generator<Uint8Array> } {
  const counter = {
    taken: 0,
    *make(): Generator<Uint8Array> {
      for (let k = 0; k < pieces; k += 1) {
        counter.taken += 1;
        yield PIECE;
      }
    },
  };
  return counter;
}

it('is made no faster than the data node takes it', async () => {
  let go = (): void => undefined;
  const held = new Promise<void>((resolve) => (go = resolve));
  upload = (request, response) => {
    void held.then(async () => {
      let bytes = 0;
      for await (const chunk of request) bytes += (chunk as Buffer).length;
      const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname.slice('/webhdfs/v1'.length));
      files.set(path, { id: 99, bytes: Buffer.alloc(bytes) });
      response.writeHead(201).end();
    });
    return true;
  };
  const source = endless(1_000);
  const writing = writeFile(client, '/f', source.make);
  let before = -1;
  await expect
    .poll(() => [source.taken > 0 && source.taken === before, (before = source.taken)][0], { interval: 50 })
    .toBe(true);
  expect(source.taken).toBeLessThan(500);
  go();
  await writing;
  expect(source.taken).toBe(1_000);
  expect(files.get('/f')?.bytes.length).toBe(1_000 * PIECE.length);
});

it('is given up in words when the data node takes nothing more', async () => {
  upload = () => true;
  const small = new WebHdfsClient(
    {
      nameNodes: [client.shown('').replace('webhdfs', 'http')],
      authentication: new UserName('ann'),
      redirects: { hostMap: { 'dn.hdfs.invalid': '127.0.0.1' }, hosts: undefined },
      timeouts: { idleMs: 100, headersMs: 100 },
      policy: { attempts: 2 },
    },
    { ...SYSTEM, sleep: async () => undefined },
  );
  await expect(writeFile(small, '/f', endless(1_000).make)).rejects.toMatchObject({ code: 'HDFS_TIMEOUT' });
  // A short one fits into buffers: there the answer is missing.
  await expect(writeFile(small, '/f', () => [PIECE])).rejects.toMatchObject({ code: 'HDFS_TIMEOUT' });
  small.close();
});

it('stops at a refusal in the middle of it', async () => {
  upload = (_, response) => {
    refuse(response, 403, 'DSQuotaExceededException');
    return true;
  };
  const source = endless(100_000);
  const slow = async function* (): AsyncGenerator<Uint8Array> {
    for (const piece of source.make()) {
      yield piece;
      if (source.taken % 8 === 0) await sleep(1);
    }
  };
  await expect(writeFile(client, '/f', slow)).rejects.toMatchObject({
    code: 'HDFS_REFUSED',
    message: expect.stringContaining('Quota'),
  });
  const { taken } = source;
  await sleep(100);
  expect(source.taken).toBeLessThanOrEqual(taken + 8);
  expect([...files.keys()]).toEqual([]);
});

it('is written again when the connection breaks, and a part never gets its name', async () => {
  let broken = 0;
  upload = (request) => {
    broken += 1;
    if (broken > 2) return false;
    request.once('data', () => request.socket.destroy());
    return true;
  };
  await writeFile(client, '/f', () => [Buffer.from('all '), PIECE, Buffer.from(' of it')]);
  expect(broken).toBe(3);
  expect(text('/f')).toBe(`all ${PIECE.toString()} of it`);
  expect([...files.keys()]).toEqual(['/f']);
});

it('has its name though the answer to the renaming was lost', async () => {
  await writeFile(client, '/f', () => [Buffer.from('before')]);
  lostRenames = 2;
  await writeFile(client, '/f', () => [Buffer.from('after')]);
  expect([[...files.keys()], text('/f')]).toEqual([['/f'], 'after']);
});

it('takes the place of another one through a gateway that replaces nothing, whether answers are lost or not', async () => {
  plainRename = true;
  for (const [lost, content] of [
    [1, 'new'],
    [0, 'second'],
    [1, 'third'],
    [3, 'fourth'],
  ] as const) {
    lostRenames = lost;
    await writeFile(client, '/f', () => [Buffer.from(content)]);
    expect([[...files.keys()], text('/f')]).toEqual([['/f'], content]);
  }
});

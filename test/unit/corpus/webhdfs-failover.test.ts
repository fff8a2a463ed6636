// Several name nodes: one that starts, stands by, or is gone hides no active one, and its data nodes are not blamed.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { SYSTEM, WebHdfsClient } from '../../../coordinator/corpus/webhdfs/client.ts';
import { UserName } from '../../../coordinator/corpus/webhdfs/authentication.ts';
import { Exchanger } from '../../../coordinator/corpus/webhdfs/exchange.ts';
import { transportFailure } from '../../../coordinator/corpus/webhdfs/failure.ts';
import { readRange } from '../../../coordinator/corpus/webhdfs/range.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(answer: Answer): Promise<string> {
  const server = createServer((request, response) =>
    answer(request, response, new URL(request.url ?? '/', 'http://x')),
  );
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

function refuse(response: ServerResponse, exception: string, message: string): void {
  response.writeHead(403).end(JSON.stringify({ RemoteException: { exception, message } }));
}

const STANDBY = 'Operation category READ is not supported in state standby';
const status = JSON.stringify({
  FileStatus: { pathSuffix: '', type: 'FILE', length: 4, modificationTime: 5, fileId: 7 },
});

function clientOf(nameNodes: readonly string[]): { readonly client: WebHdfsClient; readonly waits: number[] } {
  const waits: number[] = [];
  const environment = { ...SYSTEM, random: () => 0.5, sleep: async (ms: number) => void waits.push(ms) };
  return { client: new WebHdfsClient({ nameNodes, authentication: new UserName('ann') }, environment), waits };
}

describe('several name nodes', () => {
  it('are asked in one round, whatever the first one says short of an answer', async () => {
    const active = await serve((_, response) => response.end(status));
    for (const [exception, message] of [
      ['StandbyException', STANDBY],
      ['RetriableException', 'Namenode is in startup mode'],
      ['SafeModeException', 'Name node is in safe mode'],
      ['NullPointerException', 'null'],
    ] as const) {
      const other = await serve((_, response) => refuse(response, exception, message));
      const { client, waits } = clientOf([other, active]);
      expect(await client.stat('/f'), exception).toMatchObject({ length: 4 });
      expect(waits, exception).toEqual([]);
      client.close();
    }
    const page = await serve((_, response) => response.writeHead(404).end('<title>Not here</title>'));
    const strange = clientOf([page, active]);
    expect(await strange.client.stat('/f')).toMatchObject({ length: 4 });
    strange.client.close();
    const gone = clientOf(['http://127.0.0.1:1', active]);
    expect(await gone.client.stat('/f')).toMatchObject({ length: 4 });
    gone.client.close();
  });

  it('that all stand by are waited for within the budget, and then named one by one', async () => {
    const standby: Answer = (_, response) => refuse(response, 'StandbyException', STANDBY);
    const { client, waits } = clientOf([await serve(standby), await serve(standby)]);
    await expect(client.stat('/f')).rejects.toMatchObject({
      code: 'HDFS_STANDBY',
      message: expect.stringMatching(
        /name node \S+ is a standby: .*; name node \S+ is a standby: .* after 60 attempts/,
      ),
      hint: expect.stringContaining('haadmin'),
    });
    expect(waits).toHaveLength(59);
    client.close();
  });

  it('one of which was left after three failures, is asked again after the cool-down', async () => {
    let now = 0;
    let asked = 0;
    let serves = true;
    const first = await serve((_, response) => {
      asked += 1;
      if (serves) response.end(status);
      else response.socket?.destroy();
    });
    let second = true;
    const other = await serve((_, response) =>
      second ? response.end(status) : refuse(response, 'StandbyException', STANDBY),
    );
    const environment = { now: () => now, random: () => 0.5, sleep: async (ms: number) => void (now += ms) };
    const client = new WebHdfsClient({ nameNodes: [first, other], authentication: new UserName('ann') }, environment);
    await client.stat('/f');
    expect(asked).toBe(1);
    serves = false;
    // Neither serves, until the budget is spent.
    second = false;
    await expect(client.stat('/f', AbortSignal.timeout(20_000))).rejects.toMatchObject({ code: 'HDFS_STANDBY' });
    expect(asked).toBeGreaterThan(3);
    second = true;
    const before = asked;
    await client.stat('/f');
    expect(asked).toBe(before); // its breaker is open: the other one is asked first
    client.close();
  });
});

describe('a data node that passes on what a name node said', () => {
  it('is asked again and not shut out', async () => {
    const log: string[] = [];
    let refusals = 2;
    const node = await serve((request, response, url) => {
      const op = url.searchParams.get('op') ?? '';
      log.push(op + (url.searchParams.get('excludedatanodes') ?? ''));
      if (op === 'GETFILESTATUS') response.end(status);
      else if (url.searchParams.has('dn')) {
        refusals -= 1;
        if (refusals >= 0) refuse(response, 'StandbyException', STANDBY);
        else response.end('text');
      } else
        response
          .writeHead(307, { location: `http://${request.headers.host}/webhdfs/v1/f?${url.searchParams}&dn=1` })
          .end();
    });
    const { client, waits } = clientOf([node]);
    const chunks: Uint8Array[] = [];
    const verify = async (): Promise<void> => void (await client.stat('/f'));
    for await (const chunk of readRange(client, '/f', 0, 4, verify)) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('text');
    expect(waits).toHaveLength(2);
    expect(log).not.toContain('GETFILEBLOCKLOCATIONS');
    client.close();
  });
});

describe('a data node whose name is lost for a moment', () => {
  const { send } = Exchanger.prototype;
  afterEach(() => void (Exchanger.prototype.send = send));

  it('is asked again when it has served, and hardly when it never did', async () => {
    const node = await serve((request, response, url) => {
      if (url.searchParams.get('op') === 'GETFILESTATUS') response.end(status);
      else if (url.searchParams.has('dn')) response.end('text');
      else if (url.searchParams.get('op') === 'OPEN')
        response
          .writeHead(307, { location: `http://${request.headers.host}/webhdfs/v1/f?${url.searchParams}&dn=1` })
          .end();
      else refuse(response, 'IllegalArgumentException', 'no such operation');
    });
    let lost = 0;
    Exchanger.prototype.send = async function (ask, signal) {
      if (ask.peer.role === 'name node' || lost === 0) return send.call(this, ask, signal);
      lost -= 1;
      throw transportFailure({ code: 'EAI_AGAIN' }, ask.peer);
    };
    const { client, waits } = clientOf([node]);
    const read = async (): Promise<string> => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of readRange(client, '/f', 0, 4, async () => undefined)) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    };
    lost = 5;
    await expect(read()).rejects.toMatchObject({ code: 'HDFS_DATA_NODE_UNRESOLVED' });
    expect(waits).toHaveLength(2);
    lost = 0;
    expect(await read()).toBe('text');
    lost = 5;
    expect(await read()).toBe('text');
    expect(waits).toHaveLength(2 + 5);
    client.close();
  });
});

// A small HTTP peer that speaks WebHDFS for one file and fails on command: for faults that a real cluster
// cannot be made to show at a chosen byte. The real cluster stands in test/e2e.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** What one OPEN does after `after` bytes of its body; `ok` sends everything. */
export type Fault =
  | { readonly kind: 'ok' }
  | { readonly kind: 'reset' | 'short' | 'stall'; readonly after: number }
  | { readonly kind: 'standby' | 'starting' | 'no-replica' | 'server-error' | 'not-json' | 'offer-short' };

export interface FaultyHdfs {
  readonly origin: string;
  /** Requests as they came: `OPEN 17+20`. */
  readonly log: string[];
  /** The file's pin; changing it makes it another file. */
  fileId: number;
  close(): Promise<void>;
}

const OK: Fault = { kind: 'ok' };

function exception(response: ServerResponse, status: number, name: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ RemoteException: { exception: name, javaClassName: `x.${name}`, message } }));
}

function sendBody(response: ServerResponse, body: Buffer, fault: Fault): void {
  const offered = fault.kind === 'offer-short' ? Math.max(body.length - 1, 0) : body.length;
  response.writeHead(200, { 'content-length': String(offered), connection: 'close' });
  if (fault.kind === 'ok') response.end(body);
  else if (fault.kind === 'offer-short') response.end(body.subarray(0, offered));
  else if (fault.kind === 'reset' || fault.kind === 'short' || fault.kind === 'stall') {
    // Headers and data go out before the connection ends, or the client would see neither.
    response.flushHeaders();
    response.write(body.subarray(0, fault.after), () => {
      if (fault.kind === 'reset') response.socket?.resetAndDestroy();
      else if (fault.kind === 'short') response.socket?.end();
    });
  } else response.end(body);
}

/** Serves `bytes` as every path; each OPEN takes the next fault, and then all are well. */
export async function startFaultyHdfs(
  bytes: Buffer,
  faults: readonly Fault[],
  redirectHost = 'dn.hdfs.invalid',
): Promise<FaultyHdfs> {
  const waiting = [...faults];
  let current: Fault = OK;
  let port = 0;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', 'http://x');
    const number = (name: string): number => Number(url.searchParams.get(name));
    const op = url.searchParams.get('op') ?? '';
    state.log.push(
      op === 'OPEN'
        ? `OPEN ${number('offset')}+${number('length')}${url.searchParams.has('dn') ? ' at the data node' : ''}`
        : op,
    );
    const status = { pathSuffix: '', type: 'FILE', length: bytes.length, modificationTime: 5, fileId: state.fileId };
    if (op === 'GETFILESTATUS') response.end(JSON.stringify({ FileStatus: status }));
    else if (op === 'GETFILEBLOCKLOCATIONS') {
      response.end(
        JSON.stringify({
          BlockLocations: {
            BlockLocation: [{ offset: 0, length: bytes.length, hosts: [redirectHost], names: ['10.0.0.1:9866'] }],
          },
        }),
      );
    } else if (op === 'OPEN' && url.searchParams.has('dn')) {
      sendBody(response, bytes.subarray(number('offset'), number('offset') + number('length')), current);
    } else if (op === 'OPEN') {
      current = waiting.shift() ?? OK;
      if (current.kind === 'standby')
        exception(response, 403, 'StandbyException', 'Operation category READ is not supported in state standby');
      else if (current.kind === 'starting')
        exception(response, 403, 'RetriableException', 'Namenode is in startup mode');
      else if (current.kind === 'no-replica')
        exception(response, 403, 'IOException', 'No active nodes contain this block');
      else if (current.kind === 'server-error') exception(response, 500, 'RuntimeException', 'boom\n\tat java.base');
      else if (current.kind === 'not-json') response.writeHead(502).end('<html>bad gateway</html>');
      else
        response
          .writeHead(307, {
            location: `http://${redirectHost}:${port}/webhdfs/v1/other?${url.searchParams.toString()}&dn=1`,
          })
          .end();
    } else exception(response, 400, 'IllegalArgumentException', `Invalid value for webhdfs parameter "op": ${op}`);
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  const state: FaultyHdfs = {
    origin: `127.0.0.1:${port}`,
    log: [],
    fileId: 7,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return state;
}

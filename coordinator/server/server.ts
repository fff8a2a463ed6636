// The coordinator's one port: pages, status, actions and the volunteers' socket.
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { About } from '../../protocol/status.ts';
import { EXIT, TributaryError } from '../errors.ts';
import type { Run } from '../run/run.ts';
import { serverUrls } from './addresses.ts';
import { Gatekeeper } from './gatekeeper.ts';
import { LiveFeed } from './live-feed.ts';
import { OperatorToken } from './operator-token.ts';
import { routes } from './routes.ts';
import type { TlsKeys } from './tls.ts';
import { VolunteerSocket } from './volunteer-socket.ts';

export interface ServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tls: TlsKeys | null;
  readonly token: string;
  /** What the operator says of the run. */
  readonly about: About;
  /** Folder of the built pages. */
  readonly pages: string;
}

export interface RunningServer {
  /** Where people on this machine go. */
  readonly url: string;
  /** Every address under which it is reached, `url` first. */
  readonly urls: readonly string[];
  close(): Promise<void>;
}

/** @throws TributaryError PORT_IN_USE, PORT_FORBIDDEN, HOST_UNKNOWN */
export async function startServer(run: Run, options: ServerOptions): Promise<RunningServer> {
  const feed = new LiveFeed(run);
  const listener = routes({
    run,
    feed,
    gate: new Gatekeeper(new OperatorToken(options.token), options.tls !== null, () => performance.now()),
    about: options.about,
    pages: options.pages,
  });
  const server: Server = options.tls === null ? createServer(listener) : createTlsServer(options.tls, listener);
  // Slow request heads are the cheapest attack on a small server.
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  const sockets = new VolunteerSocket(run, server);
  try {
    await listen(server, options);
  } catch (error) {
    feed.close();
    await sockets.close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  const urls = serverUrls(options.tls === null ? 'http' : 'https', options.host, port);
  return {
    url: urls[0],
    urls,
    close: async () => {
      feed.close();
      await sockets.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function listen(server: Server, { host, port }: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen(port, host, () => resolve());
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): TributaryError {
  const at = `${host}:${port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return new TributaryError('PORT_IN_USE', `${at} is taken by another program`, {
        hint: 'Give --port another number, or 0 for any free one.',
        exit: EXIT.failed,
        cause: error,
      });
    case 'EACCES':
      return new TributaryError('PORT_FORBIDDEN', `this user may not listen on ${at}`, {
        hint: 'Give --port a number above 1023.',
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new TributaryError('HOST_UNKNOWN', `${host} is no address of this machine`, {
        hint: 'Give --host 127.0.0.1, or 0.0.0.0 for all.',
        cause: error,
      });
    default:
      return new TributaryError('LISTEN_FAILED', `cannot listen on ${at}: ${error.message}`, { cause: error });
  }
}

/** Whether browsers treat pages from this host as secure without TLS, so that WebGPU exists there. */
export function isSecureWithoutTls(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
}

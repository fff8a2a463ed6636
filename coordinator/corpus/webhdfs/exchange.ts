// One HTTP exchange with a name node or data node, with a deadline for each phase.
//
// node:http and not fetch: data nodes always close the connection after a body, and a slow reader plus that
// FIN crashes the process in current undici.
import { isIP } from 'node:net';
import {
  Agent as HttpAgent,
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { HdfsError, type Peer, timeoutFailure, transportFailure } from './failure.ts';
import { identityCheck, mayShowCertificate, tlsFailure, type TlsOptions } from './tls.ts';

export interface Timeouts {
  /** Name look-up, TCP and TLS, ms. */
  readonly connectMs: number;
  /** From the request to the headers of the answer, ms. */
  readonly headersMs: number;
  /** Longest silence within a body while we wait for it, ms. */
  readonly idleMs: number;
  /** How long a chunk may be worked on until the connection behind it is given up, ms. */
  readonly heldMs: number;
}

/**
 * Bytes that are kept for a consumer that is busy; all that is there comes as one chunk. With Node's 16 KiB, every read
 * of the socket stops the next one, and each chunk is so small that passing it on costs more than receiving it.
 */
const BUFFERED_BYTES = 512 * 1024;

export const DEFAULT_TIMEOUTS: Timeouts = { connectMs: 10_000, headersMs: 30_000, idleMs: 75_000, heldMs: 60_000 };

/** Bytes, or pieces of them one after the other, made as fast as they are taken. */
export type Body = Uint8Array | AsyncIterable<Uint8Array>;

export interface Ask {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly peer: Peer;
  /** Encoded path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
}

// JSON answers above this are refused: a directory page holds a thousand entries.
const LONGEST_TEXT = 64 << 20;

/** Sends requests; keeps connections to name nodes, never those to data nodes. */
export class Exchanger {
  readonly timeouts: Timeouts;
  readonly #tls: TlsOptions;
  readonly #plain = new HttpAgent({ keepAlive: true, maxSockets: 8 });
  readonly #secure = new HttpsAgent({ keepAlive: true, maxSockets: 8 });

  constructor(timeouts: Timeouts, tls: TlsOptions) {
    this.timeouts = timeouts;
    this.#tls = tls;
  }

  /** Resolves with the answer once its headers are there; its body must be consumed or destroyed. */
  async send(ask: Ask, signal?: AbortSignal): Promise<IncomingMessage> {
    signal?.throwIfAborted();
    const { peer, body } = ask;
    const agent = peer.role === 'data node' ? false : peer.secure ? this.#secure : this.#plain;
    const options: RequestOptions & { readonly highWaterMark: number } = {
      method: ask.method,
      // IPv6 literals are bracketed in addresses but not in the resolver.
      host: peer.host.replace(/^\[|\]$/g, ''),
      port: peer.port,
      path: ask.path,
      agent,
      headers: { ...ask.headers, ...(body instanceof Uint8Array ? { 'content-length': String(body.byteLength) } : {}) },
      ...(signal === undefined ? {} : { signal }),
      // The socket's, which the answer takes over.
      highWaterMark: BUFFERED_BYTES,
    };
    const request = peer.secure ? httpsRequest({ ...options, ...this.#tlsFor(peer) }) : httpRequest(options);
    try {
      return await this.#answer(request, peer, body);
    } catch (error) {
      request.destroy();
      signal?.throwIfAborted();
      throw tlsFailure(error, peer, this.#tls) ?? transportFailure(error, peer);
    }
  }

  #tlsFor(peer: Peer): ConnectionOptions {
    const { ca, cert, key } = this.#tls;
    const host = peer.toldAs.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
    return {
      ...(ca === undefined ? {} : { ca }),
      ...(mayShowCertificate(peer) && cert !== undefined && key !== undefined ? { cert, key } : {}),
      // Addresses are no server names in TLS.
      servername: isIP(host) === 0 ? host : '',
      checkServerIdentity: identityCheck(peer),
    };
  }

  #answer(request: ClientRequest, peer: Peer, body: Body | undefined): Promise<IncomingMessage> {
    const { connectMs, headersMs, idleMs } = this.timeouts;
    return new Promise((resolve, reject) => {
      const connecting = setTimeout(() => reject(timeoutFailure(peer, 'connect', connectMs)), connectMs);
      let answering: NodeJS.Timeout | undefined;
      let answered = false;
      const awaitAnswer = (): void => {
        if (answered || request.destroyed) return;
        answering = setTimeout(() => reject(timeoutFailure(peer, 'headers', headersMs)), headersMs);
      };
      request.on('socket', (socket) => {
        // A name from a redirect may resolve to anything: it is judged before the connection is made.
        if (peer.guard !== undefined) {
          socket.on('lookup', (_error, address) => {
            const refusal = peer.guard?.(String(address));
            if (refusal !== undefined) socket.destroy(refusal);
          });
        }
        if (!socket.connecting) clearTimeout(connecting);
        else socket.once(peer.secure ? 'secureConnect' : 'connect', () => clearTimeout(connecting));
      });
      request.on('response', resolve);
      request.on('error', reject);
      request.on('close', () => {
        clearTimeout(connecting);
        clearTimeout(answering);
      });
      request.on('response', () => {
        answered = true;
        clearTimeout(answering);
      });
      if (body !== undefined && !(body instanceof Uint8Array)) {
        pour(body, request, idleMs, peer).then(awaitAnswer, reject);
        return;
      }
      awaitAnswer();
      request.end(body);
    });
  }

  /** The body in chunks. The silence timer runs only while we wait, so a slow consumer is no hung node. */
  async *chunks(answer: IncomingMessage, peer: Peer, signal?: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
    const { idleMs } = this.timeouts;
    const chunks = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    let asked = 0;
    let waiting = false;
    // One timer, wound up again for each chunk.
    const timer = setTimeout(() => {
      const overdue = asked;
      // After what has come in: this thread may have been too busy to look.
      setImmediate(() => {
        if (waiting && overdue === asked) answer.destroy(timeoutFailure(peer, 'idle', idleMs));
      });
    }, idleMs);
    try {
      for (;;) {
        asked += 1;
        waiting = true;
        timer.refresh();
        const next = await chunks.next();
        waiting = false;
        if (next.done === true) return;
        yield next.value;
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw transportFailure(error, peer);
    } finally {
      clearTimeout(timer);
      answer.destroy();
    }
  }

  /** The whole body as text. */
  async text(answer: IncomingMessage, peer: Peer, signal?: AbortSignal): Promise<string> {
    const parts: Buffer[] = [];
    let length = 0;
    for await (const chunk of this.chunks(answer, peer, signal)) {
      length += chunk.length;
      if (length > LONGEST_TEXT)
        throw new HdfsError(
          'HDFS_PROTOCOL',
          `${peer.host}:${peer.port} sent a JSON answer above ${LONGEST_TEXT} bytes`,
        );
      parts.push(chunk);
    }
    return Buffer.concat(parts).toString('utf8');
  }

  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }
}

/** Sends the pieces as fast as they are taken. Stops when the answer comes before the last of them: it is a refusal. */
async function pour(
  body: AsyncIterable<Uint8Array>,
  request: ClientRequest,
  idleMs: number,
  peer: Peer,
): Promise<void> {
  let over = false;
  let wake = (): void => undefined;
  const end = (): void => {
    over = true;
    wake();
  };
  request.once('response', end);
  request.once('close', end);
  request.on('drain', () => wake());
  for await (const piece of body) {
    if (over) return;
    if (request.write(piece)) continue;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(timeoutFailure(peer, 'idle', idleMs)), idleMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
  if (!over) request.end();
}

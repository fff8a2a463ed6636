// The volunteers' WebSocket: upgrade rules, heartbeat, and the wiring of a socket to the lease desk.
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { CLOSE, LIMITS } from '../../protocol/limits.ts';
import { largestResultBytes } from '../../protocol/to-coordinator.ts';
import { encodeToVolunteer } from '../../protocol/to-volunteer.ts';
import type { LeaseDesk } from '../leases/lease-desk.ts';
import type { Volunteer } from '../leases/volunteer.ts';
import { closeReason } from '../leases/volunteer.ts';
import type { Run } from '../run/run.ts';

const PATH = '/volunteer';
const HEARTBEAT_MS = 10_000;
/** A peer that answered no ping for so long is gone. */
const SILENT_MS = 30_000;
/** Time for the last frames to reach those who are let go. */
const FAREWELL_MS = 1000;
/** So often in so many ms the log tells of pages that are not ours. */
const FOREIGN_TOLD = 3;
const FOREIGN_MS = 60_000;
/** Sockets that may wait for the vocabulary. */
const WAITING = 256;

interface Peer {
  readonly socket: WebSocket;
  readonly address: string;
  volunteer: Volunteer | null;
  /** Frames that came before there was a desk: a hello, a condition or two. */
  readonly early: Uint8Array[];
  lastPong: number;
  pingAt: number;
}

export class VolunteerSocket {
  readonly #run: Run;
  readonly #server: WebSocketServer;
  readonly #peers = new Set<Peer>();
  #foreign = { since: 0, told: 0 };
  readonly #heartbeat: NodeJS.Timeout;
  readonly #unwatch: () => void;

  constructor(run: Run, http: Server) {
    this.#run = run;
    this.#server = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: largestResult(run, run.config.training.maxVocab),
    });
    http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    this.#heartbeat.unref();
    this.#unwatch = run.watch({
      vocabulary: (words) => {
        // Nobody who comes from now on can have a reason to send more than that.
        this.#server.options.maxPayload = largestResult(run, words);
        queueMicrotask(() => this.#admitWaiting());
      },
    });
  }

  /** Told three times a minute at most: strangers must not push everything else out of the log. */
  #noteForeign(origin: string): void {
    const now = performance.now();
    if (now - this.#foreign.since > FOREIGN_MS) this.#foreign = { since: now, told: 0 };
    if (this.#foreign.told++ < FOREIGN_TOLD)
      this.#run.note('warning', `a page of ${origin} tried to open the volunteers' socket`);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = request.url?.split('?')[0];
    if (path !== PATH) return refuse(socket, '404 Not Found', `sockets are at ${PATH}`);
    if (!sameOrigin(request)) {
      this.#noteForeign(String(request.headers.origin).slice(0, 100));
      return refuse(socket, '403 Forbidden', 'this page is not ours: a proxy must pass the Host header on');
    }
    const address = addressOf(request);
    const banned = this.#run.crew.refusal(address);
    // A page cannot read an HTTP status, and would try for ever.
    if (banned !== null)
      return this.#server.handleUpgrade(request, socket, head, (late) => dismiss(late, CLOSE.banned, banned));
    const { state, reason } = this.#run.bulletin;
    if (state === 'failed') return refuse(socket, '410 Gone', 'the run is failed');
    // A tab that comes back too late cannot see an HTTP status: it is told over the socket, or it would try for ever.
    if (state === 'done')
      return this.#server.handleUpgrade(request, socket, head, (late) => dismiss(late, CLOSE.finished, reason));
    if (this.#run.training === null && this.#peers.size >= WAITING)
      return refuse(socket, '503 Service Unavailable', 'too many volunteers wait for the vocabulary');
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#open(webSocket, address));
  }

  #open(socket: WebSocket, address: string): void {
    const now = performance.now();
    const peer: Peer = { socket, address, volunteer: null, early: [], lastPong: now, pingAt: now };
    this.#peers.add(peer);
    socket.binaryType = 'nodebuffer';
    socket.on('message', (data, isBinary) => this.#message(peer, data, isBinary));
    socket.on('pong', () => {
      peer.lastPong = performance.now();
      if (peer.volunteer !== null) peer.volunteer.roundTripMs = peer.lastPong - peer.pingAt;
    });
    socket.on('close', (code) => this.#closed(peer, `its connection closed (${code})`));
    // `close` follows; the reason is worth a line.
    socket.on('error', (error) => this.#closed(peer, `its connection failed: ${error.message}`));
    const desk = this.#run.training?.desk;
    if (desk === undefined)
      socket.send(
        encodeToVolunteer({ tag: 'idle', reason: 'the coordinator is still counting the words of the corpus' }),
      );
    else this.#admit(peer, desk);
    socket.ping();
  }

  #admit(peer: Peer, desk: LeaseDesk): void {
    const { socket } = peer;
    peer.volunteer = desk.connect(
      {
        send: (frame) => {
          if (socket.readyState === socket.OPEN) socket.send(frame);
        },
        address: peer.address,
        close: (code, reason) => socket.close(code, reason),
        get buffered() {
          return socket.bufferedAmount;
        },
      },
      false,
    );
    for (const frame of peer.early.splice(0)) desk.receive(peer.volunteer, frame);
  }

  #admitWaiting(): void {
    const desk = this.#run.training?.desk;
    if (desk === undefined) return;
    for (const peer of this.#peers) if (peer.volunteer === null) this.#admit(peer, desk);
  }

  #message(peer: Peer, data: RawData, isBinary: boolean): void {
    if (!isBinary || !Buffer.isBuffer(data)) {
      peer.socket.close(CLOSE.violation, 'BAD_TAG: only binary frames are spoken here');
      return;
    }
    if (peer.volunteer !== null) this.#run.training!.desk.receive(peer.volunteer, data);
    else if (peer.early.length < 4 && data.length <= LIMITS.smallFrame) peer.early.push(data);
    else peer.socket.close(CLOSE.violation, 'OUT_OF_ORDER: too much before the welcome');
  }

  #closed(peer: Peer, reason: string): void {
    if (!this.#peers.delete(peer)) return;
    if (peer.volunteer !== null) this.#run.training?.desk.disconnect(peer.volunteer, reason);
  }

  #beat(): void {
    const now = performance.now();
    for (const peer of this.#peers) {
      const mute =
        peer.volunteer !== null && peer.volunteer.greeting === null && now - peer.volunteer.connectedAt > HEARTBEAT_MS;
      if (now - peer.lastPong > SILENT_MS || mute) {
        this.#closed(
          peer,
          mute ? 'it never said hello' : `it was silent for ${Math.round((now - peer.lastPong) / 1000)} s`,
        );
        peer.socket.terminate();
        continue;
      }
      peer.pingAt = now;
      peer.socket.ping();
    }
  }

  /** Peers that were told to go get a moment to hear it. */
  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    this.#unwatch();
    const closing = [...this.#peers].filter(({ socket }) => socket.readyState === socket.CLOSING);
    const gone = Promise.all(closing.map(({ socket }) => new Promise((resolve) => socket.once('close', resolve))));
    await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, FAREWELL_MS).unref())]);
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
  }
}

/** Bytes of the largest legal result: every row of both matrices, at most LIMITS.leaseRows of each, in the widest format. */
function largestResult(run: Run, words: number): number {
  const { dim } = run.config.training;
  const rows = 2 * Math.min(LIMITS.leaseRows, words);
  return Math.max(LIMITS.smallFrame, largestResultBytes(rows, dim));
}

/** Browsers say which page opens a socket; programs say nothing and have no one's cookies to abuse. */
function sameOrigin(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return true;
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}

/** IPv4 addresses that come over an IPv6 socket are written as what they are. */
function addressOf({ socket }: IncomingMessage): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');
}

function dismiss(socket: WebSocket, code: number, reason: string): void {
  socket.on('error', () => socket.terminate());
  socket.close(code, closeReason(reason));
}

function refuse(socket: Duplex, status: string, message: string): void {
  // Node has taken its own listener away for the upgrade: a peer that resets the connection must harm nobody.
  socket.on('error', () => socket.destroy());
  // Nor may one that never closes its side keep the socket open.
  socket.once('finish', () => socket.destroy());
  const body = `${message}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

// Keeps a volunteer connected: one session per socket, reconnecting with backoff until it leaves or is sent away.
import { CLOSE } from '../../protocol/limits.ts';
import type { ConditionReason } from '../../protocol/to-coordinator.ts';
import type { SessionEvent, VolunteerFacts } from '../../volunteer/session.ts';
import { VolunteerSession } from '../../volunteer/session.ts';
import type { Engine } from '../../word2vec/engine.ts';

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;

export interface ConnectionEdges {
  readonly url: string;
  engine(): Promise<Engine>;
  engineFailed(error: unknown): void;
  facts(): Promise<VolunteerFacts>;
  event(event: SessionEvent): void;
  /** The socket is gone; the next attempt follows in `ms`. */
  retry(ms: number, reason: string): void;
  connecting(): void;
  /** No further attempt is made. */
  over(kind: 'done' | 'banned' | 'error', reason: string): void;
  traffic(up: number, down: number): void;
  /** A frame was taken in from `from` to `to`, in ms. */
  handled(from: number, to: number): void;
  /** Whether one more lease may be fetched beside `held` ones. */
  affords(held: number): boolean;
}

/** What the coordinator is told of the tab's effort. */
export interface Effort {
  readonly paused: boolean;
  readonly reason: ConditionReason;
  /** Percent of the time. */
  readonly duty: number;
}

export class Connection {
  readonly #edges: ConnectionEdges;
  #socket: WebSocket | null = null;
  #session: VolunteerSession | null = null;
  /** The session made last, also after it was dropped. */
  #latest: VolunteerSession | null = null;
  #retryMs = FIRST_RETRY_MS;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #ended = false;
  #leaving = false;
  #suspended = false;
  #effort: Effort = { paused: false, reason: 'none', duty: 100 };
  #hidden = false;

  constructor(edges: ConnectionEdges) {
    this.#edges = edges;
  }

  async open(): Promise<void> {
    if (this.#ended || this.#suspended) return;
    this.#edges.connecting();
    // The engine holds one lease at a time: what the broken connection left in it must end first.
    await this.#latest?.settled;
    // The engine before the socket: the greeting names the device, and a tab without one has nothing to offer.
    const facts = await this.#edges.facts();
    if (this.#ended || this.#suspended) return;
    const socket = new WebSocket(this.#edges.url);
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    const session = new VolunteerSession(
      {
        send: (frame) => {
          if (socket.readyState !== WebSocket.OPEN) return;
          this.#edges.traffic(frame.byteLength, 0);
          socket.send(frame);
        },
        now: () => performance.now(),
        engine: () => this.#edges.engine(),
        engineFailed: (error) => this.#edges.engineFailed(error),
        affords: (held) => this.#edges.affords(held),
      },
      (event) => this.#event(event),
    );
    this.#session = this.#latest = session;
    socket.addEventListener('open', () => {
      session.open(facts);
      session.setHidden(this.#hidden);
      this.#tell(session);
    });
    socket.addEventListener('message', (message: MessageEvent<ArrayBuffer>) => {
      this.#edges.traffic(0, message.data.byteLength);
      const from = performance.now();
      session.receive(new Uint8Array(message.data));
      this.#edges.handled(from, performance.now());
    });
    socket.addEventListener('close', (event) => this.#closed(session, event.code, event.reason));
  }

  #event(event: SessionEvent): void {
    if (event.kind === 'welcome') this.#retryMs = FIRST_RETRY_MS;
    if (event.kind === 'left') this.#end();
    this.#edges.event(event);
    if (event.kind === 'finished') this.#over('done', event.reason);
    if (event.kind === 'failed') this.#over('error', event.error.message);
  }

  #closed(session: VolunteerSession, code: number, reason: string): void {
    session.close();
    if (this.#ended || session !== this.#session) return;
    // Whoever wanted to go does not come back to say so.
    if (this.#leaving) return this.leave();
    switch (code) {
      case CLOSE.finished:
        return this.#over('done', reason);
      case CLOSE.version:
        return this.#over('error', `${reason}`);
      case CLOSE.violation:
        return this.#over('error', `the coordinator refused this tab's work: ${reason}`);
      case CLOSE.banned:
        return this.#over('banned', `the operator sent this tab away: ${reason}`);
      case CLOSE.full:
        return this.#retry(LAST_RETRY_MS, reason);
      default:
        return this.#retry(this.#retryMs, reason === '' ? 'the coordinator cannot be reached' : reason);
    }
  }

  #retry(ms: number, reason: string): void {
    // Full jitter between half and all of it: tabs that lost one coordinator do not return as one.
    const wait = Math.round(ms * (0.5 + Math.random() / 2));
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
    this.#edges.retry(wait, reason);
    this.#timer = setTimeout(() => this.#reopen(), wait);
  }

  #reopen(): void {
    this.open().catch((error: unknown) => this.#over('error', error instanceof Error ? error.message : String(error)));
  }

  /** Greets anew, as the facts are now: with another engine, say. */
  greetAgain(): void {
    if (this.#ended) return;
    this.#session?.close();
    this.#session = null;
    this.#socket?.close();
    this.#reopen();
  }

  setEffort(effort: Effort): void {
    this.#effort = effort;
    if (this.#session !== null) this.#tell(this.#session);
  }

  #tell(session: VolunteerSession): void {
    const { paused, reason, duty } = this.#effort;
    session.setEffort(reason, duty);
    session.setPaused(paused);
  }

  /** Hangs up, leases and all, and stays away until `resume`: nothing more goes over the wire. */
  suspend(): void {
    if (this.#ended || this.#suspended) return;
    this.#suspended = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const session = this.#session;
    this.#session = null;
    // A session that is closed reports nothing: this is no leaving.
    session?.close();
    this.#socket?.close();
  }

  resume(): void {
    if (!this.#suspended) return;
    this.#suspended = false;
    this.#retryMs = FIRST_RETRY_MS;
    this.#reopen();
  }

  setHidden(hidden: boolean): void {
    this.#hidden = hidden;
    this.#session?.setHidden(hidden);
  }

  /** Finishes the lease in training, then leaves; at once when there is no connection. */
  finish(): void {
    this.#leaving = true;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#session?.finish();
    else this.leave();
  }

  leave(): void {
    const connected = this.#socket?.readyState === WebSocket.OPEN;
    if (connected) this.#session?.leave();
    if (this.#ended) return;
    this.#end();
    this.#edges.event({ kind: 'left' });
  }

  #over(kind: 'done' | 'banned' | 'error', reason: string): void {
    if (this.#ended) return;
    this.#end();
    this.#edges.over(kind, reason);
  }

  #end(): void {
    this.#ended = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#session?.close();
    this.#socket?.close();
  }
}

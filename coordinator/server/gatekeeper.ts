// Who may see and do what an operator can: by the token in a header, or by a session cookie made from it once.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { OperatorToken } from './operator-token.ts';

/** A session ends after so many ms without a request. */
const IDLE_MS = 12 * 3_600_000;
/** Sessions at once; the one that was idle longest ends for the next. */
const MOST_SESSIONS = 64;
/** Wrong tokens from one address within a minute, after which that address waits; the right token is never made to. */
const MOST_FAILURES = 20;
const FAILURE_MS = 60_000;
const MOST_ADDRESSES = 1000;

export type Verdict = 'operator' | 'stranger' | 'foreign-page';

export class Gatekeeper {
  readonly #token: OperatorToken;
  readonly #now: () => number;
  readonly #secure: boolean;
  /** Last use by session id, on the clock; least recently used first. */
  readonly #sessions = new Map<string, number>();
  readonly #failures = new Map<string, { count: number; since: number }>();

  /** @param secure whether the server speaks TLS @param now milliseconds on a steady clock */
  constructor(token: OperatorToken, secure: boolean, now: () => number) {
    this.#token = token;
    this.#secure = secure;
    this.#now = now;
  }

  /**
   * Who asks. A cookie is sent by the browser whatever page asks, so where something is done (`POST`, `DELETE`) it
   * counts only for requests of our own pages; a header cannot be sent by another's page at all.
   */
  verdict(request: IncomingMessage): Verdict {
    if (this.#token.accepts(request.headers.authorization)) return 'operator';
    if (!this.#hasSession(request)) return 'stranger';
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    return isRead || isOurs(request) ? 'operator' : 'foreign-page';
  }

  isOperator(request: IncomingMessage): boolean {
    return this.verdict(request) === 'operator';
  }

  /** The Set-Cookie value of a new session; null when the token is wrong. */
  signIn(token: string, request: IncomingMessage): string | null {
    if (!this.#token.accepts(`Bearer ${token}`)) return null;
    const id = randomBytes(24).toString('base64url');
    this.#sessions.set(id, this.#now());
    for (const [oldest] of this.#sessions) {
      if (this.#sessions.size <= MOST_SESSIONS) break;
      this.#sessions.delete(oldest);
    }
    return this.#cookie(request, id, Math.floor(IDLE_MS / 1000));
  }

  /** Ends the request's session; answers the Set-Cookie value that makes the browser forget it. */
  signOut(request: IncomingMessage): string {
    const id = sessionOf(request);
    if (id !== null) this.#sessions.delete(id);
    return this.#cookie(request, '', 0);
  }

  /** A wrong token came. Answers whether it is to be told in the log: the first few of an address in a minute are. */
  failed(request: IncomingMessage): { readonly tell: boolean; readonly wait: boolean } {
    const address = request.socket.remoteAddress ?? '';
    const now = this.#now();
    let entry = this.#failures.get(address);
    if (entry === undefined || now - entry.since > FAILURE_MS) {
      entry = { count: 0, since: now };
      this.#failures.delete(address);
      this.#failures.set(address, entry);
      for (const [oldest] of this.#failures) {
        if (this.#failures.size <= MOST_ADDRESSES) break;
        this.#failures.delete(oldest);
      }
    }
    entry.count++;
    return { tell: entry.count <= 3, wait: entry.count > MOST_FAILURES };
  }

  #hasSession(request: IncomingMessage): boolean {
    const id = sessionOf(request);
    const used = id === null ? undefined : this.#sessions.get(id);
    if (id === null || used === undefined) return false;
    const now = this.#now();
    this.#sessions.delete(id);
    if (now - used > IDLE_MS) return false;
    this.#sessions.set(id, now);
    return true;
  }

  #cookie(request: IncomingMessage, id: string, seconds: number): string {
    return `${cookieName(request)}=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${this.#secure ? '; Secure' : ''}`;
  }
}

/** With the port at which the coordinator listens: cookies know none, and two runs on one machine must not sign each other out. */
function cookieName({ socket }: IncomingMessage): string {
  return `tributary-session-${socket.localPort ?? 0}`;
}

function sessionOf(request: IncomingMessage): string | null {
  const ours = cookieName(request);
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = pair.trim().split('=');
    if (name === ours && value !== undefined && value !== '') return value;
  }
  return null;
}

/** Browsers name the page that asks in `Origin` for everything but GET and HEAD. */
export function isOurs({ headers: { origin, host } }: IncomingMessage): boolean {
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === host;
}

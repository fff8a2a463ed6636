// Calls to the coordinator's HTTP interface: the answer, or what went wrong in words for people.
import type { ErrorBody } from '../../protocol/status.ts';

/** Milliseconds after which an answer is no longer waited for: who pressed a button is to hear something. */
const PATIENCE_MS = 15_000;

export interface CallFailure {
  /** The coordinator's error code; UNREACHABLE, NO_ANSWER or HTTP_<status> when it gave none. */
  readonly code: string;
  readonly message: string;
}

export type CallResult<T> =
  | { readonly ok: true; readonly body: T }
  | { readonly ok: false; readonly failure: CallFailure };

/** The parts of an answer that are used: a test may hand one in without a server. */
export interface CallAnswer {
  readonly ok: boolean;
  readonly status: number;
  text(): Promise<string>;
}

export type Fetch = (url: string, init?: RequestInit) => Promise<CallAnswer>;

function isErrorBody(body: unknown): body is ErrorBody {
  if (typeof body !== 'object' || body === null || !('error' in body)) return false;
  const error: unknown = body.error;
  if (typeof error !== 'object' || error === null || !('code' in error) || !('message' in error)) return false;
  return typeof error.code === 'string' && typeof error.message === 'string';
}

/**
 * Asks for `path` (relative to the page, so that a reverse proxy may add a prefix) and reads the JSON answer.
 * Failures are values, because each caller shows them beside the control that caused them. Only an abort throws.
 */
export async function callCoordinator<T>(
  path: string,
  init: RequestInit = {},
  send: Fetch = fetch,
  patienceMs = PATIENCE_MS,
): Promise<CallResult<T>> {
  let answer: CallAnswer;
  let text: string;
  const late = new AbortController();
  const giveUp = (): void => late.abort(init.signal?.reason);
  init.signal?.addEventListener('abort', giveUp);
  const timer = setTimeout(giveUp, patienceMs);
  try {
    init.signal?.throwIfAborted();
    answer = await send(path, { ...init, cache: 'no-store', signal: late.signal });
    text = await answer.text();
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    if (late.signal.aborted) return { ok: false, failure: noAnswer(init.method, patienceMs) };
    const cause = error instanceof Error ? error.message : String(error);
    return { ok: false, failure: { code: 'UNREACHABLE', message: `The coordinator does not answer (${cause}).` } };
  } finally {
    clearTimeout(timer);
    init.signal?.removeEventListener('abort', giveUp);
  }
  let body: unknown;
  try {
    body = text === '' ? null : JSON.parse(text);
  } catch {
    // A proxy's error page is no JSON: the status below says more than its text.
    body = undefined;
  }
  if (isErrorBody(body)) return { ok: false, failure: body.error };
  if (!answer.ok || body === undefined) {
    const message = `The coordinator answered with status ${answer.status}${body === undefined ? ' and no JSON' : ''}.`;
    return { ok: false, failure: { code: `HTTP_${answer.status}`, message } };
  }
  return { ok: true, body: body as T };
}

function noAnswer(method: string | undefined, patienceMs: number): CallFailure {
  const asked = `The coordinator gave no answer within ${Math.round(patienceMs / 1000)} s: it is busy, or the way to it is slow.`;
  const changed = method !== undefined && method !== 'GET';
  const next = changed ? 'It may still do what was asked: look at the log before trying again.' : 'Try again.';
  return { code: 'NO_ANSWER', message: `${asked} ${next}` };
}

/** What an answer that is no success says: the coordinator's coded error, or only its status. */
export function readFailure(status: number, text: string): CallFailure {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // A proxy's error page: the status says more than its text.
  }
  if (isErrorBody(body)) return body.error;
  return { code: `HTTP_${status}`, message: `The coordinator answered with status ${status}.` };
}

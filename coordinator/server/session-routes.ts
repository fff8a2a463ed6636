// Signing in and out: POST /api/session with the token makes a cookie, DELETE ends it, GET says who one is.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Audience } from '../../protocol/operator.ts';
import type { Run } from '../run/run.ts';
import { sendError, sendJson } from './answers.ts';
import { type Gatekeeper, isOurs } from './gatekeeper.ts';
import { readBody } from './request-body.ts';

const PATH = '/api/session';

export interface SessionParts {
  readonly run: Pick<Run, 'note'>;
  readonly gate: Gatekeeper;
}

/** Answers the request if its path is the session's; else answers false and does nothing. */
export async function sessionRoute(
  { run, gate }: SessionParts,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<boolean> {
  if (path !== PATH) return false;
  const answer = (operator: boolean): void => sendJson(response, 200, { operator } satisfies Audience);
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      answer(gate.isOperator(request));
      return true;
    case 'POST':
    case 'DELETE':
      // Programs send no Origin; a page that is not ours must neither sign in nor out.
      if (request.headers.origin !== undefined && !isOurs(request)) {
        request.resume();
        sendForeign(response);
        return true;
      }
      break;
    default:
      sendError(response, 405, 'POST_ONLY', `${PATH} takes GET, POST and DELETE`);
      return true;
  }
  if (request.method === 'DELETE') {
    request.resume();
    response.setHeader('set-cookie', gate.signOut(request));
    answer(false);
    return true;
  }
  const token = tokenOf(request, await readBody(request));
  if (token === null) {
    sendError(response, 400, 'BAD_BODY', 'the token is missing: a header "Authorization: Bearer …", or {"token":"…"}');
    return true;
  }
  const cookie = gate.signIn(token, request);
  if (cookie === null) {
    refuseStranger({ run, gate }, request, response, 'signing in');
    return true;
  }
  run.note('info', `signed in from ${request.socket.remoteAddress ?? 'a closed connection'}`, {
    category: 'operator',
    who: 'operator',
  });
  response.setHeader('set-cookie', cookie);
  answer(true);
  return true;
}

/** From the header, or from the body's JSON; null where neither has one. */
function tokenOf({ headers }: IncomingMessage, body: { readonly value: unknown } | null): string | null {
  const header = /^Bearer (\S+)$/.exec(headers.authorization ?? '');
  if (header !== null) return header[1]!;
  const value = body?.value;
  const token: unknown = typeof value === 'object' && value !== null && 'token' in value ? value.token : null;
  return typeof token === 'string' ? token : null;
}

export function sendForeign(response: ServerResponse): void {
  sendError(
    response,
    403,
    'FOREIGN_PAGE',
    'this page is not ours, so its requests do not count as the operator’s: a proxy must pass the Host header on',
  );
}

/** 401; who keeps guessing gets 429. The right token is accepted all the while. */
export function refuseStranger(
  { run, gate }: SessionParts,
  request: IncomingMessage,
  response: ServerResponse,
  what: string,
): void {
  const isGuess = request.headers.authorization !== undefined || request.method !== 'GET';
  const { tell, wait } = isGuess ? gate.failed(request) : { tell: false, wait: false };
  if (tell) {
    run.note('warning', `${what} was refused: wrong or missing operator token`, {
      category: 'operator',
      who: request.socket.remoteAddress ?? 'a closed connection',
    });
  }
  if (wait) {
    response.setHeader('retry-after', '60');
    sendError(response, 429, 'TOO_MANY_TOKENS', 'too many wrong tokens came from this address: try again in a minute');
  } else {
    sendError(
      response,
      401,
      'TOKEN_REQUIRED',
      'the operator token is missing or wrong; it was printed when the coordinator started',
    );
  }
}

// The shapes every HTTP answer takes: JSON, or an error with a code.
import type { ServerResponse } from 'node:http';
import type { ErrorBody } from '../../protocol/status.ts';
import type { TributaryError } from '../errors.ts';

/**
 * Nothing but our own files is loaded, run or connected to. `wasm-unsafe-eval` lets the CPU engine compile its
 * WebAssembly; `data:` images are the plots. 'self' covers the WebSocket of the same host (CSP level 3).
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
};

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    ...SECURITY_HEADERS,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  response.end(text);
}

export function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  const body: ErrorBody = { error: { code, message } };
  sendJson(response, status, body);
}

export function sendText(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { ...SECURITY_HEADERS, 'content-type': type, 'cache-control': 'no-store' });
  response.end(text);
}

/** HTTP status of an action's failure; what is not here is a conflict with how things stand, which can be mended. */
const STATUS: Readonly<Record<string, number>> = {
  CHECKPOINT_UNWRITABLE: 500,
  JOURNAL_UNWRITABLE: 500,
  BANS_UNWRITABLE: 500,
  NO_SUCH_VOLUNTEER: 404,
  NOT_BANNED: 404,
  NO_VALUE: 400,
};

/** An error that the operator can act on, with its hint. */
export function sendFailure(response: ServerResponse, { code, message, hint }: TributaryError): void {
  sendError(response, STATUS[code] ?? 409, code, hint === undefined ? message : `${message}. ${hint}`);
}

/** A file that the browser keeps. @param name plain ASCII */
export function sendDownload(response: ServerResponse, type: string, name: string, text: string): void {
  response.setHeader('content-disposition', `attachment; filename="${name}"`);
  sendText(response, 200, type, text);
}

export function sendBytes(response: ServerResponse, bytes: Uint8Array): void {
  response.writeHead(200, {
    ...SECURITY_HEADERS,
    'content-type': 'application/octet-stream',
    'content-length': bytes.length,
    'cache-control': 'no-store',
  });
  response.end(bytes);
}

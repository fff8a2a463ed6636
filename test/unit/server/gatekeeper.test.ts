// Who counts as the operator: the token's header, or a session's cookie from our own pages; and who guesses too often.
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { Gatekeeper } from '../../../coordinator/server/gatekeeper.ts';
import { OperatorToken } from '../../../coordinator/server/operator-token.ts';

const TOKEN = 'a-token-of-many-characters';

function request(
  method: string,
  headers: Record<string, string>,
  remoteAddress = '10.0.0.1',
  localPort = 8080,
): IncomingMessage {
  return {
    method,
    headers: { host: 'here:8080', ...headers },
    socket: { remoteAddress, localPort },
  } as unknown as IncomingMessage;
}

const SIGN_IN = request('POST', {});

function gateAt(clock: { now: number }, secure = false): Gatekeeper {
  return new Gatekeeper(new OperatorToken(TOKEN), secure, () => clock.now);
}

const cookieOf = (setCookie: string): string => setCookie.split(';')[0]!;

describe('gatekeeper', () => {
  it('takes the token in a header, from anywhere', () => {
    const gate = gateAt({ now: 0 });
    expect(gate.verdict(request('POST', { authorization: `Bearer ${TOKEN}` }))).toBe('operator');
    expect(gate.verdict(request('POST', { authorization: 'Bearer wrong' }))).toBe('stranger');
    expect(gate.verdict(request('GET', {}))).toBe('stranger');
  });

  it('makes a cookie that no script reads and no other page sends', () => {
    expect(gateAt({ now: 0 }).signIn('wrong', SIGN_IN)).toBeNull();
    expect(gateAt({ now: 0 }).signIn(TOKEN, SIGN_IN)).toMatch(
      /^tributary-session-8080=[\w-]{32}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/,
    );
    expect(gateAt({ now: 0 }, true).signIn(TOKEN, SIGN_IN)).toMatch(/; Secure$/);
  });

  it('lets a session look, and act only from our own page', () => {
    const gate = gateAt({ now: 0 });
    const cookie = cookieOf(gate.signIn(TOKEN, SIGN_IN)!);
    expect(gate.verdict(request('GET', { cookie: `a=b; ${cookie}` }))).toBe('operator');
    expect(gate.verdict(request('POST', { cookie, origin: 'http://here:8080' }))).toBe('operator');
    expect(gate.verdict(request('POST', { cookie, origin: 'http://elsewhere' }))).toBe('foreign-page');
    expect(gate.verdict(request('POST', { cookie, origin: 'null' }))).toBe('foreign-page');
    expect(gate.verdict(request('POST', { cookie }))).toBe('foreign-page');
    expect(gate.verdict(request('GET', { cookie: `${cookie}x` }))).toBe('stranger');
  });

  it('keeps apart two coordinators on one host, whose cookies the browser sends to both', () => {
    const [gate, other] = [gateAt({ now: 0 }), gateAt({ now: 0 })];
    const ours = cookieOf(gate.signIn(TOKEN, request('POST', {}, '10.0.0.1', 8080))!);
    const theirs = cookieOf(other.signIn(TOKEN, request('POST', {}, '10.0.0.1', 8081))!);
    const cookie = `${theirs}; ${ours}`;
    expect(gate.isOperator(request('GET', { cookie }, '10.0.0.1', 8080))).toBe(true);
    expect(other.isOperator(request('GET', { cookie }, '10.0.0.1', 8081))).toBe(true);
    // A cookie of the other one replaces nothing of ours.
    expect(ours.split('=')[0]).not.toBe(theirs.split('=')[0]);
  });

  it('ends a session when it is signed out, and when it was idle for half a day', () => {
    const clock = { now: 0 };
    const gate = gateAt(clock);
    const [one, other] = [cookieOf(gate.signIn(TOKEN, SIGN_IN)!), cookieOf(gate.signIn(TOKEN, SIGN_IN)!)];
    expect(gate.signOut(request('DELETE', { cookie: one }))).toContain('Max-Age=0');
    expect(gate.isOperator(request('GET', { cookie: one }))).toBe(false);
    clock.now = 11 * 3_600_000;
    expect(gate.isOperator(request('GET', { cookie: other }))).toBe(true);
    clock.now += 11 * 3_600_000;
    expect(gate.isOperator(request('GET', { cookie: other }))).toBe(true);
    clock.now += 13 * 3_600_000;
    expect(gate.isOperator(request('GET', { cookie: other }))).toBe(false);
  });

  it('makes an address that guesses wait, but never the right token, nor another address', () => {
    const clock = { now: 0 };
    const gate = gateAt(clock);
    const guess = request('POST', { authorization: 'Bearer wrong' });
    const answers = Array.from({ length: 25 }, () => gate.failed(guess));
    expect(answers.filter(({ tell }) => tell)).toHaveLength(3);
    expect(answers.findIndex(({ wait }) => wait)).toBe(20);
    expect(gate.verdict(request('POST', { authorization: `Bearer ${TOKEN}` }))).toBe('operator');
    expect(gate.signIn(TOKEN, SIGN_IN)).not.toBeNull();
    expect(gate.failed(request('POST', {}, '10.0.0.2')).wait).toBe(false);
    clock.now = 61_000;
    expect(gate.failed(guess)).toEqual({ tell: true, wait: false });
  });
});

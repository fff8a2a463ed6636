// Small JSON bodies: what is read, what is refused, and senders who hang up in the middle.
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { deferred } from '../../../coordinator/run/deferred.ts';
import { MOST_BODY, readBody } from '../../../coordinator/server/request-body.ts';

type Body = Awaited<ReturnType<typeof readBody>>;

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server that reads one body: its port, when its request has come, and what was read. */
async function reader(): Promise<{ port: number; came: Promise<void>; read: Promise<Body> }> {
  const came = deferred<void>();
  const read = deferred<Body>();
  const server = createServer((incoming, response) => {
    came.resolve();
    readBody(incoming).then(read.resolve, read.reject);
    read.promise.finally(() => response.end()).catch(() => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  return { port: (server.address() as AddressInfo).port, came: came.promise, read: read.promise };
}

async function posted(text: string): Promise<Body> {
  const { port, read } = await reader();
  request({ port, host: '127.0.0.1', method: 'POST' }).end(text);
  return read;
}

describe('body', () => {
  it.each([
    ['{"rate":0.5}', { value: { rate: 0.5 } }],
    ['', { value: {} }],
    ['{"rate":', null],
    [`"${'x'.repeat(MOST_BODY - 2)}"`, { value: 'x'.repeat(MOST_BODY - 2) }],
    [`"${'x'.repeat(MOST_BODY - 1)}"`, null],
  ])('%.20s is read or refused', async (text, expected) => {
    expect(await posted(text)).toEqual(expected);
  });

  it('is none when its sender hangs up: that is no error of the coordinator', async () => {
    const { port, came, read } = await reader();
    const socket = connect(port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"token":');
    await came;
    socket.destroy();
    expect(await read).toBeNull();
  });
});

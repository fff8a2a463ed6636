// A name node in front of the real one, which answers nothing for some files, and knows what was opened.
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StallingNameNode {
  readonly url: string;
  /** Paths of OPEN requests that were passed on, in their order. */
  readonly opened: string[];
  /** Opening a path that ends so is never answered; '' for none. */
  stalls: string;
  close(): void;
}

/** @param url of the name node, `webhdfs://127.0.0.1:PORT` */
export async function stallingNameNode(url: string): Promise<StallingNameNode> {
  const { host } = new URL(url.replace('webhdfs:', 'http:'));
  const opened: string[] = [];
  const server = createServer((asked, answer) => {
    const { pathname, searchParams } = new URL(asked.url ?? '/', 'http://name-node');
    if (searchParams.get('op') === 'OPEN') {
      if (front.stalls !== '' && pathname.endsWith(front.stalls)) return;
      opened.push(pathname.replace('/webhdfs/v1', ''));
    }
    const { method } = asked;
    const headers = { ...asked.headers, host };
    const passed = request(`http://${host}${asked.url ?? '/'}`, { method, headers }, (told) => {
      answer.writeHead(told.statusCode ?? 502, told.headers);
      told.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const front: StallingNameNode = {
    url: `webhdfs://127.0.0.1:${port}`,
    opened,
    stalls: '',
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return front;
}

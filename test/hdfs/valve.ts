// A valve in the wires from the data nodes: a test stops the flow at a chosen byte, does harm, and lets go.
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

interface Bean {
  /** JSON text: data nodes by `host:transferPort`, with `infoAddr`, the `ip:port` of their web server. */
  readonly LiveNodes: string;
}

/** Web addresses of the live data nodes by name, `dn1.hdfs.invalid`. */
async function webAddresses(url: string): Promise<ReadonlyMap<string, { host: string; port: number }>> {
  const web = url.replace('webhdfs:', 'http:');
  const answer = await fetch(`${web}/jmx?qry=Hadoop:service=NameNode,name=NameNodeInfo`);
  const { beans } = (await answer.json()) as { beans: readonly Bean[] };
  const nodes = JSON.parse(beans[0]!.LiveNodes) as Readonly<Record<string, { infoAddr: string }>>;
  return new Map(
    Object.entries(nodes).map(([name, { infoAddr }]) => {
      const [host = '', port = ''] = infoAddr.split(':');
      return [name.replace(/:\d+$/, ''), { host, port: Number(port) }];
    }),
  );
}

export class Valve {
  readonly #servers: Server[] = [];
  readonly #paused = new Map<Socket, number>(); // connections with data nodes that were shut, and which node's
  readonly #open = new Set<Socket>();
  #passed = 0; // bytes from all data nodes
  #limit = Number.POSITIVE_INFINITY;
  #closed: (dataNode: number) => void = () => undefined;
  /** The `--hdfs-host-map` that leads through it. */
  hostMap = '';

  /** A valve before every live data node of the cluster; `url` as in HdfsAddress. */
  static async before(url: string): Promise<Valve> {
    const valve = new Valve();
    const entries: string[] = [];
    for (const [name, target] of await webAddresses(url)) {
      const dataNode = Number(/\d+/.exec(name)?.[0]);
      const server = createServer((down) => valve.#join(down, connect(target), dataNode));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      valve.#servers.push(server);
      entries.push(`${name}=127.0.0.1:${(server.address() as AddressInfo).port}`);
    }
    valve.hostMap = entries.join(',');
    return valve;
  }

  /** Shuts after so many bytes from now; resolves then, with the number of the data node that was sending. */
  shutAfter(bytes: number): Promise<number> {
    this.#passed = 0;
    this.#limit = bytes;
    return new Promise((resolve) => (this.#closed = resolve));
  }

  /**
   * Lets everything flow, but for what was on its way from a data node that was harmed meanwhile: buffers of the
   * system would still hold millions of bytes, and a machine that dies or hangs takes them with it.
   */
  release(harmed?: { readonly dataNode: number; readonly how: 'cut' | 'silent' }): void {
    this.#limit = Number.POSITIVE_INFINITY;
    for (const [socket, dataNode] of this.#paused) {
      if (dataNode !== harmed?.dataNode) socket.resume();
      else if (harmed.how === 'cut') socket.destroy(new Error('cut'));
      else continue;
      this.#paused.delete(socket);
    }
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#open) socket.destroy();
  }

  #join(down: Socket, up: Socket, dataNode: number): void {
    for (const socket of [down, up]) {
      this.#open.add(socket);
      // How a connection ends is the matter of its other half.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#open.delete(socket);
        this.#paused.delete(socket);
      });
    }
    down.pipe(up);
    down.on('close', () => up.destroy());
    down.on('drain', () => {
      if (!this.#paused.has(up)) up.resume();
    });
    up.on('end', () => down.end());
    up.on('close', (broken) => (broken ? down.resetAndDestroy() : down.end()));
    up.on('data', (bytes) => {
      this.#passed += bytes.length;
      if (!down.write(bytes)) up.pause();
      if (this.#passed < this.#limit) return;
      up.pause();
      this.#paused.set(up, dataNode);
      this.#closed(dataNode);
    });
  }
}

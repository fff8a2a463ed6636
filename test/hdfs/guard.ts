// What every test cluster needs of the machine: free ports, and an end when the tests end.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

/** `count` TCP ports on loopback that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            resolve(typeof address === 'object' && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * Ends the JVMs and removes the folder when this process is gone, however it went: it waits for the end of
 * its standard input, which the system closes with us.
 */
export class Guard {
  readonly #shell;

  constructor(folder: string) {
    const script = 'pids=; while read -r pid; do pids="$pids $pid"; done; kill -9 $pids 2>/dev/null; rm -rf "$0"';
    this.#shell = spawn('sh', ['-c', script, folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    this.#shell.unref();
  }

  watch(pid: number): void {
    this.#shell.stdin.write(`${pid}\n`);
  }

  dismiss(): void {
    this.#shell.kill('SIGKILL');
  }
}

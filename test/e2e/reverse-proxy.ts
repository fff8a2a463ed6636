// nginx in front of a coordinator, with the configuration that docs/operations.md shows.
import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { until } from './coordinator-process.ts';

const GUIDE = fileURLToPath(new URL('../../docs/operations.md', import.meta.url));

/** Path of nginx, installed from the distribution's packages when there is none. */
function nginxProgram(): string {
  const find = (): string | undefined =>
    ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx'].find((path) => existsSync(path));
  if (find() === undefined) {
    const [command, ...rest] = process.getuid?.() === 0 ? ['apt-get'] : ['sudo', '-n', 'apt-get'];
    execFileSync(command!, [...rest, 'update', '-qq'], { stdio: 'ignore' });
    execFileSync(command!, [...rest, 'install', '-y', '-qq', '--no-install-recommends', 'nginx-light'], {
      stdio: 'ignore',
    });
  }
  const path = find();
  if (path === undefined) throw new Error('the tests need nginx: install it');
  return path;
}

/** The server block of the guide: what is documented is what is tried. */
function documentedServer(): string {
  const block = /```nginx\n([^]*?)```/.exec(readFileSync(GUIDE, 'utf8'));
  if (block === null) throw new Error(`${GUIDE} shows no nginx configuration`);
  return block[1]!;
}

export interface Proxy {
  stop(): Promise<void>;
}

/** Starts nginx on `port`, in front of `upstream` (host:port), with files below `folder`. */
export async function startProxy(
  folder: string,
  port: number,
  upstream: string,
  cert: string,
  key: string,
): Promise<Proxy> {
  const server = documentedServer()
    .replace(/listen 443 ssl[^;]*;/, `listen 127.0.0.1:${port} ssl;`)
    .replace(/server_name [^;]+;/, 'server_name localhost;')
    .replace(/ssl_certificate [^;]+;/, `ssl_certificate ${cert};`)
    .replace(/ssl_certificate_key [^;]+;/, `ssl_certificate_key ${key};`)
    .replaceAll('127.0.0.1:8080', upstream);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  );
  const text = `daemon off;\npid ${join(folder, 'nginx.pid')};\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n${paths.join('\n')}\n${server}\n}\n`;
  writeFileSync(join(folder, 'nginx.conf'), text);
  const child: ChildProcess = spawn(nginxProgram(), ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (piece: string) => (said += piece));
  const exit = new Promise((resolve) => child.once('close', resolve));
  await until('nginx to listen', 10_000, () => {
    if (child.exitCode !== null) throw new Error(`nginx ended: ${said}`);
    return new Promise<true | undefined>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.once('connect', () => socket.destroy()).once('error', () => resolve(undefined));
    });
  });
  return {
    stop: async () => {
      child.kill('SIGTERM');
      await exit;
    },
  };
}

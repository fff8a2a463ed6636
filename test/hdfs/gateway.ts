// A gateway as Apache Knox documents itself, in front of a real cluster: TLS, its own base path, Basic or Bearer
// before every request, and redirects back to itself whose query is encrypted in `_`. Knox itself is not run.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { HostMap } from '../../coordinator/corpus/host-map.ts';
import { mapAddress } from '../../coordinator/corpus/host-map.ts';
import type { Pem } from './certificates.ts';

export interface GatewayOptions {
  /** `http://127.0.0.1:PORT` of the name node. */
  readonly nameNode: string;
  readonly hostMap: HostMap;
  /** Who asks, as the cluster is told. */
  readonly user: string;
  /** What `Authorization` must be. */
  readonly authorization: string;
  readonly tls: Pem;
}

export interface Gateway {
  /** `swebhdfs://localhost:PORT` */
  readonly url: string;
  readonly basePath: string;
  /** What `Authorization` must be from now on. */
  authorization: string;
  close(): Promise<void>;
}

const BASE = '/gateway/default/webhdfs';

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const key = randomBytes(32);
  const seal = (text: string): string => {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
  };
  const unseal = (text: string): string => {
    const bytes = Buffer.from(text, 'base64url');
    const cipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
    cipher.setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([cipher.update(bytes.subarray(28)), cipher.final()]).toString('utf8');
  };
  /** Asks a server of the cluster; the answer goes back as it is, but for redirects. */
  const pass = (target: URL, request: IncomingMessage, response: ServerResponse): void => {
    const { host, port } = mapAddress(options.hostMap, { host: target.hostname, port: Number(target.port) });
    const ask = httpRequest(
      { host, port, method: request.method, path: target.pathname + target.search, agent: false },
      (answer) => {
        const { location } = answer.headers;
        const type = answer.headers['content-type'] ?? 'application/octet-stream';
        if (location === undefined) {
          // Streamed without a length, as gateways do.
          response.writeHead(answer.statusCode ?? 502, { 'content-type': type });
        } else {
          const path = new URL(location).pathname;
          response.writeHead(answer.statusCode ?? 502, {
            location: `https://localhost:${address.port}${BASE}/data/v1${path}?_=${seal(location)}`,
          });
        }
        answer.pipe(response);
      },
    );
    ask.on('error', () => response.destroy());
    request.pipe(ask);
  };
  const server = createServer(
    { cert: readFileSync(options.tls.cert), key: readFileSync(options.tls.key) },
    (request, response) => {
      const url = new URL(request.url ?? '/', 'https://localhost');
      if (request.headers.authorization !== gateway.authorization) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="gateway"' }).end('<html>401</html>');
        return;
      }
      const sealed = url.searchParams.get('_');
      if (url.pathname.startsWith(`${BASE}/data/v1/`) && sealed !== null) {
        pass(new URL(unseal(sealed)), request, response);
      } else if (url.pathname.startsWith(`${BASE}/v1/`)) {
        const target = new URL(options.nameNode + url.pathname.replace(BASE, '/webhdfs') + url.search);
        target.searchParams.set('user.name', options.user);
        pass(target, request, response);
      } else {
        response.writeHead(404).end('<html>no such service</html>');
      }
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as { readonly port: number };
  const gateway: Gateway = {
    url: `swebhdfs://localhost:${address.port}`,
    basePath: `${BASE}/v1`,
    authorization: options.authorization,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return gateway;
}

// The dashboard's feed: server-sent events, one status a second, slow readers dropped.
import type { ServerResponse } from 'node:http';
import type { RunFeed } from '../../protocol/status.ts';
import type { Run } from '../run/run.ts';
import { SECURITY_HEADERS } from './answers.ts';
import { runStatus } from './status.ts';

/** Viewers at once; more are refused. */
const VIEWERS = 200;
/** Bytes queued for one viewer before it is let go: its browser reconnects and starts afresh. */
const BUFFER_BYTES = 4 << 20;

export class LiveFeed {
  readonly #run: Run;
  readonly #viewers = new Set<ServerResponse>();
  readonly #ticker: NodeJS.Timeout;
  readonly #unwatch: () => void;

  constructor(run: Run) {
    this.#run = run;
    this.#ticker = setInterval(() => this.#send('status', runStatus(run)), 1000);
    this.#ticker.unref();
    this.#unwatch = run.watch({
      log: (event) => this.#send('log', event),
      point: (point) => this.#send('point', point),
      state: () => this.#send('status', runStatus(run)),
    });
  }

  /** Answers false when there are too many viewers. */
  open(response: ServerResponse): boolean {
    if (this.#viewers.size >= VIEWERS) return false;
    response.writeHead(200, {
      ...SECURITY_HEADERS,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // nginx would otherwise hold events back.
      'x-accel-buffering': 'no',
    });
    const write = <K extends keyof RunFeed>(event: K, data: RunFeed[K]): boolean => response.write(frame(event, data));
    write('history', this.#run.history.points);
    for (const event of this.#run.bulletin.log.events) write('log', event);
    write('status', runStatus(this.#run));
    this.#viewers.add(response);
    response.on('close', () => this.#viewers.delete(response));
    return true;
  }

  #send<K extends keyof RunFeed>(event: K, data: RunFeed[K]): void {
    if (this.#viewers.size === 0) return;
    const text = frame(event, data);
    for (const viewer of this.#viewers) {
      if (viewer.writableLength > BUFFER_BYTES) {
        this.#viewers.delete(viewer);
        viewer.destroy();
      } else {
        viewer.write(text);
      }
    }
  }

  close(): void {
    clearInterval(this.#ticker);
    this.#unwatch();
    for (const viewer of this.#viewers) viewer.end();
    this.#viewers.clear();
  }
}

function frame<K extends keyof RunFeed>(event: K, data: RunFeed[K]): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

// The live feed: server-sent events, once a second what changed, for the public and for the operator.
import type { ServerResponse } from 'node:http';
import { tableOf } from '../../protocol/history.ts';
import type { RunFeed } from '../../protocol/operator.ts';
import type { HistoryPoint, RunEvent } from '../../protocol/status.ts';
import type { Run } from '../run/run.ts';
import { SECURITY_HEADERS } from './answers.ts';
import { FeedViewer } from './feed-viewer.ts';
import { operatorStatus } from './operator-status.ts';
import { feedStatus } from './status.ts';
import { VolunteerChanges } from './volunteer-changes.ts';

/** Viewers at once; more are refused. */
const VIEWERS = 200;
const TICK_MS = 1000;
/** Changes of state within so many ms are told together. */
const STATE_MS = 250;
/** Lines of the log kept between two ticks. */
const MOST_LINES = 500;

export class LiveFeed {
  readonly #run: Run;
  readonly #viewers = new Map<ServerResponse, FeedViewer>();
  readonly #ticker: NodeJS.Timeout;
  readonly #unwatch: () => void;
  readonly #changes = new VolunteerChanges();
  #points: HistoryPoint[] = [];
  #lines: RunEvent[] = [];
  #soon: NodeJS.Timeout | null = null;

  constructor(run: Run) {
    this.#run = run;
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    this.#ticker.unref();
    this.#unwatch = run.watch({
      log: (event) => {
        this.#lines.push(event);
        if (this.#lines.length > MOST_LINES) this.#lines.shift();
      },
      point: (point) => this.#points.push(point),
      state: () => this.#stateChanged(),
    });
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /** Answers false when there are too many viewers. @param operator whether it gets more than the public */
  open(response: ServerResponse, operator: boolean): boolean {
    if (this.#viewers.size >= VIEWERS) return false;
    response.writeHead(200, {
      ...SECURITY_HEADERS,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // nginx would otherwise hold events back.
      'x-accel-buffering': 'no',
    });
    // What was not told to anybody is in the whole.
    if (this.#viewers.size === 0) this.#forget();
    response.write(this.#whole(operator));
    this.#viewers.set(response, new FeedViewer(response, operator));
    response.on('close', () => this.#viewers.delete(response));
    return true;
  }

  /** Everything that a viewer knows who has seen all events. */
  #whole(operator: boolean): string {
    const { history, bulletin, observatory, quality } = this.#run;
    const text =
      frame('audience', { operator }) + frame('history', tableOf(history.points, quality?.probe.length ?? 0));
    const status = frame('status', feedStatus(this.#run));
    if (!operator) return text + status;
    return (
      text +
      frame('log', bulletin.log.events) +
      frame('timeline', observatory.timeline.entries) +
      frame('volunteers', this.#changes.whole()) +
      frame('operator', operatorStatus(this.#run, this.viewers)) +
      status
    );
  }

  #forget(): void {
    this.#points = [];
    this.#lines = [];
    this.#run.observatory.timeline.takeChanged();
    this.#changes.update(this.#run.observatory.roster.lines());
  }

  #tick(): void {
    if (this.#viewers.size === 0) return this.#forget();
    const { observatory } = this.#run;
    const points = this.#points.map((point) => frame('point', point)).join('');
    const shared = points + frame('status', feedStatus(this.#run));
    const more = [...this.#viewers.values()].some(({ operator }) => operator);
    const lines = this.#lines.length === 0 ? '' : frame('log', this.#lines);
    const leases = observatory.timeline.takeChanged();
    const rows = more ? this.#changes.update(observatory.roster.lines()) : null;
    const own = !more
      ? ''
      : lines +
        (leases.length === 0 ? '' : frame('timeline', leases)) +
        (rows === null ? '' : frame('volunteers', rows)) +
        frame('operator', operatorStatus(this.#run, this.viewers));
    this.#points = [];
    this.#lines = [];
    for (const [response, viewer] of this.#viewers)
      this.#tell(response, viewer, viewer.operator ? own + shared : shared);
  }

  #tell(response: ServerResponse, viewer: FeedViewer, news: string): void {
    if (!viewer.tell(news, () => this.#whole(viewer.operator))) this.#viewers.delete(response);
  }

  #stateChanged(): void {
    if (this.#viewers.size === 0 || this.#soon !== null) return;
    this.#soon = setTimeout(() => {
      this.#soon = null;
      const status = frame('status', feedStatus(this.#run));
      for (const [response, viewer] of this.#viewers) if (viewer.isCurrent) this.#tell(response, viewer, status);
    }, STATE_MS);
    this.#soon.unref();
  }

  close(): void {
    clearInterval(this.#ticker);
    if (this.#soon !== null) clearTimeout(this.#soon);
    this.#unwatch();
    for (const response of this.#viewers.keys()) response.end();
    this.#viewers.clear();
  }
}

function frame<K extends keyof RunFeed>(event: K, data: RunFeed[K]): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

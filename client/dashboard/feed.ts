// The live feed: server-sent events into the dashboard's state, with reconnection.
import { pointsOf } from '../../protocol/history.ts';
import type { RunFeed } from '../../protocol/operator.ts';
import {
  type DashboardState,
  EMPTY,
  withHistory,
  withLive,
  withLog,
  withLoss,
  withPoint,
  withStatus,
} from './dashboard-state.ts';
import { type FleetState, withOperatorStatus, withTimeline, withVolunteers } from './fleet-state.ts';

/** Delay before a closed feed is opened again: doubles from the first to the last, reset by a connection. */
export const REOPEN_MS = { first: 1000, last: 15_000 } as const;

/** The parts of EventSource that are used. */
export interface EventStream {
  onopen: ((event: Event) => void) | null;
  onerror: ((event: Event) => void) | null;
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

export interface FeedOptions {
  readonly open: () => EventStream;
  readonly onChange: (state: DashboardState) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly later: (run: () => void, ms: number) => void;
}

export class Feed {
  readonly #options: FeedOptions;
  #state: DashboardState = EMPTY;
  #stream: EventStream | null = null;
  #delay: number = REOPEN_MS.first;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  get state(): DashboardState {
    return this.#state;
  }

  open(): void {
    const stream = this.#options.open();
    this.#stream = stream;
    stream.onopen = () => {
      this.#delay = REOPEN_MS.first;
      this.#change(withLive(this.#state));
    };
    stream.onerror = () => this.#lost(stream);
    this.#on(stream, 'audience', ({ operator }) => ({ ...this.#state, isOperator: operator }));
    this.#on(stream, 'status', (status) => withStatus(this.#state, status, this.#options.now()));
    this.#on(stream, 'log', (events) => events.reduce(withLog, this.#state));
    this.#on(stream, 'history', (table) => withHistory(this.#state, pointsOf(table)));
    this.#on(stream, 'point', (point) => withPoint(this.#state, point));
    this.#on(stream, 'volunteers', (change) => this.#fleet((fleet) => withVolunteers(fleet, change)));
    this.#on(stream, 'timeline', (leases) => this.#fleet((fleet) => withTimeline(fleet, leases)));
    this.#on(stream, 'operator', (told) => this.#fleet((fleet) => withOperatorStatus(fleet, told)));
  }

  /** Begins anew, as who the page is now: what only the other saw is forgotten. */
  reopen(): void {
    this.#stream?.close();
    const { connection, updated, status, history } = this.#state;
    this.#change({ ...EMPTY, connection, updated, status, history });
    this.open();
  }

  /** Reopened by us alone: the browser does it for an interrupted stream only, and does not tell when. */
  #lost(stream: EventStream): void {
    if (stream !== this.#stream) return;
    const now = this.#options.now();
    this.#change(withLoss(this.#state, now, now + this.#delay));
    stream.close();
    this.#stream = null;
    this.#options.later(() => {
      // Unless it was begun anew meanwhile.
      if (this.#stream === null) this.open();
    }, this.#delay);
    this.#delay = Math.min(this.#delay * 2, REOPEN_MS.last);
  }

  #on<K extends keyof RunFeed>(stream: EventStream, type: K, next: (value: RunFeed[K]) => DashboardState): void {
    stream.addEventListener(type, (event) => {
      if (stream !== this.#stream) return;
      let value: RunFeed[K];
      try {
        value = JSON.parse(event.data) as RunFeed[K];
      } catch {
        // Shown, not thrown: one broken event must not blind the operator to the rest.
        const text = `This page received a "${type}" event that is no JSON (${event.data.length} characters).`;
        this.#change(
          withLog(this.#state, {
            seq: 0,
            time: this.#options.now(),
            level: 'error',
            category: 'server',
            who: 'this page',
            text,
          }),
        );
        return;
      }
      this.#change(next(value));
    });
  }

  #fleet(next: (fleet: FleetState) => FleetState): DashboardState {
    return { ...this.#state, fleet: next(this.#state.fleet) };
  }

  #change(state: DashboardState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.onChange(state);
  }
}

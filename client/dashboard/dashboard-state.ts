// What the dashboard knows, and how each event of the feed changes it. Everything is bounded.
import type { FeedStatus } from '../../protocol/operator.ts';
import type { HistoryPoint, RunEvent } from '../../protocol/status.ts';
import { type FleetState, NO_FLEET } from './fleet-state.ts';

export const LOG_LINES = 500;
/** Points of the plots; beyond, the older half is thinned to every second point. */
export const HISTORY_POINTS = 2048;

export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Milliseconds since 1970: when it was lost, and when it is tried again. */
  | { readonly kind: 'lost'; readonly since: number; readonly retryAt: number };

export interface DashboardState {
  readonly connection: Connection;
  /** Milliseconds since 1970 of the last event; null before the first. */
  readonly updated: number | null;
  readonly status: FeedStatus | null;
  readonly history: readonly HistoryPoint[];
  /** Newest first. */
  readonly log: readonly RunEvent[];
  /** Whether the feed carries what is the operator's alone: the log, and the fleet. */
  readonly isOperator: boolean;
  readonly fleet: FleetState;
}

export const EMPTY: DashboardState = {
  connection: { kind: 'connecting' },
  updated: null,
  status: null,
  history: [],
  log: [],
  isOperator: false,
  fleet: NO_FLEET,
};

export function withLive(state: DashboardState): DashboardState {
  return { ...state, connection: { kind: 'live' } };
}

/** The first loss counts: later attempts that fail do not move it. */
export function withLoss(state: DashboardState, now: number, retryAt: number): DashboardState {
  const since = state.connection.kind === 'lost' ? state.connection.since : now;
  return { ...state, connection: { kind: 'lost', since, retryAt } };
}

export function withStatus(state: DashboardState, status: FeedStatus, now: number): DashboardState {
  return { ...state, status, updated: now };
}

/** A reconnected feed may repeat events: one with the same number and time is kept once. */
export function withLog(state: DashboardState, event: RunEvent): DashboardState {
  if (state.log.some((other) => other.seq === event.seq && other.time === event.time)) return state;
  const log = [event, ...state.log].sort((a, b) => b.time - a.time || b.seq - a.seq);
  return { ...state, log: log.slice(0, LOG_LINES) };
}

export function withHistory(state: DashboardState, points: readonly HistoryPoint[]): DashboardState {
  return { ...state, history: thinned(points) };
}

export function withPoint(state: DashboardState, point: HistoryPoint): DashboardState {
  const last = state.history.at(-1);
  if (last !== undefined && point.time <= last.time) return state;
  return { ...state, history: thinned([...state.history, point]) };
}

function thinned(points: readonly HistoryPoint[]): readonly HistoryPoint[] {
  let kept = points;
  while (kept.length > HISTORY_POINTS) {
    const half = kept.length >> 1;
    kept = kept.filter((_, at) => at >= half || at % 2 === 0);
  }
  return kept;
}

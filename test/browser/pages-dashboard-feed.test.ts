// The dashboard's feed: events into bounded state, and reconnection.
import { describe, expect, it } from 'vitest';
import { EMPTY, HISTORY_POINTS, LOG_LINES, withHistory, withLog } from '../../client/dashboard/dashboard-state.ts';
import { type EventStream, Feed, REOPEN_MS } from '../../client/dashboard/feed.ts';
import { live } from './dashboard-fixture.ts';
import { runStatus } from './pages-fixture.ts';
import { line, point } from '../unit/run/points.ts';
import { tableOf } from '../../protocol/history.ts';
import { NO_FLEET } from '../../client/dashboard/fleet-state.ts';

describe('feed', () => {
  class FakeStream implements EventStream {
    closed = false;
    onopen: ((event: Event) => void) | null = null;
    onerror: ((event: Event) => void) | null = null;
    readonly #listeners = new Map<string, (event: MessageEvent<string>) => void>();
    addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void {
      this.#listeners.set(type, listener);
    }
    close(): void {
      this.closed = true;
    }
    send(type: string, data: string): void {
      this.#listeners.get(type)?.(new MessageEvent(type, { data }));
    }
  }

  function feedWithFake(): { feed: Feed; streams: FakeStream[]; later: { run: () => void; ms: number }[] } {
    const streams: FakeStream[] = [];
    const later: { run: () => void; ms: number }[] = [];
    const feed = new Feed({
      open: () => {
        const stream = new FakeStream();
        streams.push(stream);
        return stream;
      },
      onChange: () => undefined,
      now: () => 42,
      later: (run, ms) => void later.push({ run, ms }),
    });
    feed.open();
    return { feed, streams, later };
  }

  it('takes status, log, history and points', () => {
    const { feed, streams } = feedWithFake();
    streams[0]?.onopen?.(new Event('open'));
    streams[0]?.send('status', JSON.stringify(runStatus));
    streams[0]?.send('history', JSON.stringify(tableOf(live.history, 2)));
    streams[0]?.send('point', JSON.stringify({ ...live.history[2], time: 2e12 }));
    streams[0]?.send('log', JSON.stringify(live.log));
    streams[0]?.send('log', JSON.stringify(live.log));
    expect(feed.state.connection.kind).toBe('live');
    expect(feed.state.status).toEqual(runStatus);
    expect(feed.state.history).toHaveLength(4);
    expect(feed.state.log).toHaveLength(1);
  });

  it('lays changed fields of volunteers over their rows, and forgets the operator’s when it begins anew', () => {
    const { feed, streams } = feedWithFake();
    const [first, second] = [...live.fleet.volunteers!.values()];
    streams[0]?.send('audience', '{"operator":true}');
    streams[0]?.send('volunteers', JSON.stringify({ whole: true, rows: [first, second], removed: [] }));
    const patch = { id: first!.id, accepted: 77 };
    streams[0]?.send('volunteers', JSON.stringify({ whole: false, rows: [patch], removed: [second!.id] }));
    expect([...feed.state.fleet.volunteers!.values()]).toEqual([{ ...first, accepted: 77 }]);
    streams[0]?.send('log', JSON.stringify(live.log));
    feed.reopen();
    expect(feed.state).toMatchObject({ isOperator: false, log: [], fleet: NO_FLEET });
    expect(streams).toHaveLength(2);
  });

  it('reopens a lost stream later and later, tells when, and keeps what it knew', () => {
    const { feed, streams, later } = feedWithFake();
    streams[0]?.send('status', JSON.stringify(runStatus));
    for (let round = 0; round < 6; round++) {
      streams.at(-1)?.onerror?.(new Event('error'));
      expect(streams.at(-1)?.closed).toBe(true);
      expect(feed.state.connection).toEqual({ kind: 'lost', since: 42, retryAt: 42 + (later.at(-1)?.ms ?? 0) });
      later.at(-1)?.run();
    }
    expect(later.map(({ ms }) => ms)).toEqual([1000, 2000, 4000, 8000, REOPEN_MS.last, REOPEN_MS.last]);
    expect(feed.state.status).toEqual(runStatus);
    streams.at(-1)?.onopen?.(new Event('open'));
    expect(feed.state.connection.kind).toBe('live');
    streams.at(-1)?.onerror?.(new Event('error'));
    expect(later.at(-1)?.ms).toBe(REOPEN_MS.first);
  });

  it('shows a broken event as an error, and goes on', () => {
    const { feed, streams } = feedWithFake();
    streams[0]?.send('status', '{');
    expect(feed.state.log[0]).toMatchObject({ level: 'error', text: expect.stringContaining('"status"') });
    streams[0]?.send('status', JSON.stringify(runStatus));
    expect(feed.state.status).toEqual(runStatus);
  });

  it('keeps log and history bounded, newest first and last point kept', () => {
    let state = EMPTY;
    for (let seq = 1; seq <= LOG_LINES + 50; seq++) state = withLog(state, line({ seq, time: seq }));
    expect(state.log).toHaveLength(LOG_LINES);
    expect(state.log[0]?.seq).toBe(LOG_LINES + 50);
    const many = Array.from({ length: 10_000 }, (_, k) => point({ time: k, tokens: k }));
    const { history } = withHistory(EMPTY, many);
    expect(history.length).toBeLessThanOrEqual(HISTORY_POINTS);
    expect([history[0]?.time, history.at(-1)?.time]).toEqual([0, 9999]);
  });
});

// Leases as people see them: the timeline, each volunteer's own, and who has gone; all of it bounded.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { LeaseRecord } from '../../../coordinator/leases/lease-builder.ts';
import { Volunteer } from '../../../coordinator/leases/volunteer.ts';
import { Model } from '../../../coordinator/model/model.ts';
import { LeaseTimeline, TIMELINE_LEASES } from '../../../coordinator/run/lease-timeline.ts';
import { Roster } from '../../../coordinator/run/roster.ts';
import { ThinnedSeries } from '../../../coordinator/run/thinned-series.ts';
import { play, SmallRun, Tab } from '../leases/harness.ts';

function record(lease: number): LeaseRecord {
  const grant = { lease, session: 1, episode: 0, parts: 4, inputPart: 1, outputPart: 2, firstChunk: 0, chunks: 3 };
  return { grant, pairs: 10, words: 2.4, grantedAt: lease } as unknown as LeaseRecord;
}

describe('timeline', () => {
  it('keeps the last leases, and tells each change once', () => {
    const timeline = new LeaseTimeline();
    timeline.granted(1, record(1), 100);
    expect(timeline.takeChanged()).toMatchObject([{ lease: 1, i: 1, j: 2, words: 2, outcome: 'held', ended: null }]);
    expect(timeline.takeChanged()).toEqual([]);
    for (let lease = 2; lease <= TIMELINE_LEASES + 1; lease++) timeline.granted(1, record(lease), 100);
    expect(timeline.entries).toHaveLength(TIMELINE_LEASES);
    expect(timeline.entries[0]).toMatchObject({ lease: 2 });
    timeline.takeChanged();
    timeline.ended(2, 200, 'expired', 'no result for 20 s');
    expect(timeline.takeChanged()).toMatchObject([{ lease: 2, ended: 200, outcome: 'expired' }]);
  });

  it('knows how a lease ended that is too old to be shown', () => {
    const timeline = new LeaseTimeline();
    for (let lease = 1; lease <= 2 * TIMELINE_LEASES; lease++) timeline.granted(1, record(lease), 100);
    expect(timeline.ended(1, 200, 'returned', 'paused')).toMatchObject({ lease: 1, outcome: 'returned' });
    expect(timeline.entries.some(({ lease }) => lease === 1)).toBe(false);
    expect(() => timeline.ended(1, 200, 'applied', '')).toThrow('not held');
  });
});

describe('roster', () => {
  it('keeps who has gone for an hour, with the last of its work', async () => {
    const run = new SmallRun();
    const tab = new Tab(run);
    await play(run, [tab]);
    const roster = new Roster((steady) => steady);
    const timeline = new LeaseTimeline();
    const { volunteer } = tab;
    roster.joined(volunteer, 0);
    for (let lease = 1; lease <= 60; lease++) {
      roster.lease(timeline.granted(volunteer.id, record(lease), lease));
      roster.lease(timeline.ended(lease, lease + 1, lease % 2 === 0 ? 'expired' : 'applied', ''));
    }
    roster.tick(0);
    expect(roster.lines()).toMatchObject([{ id: volunteer.id, expired: 30, left: null }]);
    roster.gone(volunteer, 1000, 'it said goodbye');
    expect(roster.lines()).toMatchObject([{ state: 'gone', reason: 'it said goodbye', left: 1000, held: 0 }]);
    const history = roster.history(volunteer.id)!;
    expect(history.leases).toHaveLength(50);
    expect(history.leases.at(-1)).toMatchObject({ lease: 60, outcome: 'expired' });
    expect(history.series.time).toEqual([0]);
    roster.tick(1000 + 3_600_000);
    expect(roster.lines()).toHaveLength(1);
    roster.tick(1001 + 3_600_000);
    expect(roster.lines()).toEqual([]);
    expect(roster.history(volunteer.id)).toBeNull();
  });
});

describe('memory', () => {
  it('of a volunteer is free once it has gone: only its row and its leases are kept', async () => {
    const roster = new Roster((steady) => steady);
    const gone = leftBehind(roster);
    // What a WeakRef was made of lives until the turn ends.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(gone.deref()).toBeUndefined();
    expect(roster.lines()).toMatchObject([{ state: 'gone', reason: 'closed its tab' }]);
  });
});

/** In a frame of its own, so that nothing but the roster can hold it. */
function leftBehind(roster: Roster): WeakRef<Volunteer> {
  const channel = { address: '', buffered: 0, send: () => undefined, close: () => undefined };
  const volunteer = new Volunteer(1, channel, false, 0, new Model(10, 4));
  const formats = { rowsDown: 'f32', rowsUp: 'f32' } as const;
  volunteer.greeting = { engine: 'cpu', device: '', name: '', browser: '', cacheMiB: 16, ...formats };
  roster.joined(volunteer, 0);
  roster.tick(0);
  roster.gone(volunteer, 1000, 'closed its tab');
  return new WeakRef(volunteer);
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

describe('a thinned series', () => {
  it('spans everything in bounded memory', () => {
    const series = new ThinnedSeries<{ time: number }>(100, 10);
    for (let time = 0; time < 100_000; time++) series.add({ time });
    const times = series.samples.map(({ time }) => time);
    expect(times.length).toBeLessThanOrEqual(100);
    expect(times.length).toBeGreaterThan(49);
    expect([times[0], times.at(-1)! > 98_000]).toEqual([0, true]);
    const steps = new Set(times.slice(1).map((time, at) => time - times[at]!));
    expect(steps.size).toBe(1);
  });
});

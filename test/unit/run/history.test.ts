// The history: bounded for ever, finer the nearer, true to what was added; and it outlives the process.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { History, merged } from '../../../coordinator/run/history.ts';
import { HistoryFile } from '../../../coordinator/run/history-file.ts';
import { point } from './points.ts';

/** So many seconds of a run, a point each. */
function seconds(count: number, from = 0): History {
  const history = new History();
  for (let k = from; k < from + count; k++) history.add(point({ time: k * 1000, tokens: k, lagMs: k % 100 }));
  return history;
}

const BOUND = 600 + 720 + 720 + 1008 + 4;

describe('history', () => {
  it('keeps every second of the last ten minutes, and coarser ones of all before', () => {
    const day = 86_400;
    const { points } = seconds(day);
    expect(points.length).toBeLessThanOrEqual(BOUND);
    const times = points.map(({ time }) => time);
    expect(times.every((time, at) => at === 0 || time > times[at - 1]!)).toBe(true);
    expect(times.at(-1)).toBe((day - 1) * 1000);
    expect(times[0]).toBeLessThan(600_000);
    const gaps = times.slice(1).map((time, at) => time - times[at]!);
    expect(Math.max(...gaps.slice(-590))).toBe(1000);
    expect(Math.max(...gaps.slice(-1200, -620))).toBeLessThanOrEqual(10_000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(600_000);
    // Nothing falls between two points: each stands for the stretch up to its end.
    for (const { time, tokens } of points) expect(tokens * 1000).toBe(time);
    expect(Math.max(...points.map(({ lagMs }) => lagMs))).toBe(99);
  });

  it('stays bounded beyond its last level', () => {
    const history = new History();
    const count = 30_000;
    for (let k = 0; k < count; k++) history.add(point({ time: k * 600_000, tokens: k }));
    expect(history.points.length).toBeLessThanOrEqual(BOUND);
    expect(history.points.at(-1)!.tokens).toBe(count - 1);
  });

  it('passes over points that come too soon', () => {
    const history = new History();
    expect([0, 400, 1000, 1899, 1900].map((time) => history.add(point({ time })) !== null)).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
  });

  it('goes on when the clock is set back, by seconds, until the clock has caught up', () => {
    const history = new History();
    for (const time of [10_000, 11_000]) history.add(point({ time }));
    const kept = [3000, 4000, 5000, 14_200, 15_200].map((time) => history.add(point({ time, tokens: time }))?.time);
    expect(kept).toEqual([12_000, 13_000, 14_000, undefined, 15_200]);
    expect(history.points.map(({ time }) => time)).toEqual([10_000, 11_000, 12_000, 13_000, 14_000, 15_200]);
  });

  it('merges to the mean of rates, the worst of lag, and the end of the rest', () => {
    const figures = fc.record({
      wordsPerSecond: fc.nat(1000),
      lagMs: fc.nat(100),
      tokens: fc.nat(),
      loss: fc.option(fc.nat(9)),
    });
    fc.assert(
      fc.property(fc.array(figures, { minLength: 1, maxLength: 9 }), (list) => {
        const points = list.map((one, time) => point({ ...one, time }));
        const one = merged(points);
        const sum = list.reduce((total, { wordsPerSecond }) => total + wordsPerSecond, 0);
        expect(one.wordsPerSecond).toBeCloseTo(sum / list.length);
        expect(one.lagMs).toBe(Math.max(...list.map(({ lagMs }) => lagMs)));
        expect([one.tokens, one.time]).toEqual([list.at(-1)!.tokens, list.length - 1]);
        expect(one.loss === null).toBe(list.every(({ loss }) => loss === null));
      }),
    );
  });
});

describe('its file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-history-'));
  const failures: unknown[] = [];
  const file = (): HistoryFile => new HistoryFile(folder, (error) => failures.push(error), 0);

  it('gives the next process the same points', async () => {
    expect(file().read()).toEqual([]);
    const { points } = seconds(5000);
    const first = file();
    first.tick(points, 14_999);
    expect(file().read()).toEqual([]);
    first.tick(points, 15_000);
    await first.idle();
    const again = new History(file().read());
    expect(again.points).toEqual(points);
    expect(again.add(point({ time: 1e9 }))?.time).toBe(1e9);
    expect(failures).toEqual([]);
  });

  it('that is not whole is told, and does not stop the run', () => {
    writeFileSync(join(folder, 'history.json'), '{"format":1,"ta');
    expect(file().read()).toEqual([]);
    expect(failures).toHaveLength(1);
    rmSync(folder, { recursive: true });
  });
});

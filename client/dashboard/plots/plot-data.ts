// What the plots are drawn from: points in order, smoothed lines, stretches of time or words. Pure.
import type { HistoryPoint } from '../../../protocol/status.ts';

export type Over = 'time' | 'words';

/** What is shown: everything, the last seconds, or a stretch on the x axis (seconds since 1970, or words). */
export type Range =
  | { readonly kind: 'all' }
  | { readonly kind: 'last'; readonly seconds: number }
  | { readonly kind: 'between'; readonly from: number; readonly to: number };

export const ALL: Range = { kind: 'all' };

export function xOf(point: Pick<HistoryPoint, 'time' | 'tokens'>, over: Over): number {
  return over === 'time' ? point.time / 1000 : point.tokens;
}

/**
 * The points in the order of the axis. Over words, what a roll-back undid is left out: the line goes on from the words
 * that training went back to.
 */
export function inOrder(points: readonly HistoryPoint[], over: Over): readonly HistoryPoint[] {
  if (over === 'time') return points;
  const kept: HistoryPoint[] = [];
  let least = Infinity;
  for (let at = points.length - 1; at >= 0; at--) {
    const point = points[at]!;
    if (point.tokens > least) continue;
    least = point.tokens;
    kept.push(point);
  }
  return kept.reverse();
}

/**
 * Exponential moving mean with the start corrected, as TensorBoard has it. `weight` from 0 (the line itself) to below 1;
 * gaps stay gaps and do not count.
 */
export function smoothed(values: readonly (number | null)[], weight: number): (number | null)[] {
  let mean = 0;
  let seen = 0;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return null;
    mean = mean * weight + (1 - weight) * value;
    seen++;
    return weight === 0 ? value : mean / (1 - weight ** seen);
  });
}

/** A log axis has no place for 0 and below. */
export function positive(values: readonly (number | null)[]): (number | null)[] {
  return values.map((value) => (value !== null && value > 0 ? value : null));
}

/** First and last x shown; null when there is nothing to show. */
export function bounds(points: readonly HistoryPoint[], over: Over, range: Range): readonly [number, number] | null {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined) return null;
  switch (range.kind) {
    case 'all':
      return [xOf(first, over), xOf(last, over)];
    case 'last': {
      const since = last.time - range.seconds * 1000;
      const start = points.find((point) => point.time >= since) ?? last;
      return [over === 'time' ? Math.max(since, first.time) / 1000 : xOf(start, over), xOf(last, over)];
    }
    case 'between':
      return [range.from, range.to];
  }
}

/** Where on the axis a moment lies: over words, between the points around it; null outside of them. */
export function placeOfTime(points: readonly HistoryPoint[], over: Over, time: number): number | null {
  const after = points.findIndex((point) => point.time >= time);
  if (after < 0) return null;
  const right = points[after]!;
  const left = points[after - 1];
  if (left === undefined) return right.time === time ? xOf(right, over) : null;
  const part = (time - left.time) / (right.time - left.time);
  return xOf(left, over) + part * (xOf(right, over) - xOf(left, over));
}

/** The same stretch on the other axis. */
export function translated(points: readonly HistoryPoint[], range: Range, from: Over, to: Over): Range {
  if (range.kind !== 'between' || from === to) return range;
  const inside = points.filter((point) => xOf(point, from) >= range.from && xOf(point, from) <= range.to);
  const first = inside[0];
  const last = inside.at(-1);
  if (first === undefined || last === undefined || xOf(first, to) === xOf(last, to)) return ALL;
  return { kind: 'between', from: xOf(first, to), to: xOf(last, to) };
}

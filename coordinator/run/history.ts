// The points of the plots over the whole run in bounded memory: seconds for ten minutes, then coarser and coarser.
import type { HistoryPoint } from '../../protocol/status.ts';

/** Level k has points of `stepMs`, `limit` at most; what leaves it is merged into the next. Ten minutes, 2 h, 12 h, 7 days. */
const LEVELS = [
  { stepMs: 1000, limit: 600 },
  { stepMs: 10_000, limit: 720 },
  { stepMs: 60_000, limit: 720 },
  { stepMs: 600_000, limit: 1008 },
] as const;
/** A point that comes sooner after the last one is passed over: timers are not exact. */
const LEAST_MS = 900;

export class History {
  readonly #levels: HistoryPoint[][] = LEVELS.map(() => []);

  /** @param points of an earlier process, oldest first */
  constructor(points: readonly HistoryPoint[] = []) {
    for (const point of points) this.#push(point);
  }

  /**
   * Answers the point as it was kept, or null when it came too soon. After the machine's clock was set back, points go
   * on a second after the last one: times only grow, and nothing is missing until the clock has caught up.
   */
  add(point: HistoryPoint): HistoryPoint | null {
    const last = this.#last;
    if (last !== undefined && point.time >= last.time && point.time - last.time < LEAST_MS) return null;
    const kept =
      last === undefined || point.time > last.time ? point : { ...point, time: last.time + LEVELS[0].stepMs };
    this.#push(kept);
    return kept;
  }

  /** Oldest first, coarse ones before fine ones. */
  get points(): readonly HistoryPoint[] {
    return this.#levels.toReversed().flat();
  }

  get #last(): HistoryPoint | undefined {
    for (const level of this.#levels) if (level.length > 0) return level.at(-1);
    return undefined;
  }

  #push(point: HistoryPoint): void {
    this.#levels[0]!.push(point);
    for (const [k, { limit }] of LEVELS.entries()) {
      const level = this.#levels[k]!;
      if (level.length <= limit) return;
      const coarser = LEVELS[k + 1];
      // Beyond the last level every two become one: a run of months keeps its shape.
      if (coarser === undefined) this.#levels[k] = pairs(level);
      else this.#levels[k + 1]!.push(merged(level.splice(0, stretch(level, coarser.stepMs))));
    }
  }
}

/** How many of the oldest points belong to one stretch of `stepMs`. */
function stretch(level: readonly HistoryPoint[], stepMs: number): number {
  const of = (point: HistoryPoint): number => Math.floor(point.time / stepMs);
  const first = of(level[0]!);
  const end = level.findIndex((point) => of(point) !== first);
  return end < 0 ? level.length : end;
}

function pairs(points: readonly HistoryPoint[]): HistoryPoint[] {
  const half: HistoryPoint[] = [];
  for (let at = 0; at < points.length; at += 2) half.push(merged(points.slice(at, at + 2)));
  return half;
}

/** One point for a stretch, as HistoryPoint says of each field: its end, its mean, or its worst. */
export function merged(points: readonly HistoryPoint[]): HistoryPoint {
  const last = points.at(-1)!;
  const mean = (read: (point: HistoryPoint) => number): number =>
    points.reduce((sum, point) => sum + read(point), 0) / points.length;
  const losses = points.flatMap(({ loss }) => loss ?? []);
  return {
    ...last,
    wordsPerSecond: mean(({ wordsPerSecond }) => wordsPerSecond),
    loss: losses.length === 0 ? null : losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    volunteers: mean(({ volunteers }) => volunteers),
    bytesDown: mean(({ bytesDown }) => bytesDown),
    bytesUp: mean(({ bytesUp }) => bytesUp),
    lagMs: Math.max(...points.map(({ lagMs }) => lagMs)),
    memory: Math.max(...points.map(({ memory }) => memory)),
  };
}

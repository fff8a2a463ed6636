// Words per second of the last minute and a half as a small line, with the same in words.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { count } from '../ui/format.ts';

/** Points kept, one a second. */
const POINTS = 90;
const WIDTH = 180;
const HEIGHT = 40;

/** Adds a second; the oldest goes. */
export function withSecond(speeds: readonly number[], speed: number): readonly number[] {
  return [...speeds, speed].slice(-POINTS);
}

/** The newest at the right edge; from 0 at the bottom. Empty where there are fewer than two. */
export function linePath(speeds: readonly number[]): string {
  if (speeds.length < 2) return '';
  const most = Math.max(1, ...speeds);
  const step = WIDTH / (POINTS - 1);
  const left = WIDTH - (speeds.length - 1) * step;
  return speeds
    .map(
      (speed, at) =>
        `${at === 0 ? 'M' : 'L'}${(left + at * step).toFixed(1)} ${(HEIGHT - 2 - (speed / most) * (HEIGHT - 4)).toFixed(1)}`,
    )
    .join('');
}

/** @param speed now, in words per second; 0 while nothing is trained */
export function SpeedPlot({ speed }: { speed: number }): JSX.Element {
  const now = useRef(speed);
  now.current = speed;
  const [speeds, setSpeeds] = useState<readonly number[]>([]);
  useEffect(() => {
    const timer = setInterval(() => setSpeeds((before) => withSecond(before, now.current)), 1000);
    return () => clearInterval(timer);
  }, []);
  const said =
    speeds.length < 2
      ? 'Words per second: no line yet'
      : `Words per second over the last ${speeds.length} seconds: between ${count(Math.min(...speeds))} and ${count(Math.max(...speeds))}`;
  return (
    <svg class="speed-plot" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={said} preserveAspectRatio="none">
      <line x1="0" x2={WIDTH} y1={HEIGHT - 1} y2={HEIGHT - 1} />
      <path d={linePath(speeds)} />
    </svg>
  );
}

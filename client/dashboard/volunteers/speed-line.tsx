// A volunteer's words per second as a line, with its bounds in words.
import type { JSX } from 'preact';
import { count, timeOfDay } from '../../ui/format.ts';

const WIDTH = 600;
const HEIGHT = 120;

/** Points of the polyline in a box of WIDTH × HEIGHT, from 0 at the bottom to the largest value. */
export function linePoints(times: readonly number[], values: readonly number[]): string {
  const [start, end] = [times[0] ?? 0, times.at(-1) ?? 0];
  const most = Math.max(1, ...values);
  return times
    .map((time, at) => {
      const x = end === start ? WIDTH : ((time - start) / (end - start)) * WIDTH;
      return `${x.toFixed(1)},${(HEIGHT - ((values[at] ?? 0) / most) * HEIGHT).toFixed(1)}`;
    })
    .join(' ');
}

export function SpeedLine({ times, values }: { times: readonly number[]; values: readonly number[] }): JSX.Element {
  if (times.length < 2) return <p class="muted">Nothing is measured yet.</p>;
  const most = Math.max(...values);
  const said = `From ${timeOfDay(times[0]!)} to ${timeOfDay(times.at(-1)!)}: at most ${count(most)}, last ${count(values.at(-1)!)}.`;
  return (
    <figure class="speed-line">
      <svg viewBox={`0 -4 ${WIDTH} ${HEIGHT + 8}`} preserveAspectRatio="none" role="img" aria-label={said}>
        <polyline points={linePoints(times, values)} />
      </svg>
      <figcaption class="muted">{said}</figcaption>
    </figure>
  );
}

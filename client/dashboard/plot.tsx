// A plot of one figure over time, drawn by uPlot in the colours of the page.
import 'uplot/dist/uPlot.min.css';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { HistoryPoint } from '../../protocol/status.ts';
import { timeOfDay } from '../ui/format.ts';
import { cssColor, onThemeChange } from '../ui/theme.ts';

/** Seconds between labels of the time axis. */
const CLOCK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 604_800];
const FONT = '12px system-ui, sans-serif';

export interface PlotProps {
  readonly title: string;
  readonly points: readonly HistoryPoint[];
  readonly read: (point: HistoryPoint) => number | null;
  readonly format: (value: number) => string;
  readonly color: `--${string}`;
  /** The axis begins at 0; otherwise at the smallest value. */
  readonly fromZero: boolean;
}

type Reading = (at: number | null) => void;

/** `read` hears which point is under the pointer. */
function optionsOf({ format, color, fromZero }: PlotProps, host: HTMLElement, read: Reading): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: () => cssColor('--text-muted'),
    grid: { stroke: () => cssColor('--line'), width: 1 },
    ticks: { show: false },
    font: FONT,
  };
  return {
    ...sizeOf(host),
    padding: [8, 28, 0, 0],
    legend: { show: false },
    hooks: { setCursor: [(self) => read(self.cursor.idx ?? null)] },
    cursor: { drag: { x: false, y: false }, sync: { key: 'dashboard' }, points: { size: 7 } },
    scales: { y: { range: (_, min, max) => spanOf(min, max, fromZero) } },
    axes: [
      // Labels show whole seconds: closer ones would repeat.
      { ...axis, size: 28, space: 72, values: clockLabels, incrs: CLOCK_STEPS },
      { ...axis, size: 58, values: (_, values) => values.map((value) => format(value)) },
    ],
    series: [
      {},
      {
        stroke: () => cssColor(color),
        width: 1.75,
        spanGaps: false,
        points: { show: (self) => (self.data[0]?.length ?? 0) < 2 },
      },
    ],
  };
}

function sizeOf(host: HTMLElement): { width: number; height: number } {
  return { width: host.clientWidth, height: host.clientHeight };
}

/** 24-hour clock; seconds only where labels are closer than a minute. */
function clockLabels(_: uPlot, values: number[], __: number, ___: number, step: number): string[] {
  const style: Intl.DateTimeFormatOptions = {
    hour: '2-digit',
    minute: '2-digit',
    ...(step < 60 ? { second: '2-digit' } : {}),
  };
  return values.map((seconds) => new Date(seconds * 1000).toLocaleTimeString('en-GB', style));
}

/** A little air around the values, and never an empty span. */
function spanOf(min: number | null, max: number | null, fromZero: boolean): [number, number] {
  if (min === null || max === null) return [0, 1];
  const low = fromZero ? Math.min(0, min) : min;
  // Nothing but zeros: an axis from 0 to 1, not one that repeats 0.
  if (fromZero && max <= 0) return [low, 1];
  const air = Math.max((max - low) * 0.08, Math.abs(max) * 1e-3, 1e-6);
  return [fromZero ? low : low - air, max + air];
}

function dataOf({ points, read }: PlotProps): uPlot.AlignedData {
  return [points.map((point) => point.time / 1000), points.map((point) => read(point))];
}

/** The point under the pointer, or else the newest. */
function readingOf({ points, read, format }: PlotProps, at: number | null): string {
  const point = at === null ? points.at(-1) : points[at];
  if (point === undefined) return '';
  const value = read(point);
  return `${value === null ? 'none' : format(value)} at ${timeOfDay(point.time)}`;
}

export function Plot(props: PlotProps): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const empty = props.points.length === 0;

  useEffect(() => {
    const element = host.current;
    if (element === null || empty) return undefined;
    const drawn = new uPlot(optionsOf(props, element, setAt), dataOf(props), element);
    plot.current = drawn;
    const watch = new ResizeObserver(() => drawn.setSize(sizeOf(element)));
    watch.observe(element);
    const stop = onThemeChange(() => drawn.redraw(false));
    return () => {
      watch.disconnect();
      stop();
      drawn.destroy();
      plot.current = null;
    };
  }, [empty]);

  useEffect(() => plot.current?.setData(dataOf(props)), [props.points]);

  return (
    <figure class="plot">
      <figcaption>
        {props.title}
        <span class="plot-reading">{readingOf(props, at)}</span>
      </figcaption>
      {empty ? <p class="plot-empty muted">No points yet.</p> : <div ref={host} class="plot-host" />}
    </figure>
  );
}

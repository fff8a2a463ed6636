// A plot of a figure or several over time or over the words trained, drawn by uPlot in the colours of the page.
import 'uplot/dist/uPlot.min.css';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { HistoryPoint } from '../../../protocol/status.ts';
import { count, timeOfDay } from '../../ui/format.ts';
import { cssColor, onThemeChange } from '../../ui/theme.ts';

/** Seconds between labels of the time axis. */
const CLOCK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 604_800];
const FONT = '12px system-ui, sans-serif';

export interface Series {
  /** Shown where there are several. */
  readonly label: string;
  readonly read: (point: HistoryPoint) => number | null;
  readonly color: `--${string}`;
  /** Lengths of dash and gap, so that no series is told by its colour alone; none for a solid line. */
  readonly dash?: readonly number[];
}

export interface PlotProps {
  readonly title: string;
  readonly points: readonly HistoryPoint[];
  readonly series: readonly Series[];
  readonly over: 'time' | 'words';
  readonly format: (value: number) => string;
  /** The axis begins at 0; otherwise at the smallest value. */
  readonly fromZero: boolean;
}

type Reading = (at: number | null) => void;

/** `read` hears which point is under the pointer. */
function optionsOf({ series, over, format, fromZero }: PlotProps, host: HTMLElement, read: Reading): uPlot.Options {
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
    cursor: { drag: { x: false, y: false }, sync: { key: `dashboard-${over}` }, points: { size: 7 } },
    scales: { x: { time: over === 'time' }, y: { range: (_, min, max) => spanOf(min, max, fromZero) } },
    axes: [
      over === 'time'
        ? // Labels show whole seconds: closer ones would repeat.
          { ...axis, size: 28, space: 72, values: clockLabels, incrs: CLOCK_STEPS }
        : { ...axis, size: 28, space: 72, values: (_, values) => values.map(count) },
      { ...axis, size: 58, values: (_, values) => values.map((value) => format(value)) },
    ],
    series: [
      {},
      ...series.map(({ color, dash }) => ({
        stroke: () => cssColor(color),
        width: 1.75,
        spanGaps: false,
        points: { show: (self: uPlot) => (self.data[0]?.length ?? 0) < 2 },
        ...(dash === undefined ? {} : { dash: [...dash] }),
      })),
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

function dataOf({ points, series, over }: PlotProps): uPlot.AlignedData {
  const x = points.map((point) => (over === 'time' ? point.time / 1000 : point.tokens));
  return [x, ...series.map(({ read }) => points.map((point) => read(point)))];
}

/** The point under the pointer, or else the newest. */
function readingOf({ points, series, over, format }: PlotProps, at: number | null): string {
  const point = at === null ? points.at(-1) : points[at];
  if (point === undefined) return '';
  const values = series.map(({ label, read }) => {
    const value = read(point);
    return `${series.length > 1 ? `${label} ` : ''}${value === null ? '–' : format(value)}`;
  });
  return `${values.join(', ')} at ${over === 'time' ? timeOfDay(point.time) : `${count(point.tokens)} words`}`;
}

export function Plot(props: PlotProps): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const empty = !props.points.some((point) => props.series.some(({ read }) => read(point) !== null));
  const names = props.series.map(({ label }) => label).join('\n');

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
  }, [empty, names]);

  useEffect(() => plot.current?.setData(dataOf(props)), [props.points]);

  return (
    <figure class="plot">
      <figcaption>
        <span>
          {props.title}
          {props.series.length > 1 ? props.series.map((one) => <Key key={one.label} series={one} />) : null}
        </span>
        {empty ? null : <span class="plot-reading">{readingOf(props, at)}</span>}
      </figcaption>
      {empty ? <p class="plot-empty muted">Not measured yet.</p> : <div ref={host} class="plot-host" />}
    </figure>
  );
}

/** A piece of the series' line beside its name. */
function Key({ series }: { series: Series }): JSX.Element {
  return (
    <span class="plot-key">
      <svg width="22" height="4" aria-hidden="true">
        <line
          x2="22"
          y1="2"
          y2="2"
          stroke={`var(${series.color})`}
          stroke-width="2.5"
          stroke-dasharray={series.dash?.join(' ')}
        />
      </svg>
      <bdi>{series.label}</bdi>
    </span>
  );
}

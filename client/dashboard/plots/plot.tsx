// A plot of a figure or several over time or over the words trained, in the colours of the page.
import 'uplot/dist/uPlot.min.css';
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { HistoryPoint } from '../../../protocol/status.ts';
import { count, timeOfDay } from '../../ui/format.ts';
import { onThemeChange } from '../../ui/theme.ts';
import type { Mark } from './marks.ts';
import { bounds, type Over, positive, type Range, smoothed, xOf } from './plot-data.ts';
import { drawing, type LineStyle } from './plot-options.ts';

export interface Series {
  /** Shown where there are several. */
  readonly label: string;
  readonly read: (point: HistoryPoint) => number | null;
  readonly color: `--${string}`;
  readonly dash?: readonly number[];
  /** Measured anew at each point, so that smoothing helps. */
  readonly noisy?: boolean;
}

/** What all plots of a page share. */
export interface View {
  readonly over: Over;
  readonly range: Range;
  /** From 0 to below 1. */
  readonly smoothing: number;
  readonly logX: boolean;
  readonly logY: boolean;
  readonly onStretch: (from: number, to: number) => void;
  readonly onReset: () => void;
}

export interface PlotProps {
  readonly title: string;
  /** In the order of the axis. */
  readonly points: readonly HistoryPoint[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  readonly fromZero: boolean;
  /** Values are counts. */
  readonly whole?: boolean;
  readonly view: View;
  readonly marks: readonly Mark[];
  /** Hears of the drawing while it exists, for the export. */
  readonly onDrawing?: (title: string, plot: uPlot | null) => void;
}

interface Lines {
  readonly styles: readonly LineStyle[];
  readonly data: uPlot.AlignedData;
}

/** The lines from the back to the front: raw ones behind, smoothed ones and those that need no smoothing before. */
function linesOf({ points, series, view }: PlotProps): Lines {
  const styles: LineStyle[] = [];
  const columns: (number | null)[][] = [];
  const add = (style: LineStyle, values: (number | null)[]): void => {
    styles.push(style);
    columns.push(view.logY ? positive(values) : values);
  };
  for (const { read, color, dash, noisy } of series) {
    const raw = points.map((point) => read(point));
    const style = { color, ...(dash === undefined ? {} : { dash }) };
    if (noisy !== true || view.smoothing === 0) {
      add({ ...style, faint: false }, raw);
    } else {
      add({ ...style, faint: true }, raw);
      add({ ...style, faint: false }, smoothed(raw, view.smoothing));
    }
  }
  return { styles, data: [points.map((point) => xOf(point, view.over)), ...columns] };
}

/** The values under the crosshair, or else the newest, as measured. */
function readingOf({ points, series, view, format, marks }: PlotProps, at: number | null): string {
  const point = at === null ? points.at(-1) : points[at];
  if (point === undefined) return '';
  const values = series.map(({ label, read }) => {
    const value = read(point);
    return `${series.length > 1 ? `${label} ` : ''}${value === null ? '–' : format(value)}`;
  });
  const place = view.over === 'time' ? timeOfDay(point.time) : `${count(point.tokens)} words`;
  return `${values.join(', ')} at ${place}${at === null ? '' : markText(points, marks, at, view.over)}`;
}

/** The mark between this point and its neighbours. */
function markText(points: readonly HistoryPoint[], marks: readonly Mark[], at: number, over: Over): string {
  const from = xOf(points[at - 1] ?? points[at]!, over);
  const to = xOf(points[at + 1] ?? points[at]!, over);
  const near = marks.findLast(({ x }) => x >= from && x <= to);
  return near === undefined ? '' : `; ${timeOfDay(near.time)}: ${near.text}`;
}

export function Plot(props: PlotProps): JSX.Element {
  const { title, points, series, view, marks, onDrawing } = props;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const [at, setAt] = useState<number | null>(null);
  const empty = !points.some((point) => series.some(({ read }) => read(point) !== null));
  const names = series.map(({ label }) => label).join('\n');
  const { over, logX, logY, smoothing, range } = view;
  const lines = useMemo(() => linesOf(props), [points, names, over, smoothing, logY]);
  const form = `${names}\n${lines.styles.length} ${over} ${logX} ${logY}`;

  useEffect(() => {
    const element = host.current;
    if (element === null || empty) return undefined;
    const size = (): { width: number; height: number } => ({
      width: element.clientWidth,
      height: element.clientHeight,
    });
    const options = drawing({
      over,
      logX,
      logY,
      fromZero: props.fromZero,
      whole: props.whole === true,
      format: props.format,
      lines: lines.styles,
      bounds: () => bounds(latest.current.points, over, latest.current.view.range),
      marks: () => latest.current.marks,
      onCursor: setAt,
      onStretch: (from, to) => latest.current.view.onStretch(from, to),
      onReset: () => latest.current.view.onReset(),
    });
    const drawn = new uPlot({ ...options, ...size() }, lines.data, element);
    plot.current = drawn;
    onDrawing?.(title, drawn);
    const watch = new ResizeObserver(() => drawn.setSize(size()));
    watch.observe(element);
    const stop = onThemeChange(() => drawn.redraw(false));
    return () => {
      watch.disconnect();
      stop();
      onDrawing?.(title, null);
      drawn.destroy();
      plot.current = null;
    };
  }, [empty, form]);

  useEffect(() => plot.current?.setData(lines.data), [lines, range, marks]);

  const reading = readingOf(props, at);
  return (
    <figure class="plot">
      <figcaption>
        <span>
          {title}
          {series.length > 1 ? series.map((one) => <Key key={one.label} series={one} />) : null}
        </span>
        {empty ? null : <span class="plot-reading">{reading}</span>}
      </figcaption>
      {empty ? (
        <p class="plot-empty muted">Not measured yet.</p>
      ) : (
        <div
          ref={host}
          class="plot-host"
          tabIndex={0}
          role="img"
          aria-label={`${title}: ${reading}. Arrow keys move the crosshair.`}
          onKeyDown={(event) => {
            if (plot.current !== null && moveCrosshair(plot.current, at, event.key)) event.preventDefault();
          }}
        />
      )}
    </figure>
  );
}

/** Moves by a twentieth of the points shown, so that a plot is crossed in few steps; answers whether it was its key. */
function moveCrosshair(plot: uPlot, at: number | null, key: string): boolean {
  const direction = key === 'ArrowLeft' ? -1 : key === 'ArrowRight' ? 1 : 0;
  if (direction === 0) return false;
  const xs = plot.data[0];
  const [first, last] = plot.series[0]?.idxs ?? [0, xs.length - 1];
  const step = Math.max(1, Math.round((last - first) / 20));
  const next = Math.min(last, Math.max(first, at === null ? last : at + direction * step));
  // As the pointer would: only what comes from the pointer is passed on to the other plots.
  const frame = plot.over.getBoundingClientRect();
  const clientX = frame.left + plot.valToPos(xs[next] ?? 0, 'x');
  plot.over.dispatchEvent(new MouseEvent('mousemove', { clientX, clientY: frame.top + frame.height / 2 }));
  return true;
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

// How uPlot draws: axes, grid, lines in the page's colours, marks, the crosshair that all plots share.
import type uPlot from 'uplot';
import { cssColor } from '../../ui/theme.ts';
import { count } from '../../ui/format.ts';
import type { Mark } from './marks.ts';
import type { Over } from './plot-data.ts';

/** Seconds between labels of the time axis. */
const CLOCK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 604_800];
const WHOLE_STEPS = Array.from({ length: 9 }, (_, k) => [1, 2, 5].map((one) => one * 10 ** k)).flat();
const FONT = '12px system-ui, sans-serif';
/** Of a raw line behind its smoothed one. */
const FAINT = 0.4;

export interface LineStyle {
  readonly color: `--${string}`;
  /** Lengths of dash and gap, so that no series is told by its colour alone; none for a solid line. */
  readonly dash?: readonly number[];
  /** The raw values behind a smoothed line. */
  readonly faint: boolean;
}

export interface DrawingOptions {
  readonly over: Over;
  readonly logX: boolean;
  readonly logY: boolean;
  /** The y axis begins at 0; otherwise at the smallest value. */
  readonly fromZero: boolean;
  /** Values are counts: no label between two of them. */
  readonly whole: boolean;
  readonly format: (value: number) => string;
  readonly lines: readonly LineStyle[];
  /** Read at each drawing. */
  readonly bounds: () => readonly [number, number] | null;
  readonly marks: () => readonly Mark[];
  /** Which point is under the crosshair. */
  readonly onCursor: (at: number | null) => void;
  /** A stretch was drawn with the pointer. */
  readonly onStretch: (from: number, to: number) => void;
  readonly onReset: () => void;
}

export function drawing(options: DrawingOptions): Omit<uPlot.Options, 'width' | 'height'> {
  const { over, logX, logY, format, fromZero, lines } = options;
  const axis: uPlot.Axis = {
    stroke: () => cssColor('--text-muted'),
    grid: { stroke: () => cssColor('--line'), width: 1 },
    ticks: { show: false },
    font: FONT,
  };
  return {
    padding: [8, 28, 0, 0],
    legend: { show: false },
    hooks: {
      setCursor: [(self) => options.onCursor(self.cursor.idx ?? null)],
      setSelect: [(self) => select(self, options)],
      drawClear: [(self) => drawMarks(self, options.marks())],
    },
    cursor: {
      drag: { x: true, y: false, setScale: false, dist: 6 },
      // The crosshair is shared; a stretch is reported once, by the plot on which it was drawn.
      sync: {
        key: `dashboard-${over}`,
        scales: ['x', null],
        filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' },
      },
      bind: { dblclick: () => () => (options.onReset(), null) },
      points: { size: 7 },
    },
    scales: {
      x: {
        time: over === 'time',
        distr: logX ? 3 : 1,
        range: (_, min, max) => [...widened(options.bounds() ?? [min, max], logX)],
      },
      y: logY ? { distr: 3 } : { range: (_, min, max) => spanOf(min, max, fromZero) },
    },
    axes: [
      over === 'time'
        ? // Labels show whole seconds: closer ones would repeat.
          { ...axis, size: 28, space: 72, values: clockLabels, incrs: CLOCK_STEPS }
        : { ...axis, size: 28, space: 72, values: (_, values) => values.map((at) => (at === null ? '' : count(at))) },
      {
        ...axis,
        size: 66,
        ...(options.whole ? { incrs: WHOLE_STEPS } : {}),
        values: (_, values) => values.map((value) => (value === null ? '' : format(value))),
      },
    ],
    series: [
      {},
      ...lines.map(({ color, dash, faint }) => ({
        stroke: () => cssColor(color),
        width: faint ? 1 : 1.75,
        alpha: faint ? FAINT : 1,
        spanGaps: false,
        // A lone value would be no line.
        points: { show: (self: uPlot, at: number) => isLone(self.data[at] ?? []) },
        ...(dash === undefined ? {} : { dash: [...dash] }),
      })),
    ],
  };
}

function isLone(values: ArrayLike<number | null | undefined>): boolean {
  let seen = 0;
  for (let at = 0; at < values.length && seen < 2; at++) if (values[at] != null) seen++;
  return seen < 2;
}

/** An axis needs some length, and a log axis begins above 0. */
function widened([from, to]: readonly [number, number], log: boolean): readonly [number, number] {
  const start = log ? Math.max(1, from) : from;
  return to > start ? [start, to] : [start, start + 1];
}

function select(self: uPlot, { onStretch }: DrawingOptions): void {
  const { left, width } = self.select;
  if (width < 6) return;
  onStretch(self.posToVal(left, 'x'), self.posToVal(left + width, 'x'));
  self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

function drawMarks({ ctx, bbox, valToPos, scales }: uPlot, marks: readonly Mark[]): void {
  const { min, max } = scales['x'] ?? {};
  ctx.save();
  for (const { kind, x } of marks) {
    if (min == null || max == null || x < min || x > max) continue;
    const at = Math.round(valToPos(x, 'x', true));
    ctx.strokeStyle = cssColor(kind === 'operator' ? '--warning' : '--line-strong');
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash(kind === 'checkpoint' ? [2, 4] : kind === 'operator' ? [] : [8, 4]);
    ctx.beginPath();
    // A checkpoint is a tick at the foot: there are many, and they change nothing.
    ctx.moveTo(at, kind === 'checkpoint' ? bbox.top + bbox.height * 0.9 : bbox.top);
    ctx.lineTo(at, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
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

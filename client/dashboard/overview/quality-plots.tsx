// Quality over time: losses, probes, speed, volunteers and traffic on one axis, with one crosshair.
import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import type { FeedStatus } from '../../../protocol/operator.ts';
import type { HistoryPoint, ProbeStatus, RunEvent } from '../../../protocol/status.ts';
import { bytes, count, percent } from '../../ui/format.ts';
import { type Mark, marksOf } from '../plots/marks.ts';
import { PlotControls } from '../plots/plot-controls.tsx';
import { ALL, bounds, inOrder, type Range, translated, xOf } from '../plots/plot-data.ts';
import { csvOf, download, fileName, pngOf } from '../plots/plot-export.ts';
import { type PlotSettings, plotSettingsStore } from '../plots/plot-settings.ts';
import { Plot, type Series, type View } from '../plots/plot.tsx';

const figure = (value: number): string => value.toFixed(3);
const rate = (value: number): string => (value < 1e4 ? `${count(value)} B/s` : `${bytes(value)}/s`);
const NO_MARKS: readonly Mark[] = [];

const LOSSES: readonly Series[] = [
  { label: 'training', color: '--plot-loss', noisy: true, read: (point) => point.loss },
  { label: 'held out', color: '--plot-speed', dash: [7, 3], read: (point) => point.heldOut },
];
const ANALOGIES: readonly Series[] = [{ label: 'right', color: '--plot-speed', read: (point) => point.analogies }];
const SPEED: readonly Series[] = [
  { label: 'speed', color: '--plot-speed', noisy: true, read: (point) => point.wordsPerSecond },
];
const VOLUNTEERS: readonly Series[] = [
  { label: 'volunteers', color: '--plot-speed', read: (point) => point.volunteers },
];
const TRAFFIC: readonly Series[] = [
  { label: 'down', color: '--plot-speed', noisy: true, read: (point) => point.bytesDown },
  { label: 'up', color: '--plot-loss', dash: [7, 3], noisy: true, read: (point) => point.bytesUp },
];
const ALPHA: readonly Series[] = [{ label: 'alpha', color: '--plot-loss', read: (point) => point.alpha }];

/** A line for each file of rated pairs. */
function probeSeries(probe: readonly ProbeStatus[]): Series[] {
  return probe.map(({ file }, k) => ({
    label: file,
    color: k % 2 === 0 ? '--plot-speed' : '--plot-loss',
    ...(k === 0 ? {} : { dash: [2 + 3 * k, 3] }),
    read: (point) => point.probe[k] ?? null,
  }));
}

export interface QualityPlotsProps {
  readonly status: FeedStatus;
  readonly history: readonly HistoryPoint[];
  readonly log: readonly RunEvent[];
  /** Milliseconds since 1970, for the names of files. */
  readonly now: () => number;
}

export function QualityPlots({ status, history, log, now }: QualityPlotsProps): JSX.Element {
  const [settings, setSettings] = useState(plotSettingsStore.read);
  const [range, setRange] = useState<Range>(ALL);
  const drawn = useRef(new Map<string, uPlot>());
  const { over } = settings;
  const points = useMemo(() => inOrder(history, over), [history, over]);
  const marks = useMemo(
    () => (settings.marks ? marksOf(log, points, over) : NO_MARKS),
    [settings.marks, log, points, over],
  );

  function change(next: PlotSettings): void {
    if (next.over !== over) setRange(translated(points, range, over, next.over));
    setSettings(next);
    plotSettingsStore.keep(next);
  }

  function takeCsv(): void {
    const shown = bounds(points, over, range);
    const inside = points.filter((point) => {
      const x = xOf(point, over);
      return shown !== null && x >= shown[0] && x <= shown[1];
    });
    const files = status.probe.map(({ file }) => file);
    download(new Blob([csvOf(inside, files)], { type: 'text/csv' }), fileName('csv', now()));
  }

  async function takePng(): Promise<void> {
    const pictures = [...drawn.current].map(([title, { ctx }]) => ({ title, canvas: ctx.canvas }));
    const png = await pngOf(pictures);
    if (png !== null) download(png, fileName('png', now()));
  }

  const view: View = {
    over,
    range,
    smoothing: settings.smoothing,
    logX: settings.logX && over === 'words',
    logY: settings.logY,
    onStretch: (from, to) => setRange({ kind: 'between', from, to }),
    onReset: () => setRange(ALL),
  };
  const plot = (title: string, series: readonly Series[], format: (value: number) => string, fromZero = false) => (
    <Plot
      key={title}
      title={title}
      points={points}
      series={series}
      format={format}
      fromZero={fromZero}
      whole={series === VOLUNTEERS}
      view={view}
      marks={marks}
      onDrawing={(name, plot) => (plot === null ? drawn.current.delete(name) : drawn.current.set(name, plot))}
    />
  );
  // Also of a run that was resumed without the questions.
  const analogies = status.analogies !== null || history.some((point) => point.analogies !== null);
  return (
    <section class="panel area-plots" aria-label="Quality over time">
      <PlotControls
        settings={settings}
        range={range}
        onSettings={change}
        onRange={setRange}
        onCsv={takeCsv}
        onPng={() => void takePng()}
      />
      <div class="plots">
        {plot('Loss per pair', status.heldOut === null ? LOSSES.slice(0, 1) : LOSSES, figure)}
        {status.probe.length === 0 ? null : plot('Similarity, ρ', probeSeries(status.probe), figure)}
        {analogies ? plot('Analogies right', ANALOGIES, percent, true) : null}
        {plot('Words per second', SPEED, count, true)}
        {plot('Volunteers', VOLUNTEERS, count, true)}
        {plot('Traffic', TRAFFIC, rate, true)}
        {plot('Learning rate', ALPHA, (value) => value.toPrecision(3), true)}
      </div>
      <p class="muted">
        Drag over a plot to zoom, press twice to reset. Lines at the foot are checkpoints; full lines are what the
        operator changed; dashed ones are starts and ends of the run.
      </p>
    </section>
  );
}

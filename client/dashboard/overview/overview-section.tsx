// The overview: figures, quality over time, and the operator's actions.
import type { JSX } from 'preact';
import type { HistoryPoint, ProbeStatus } from '../../../protocol/status.ts';
import { count } from '../../ui/format.ts';
import { OperatorPanel } from '../operator/operator-panel.tsx';
import { Panel } from '../panel.tsx';
import type { SectionProps } from '../sections.ts';
import { Plot, type Series } from './plot.tsx';
import { RunFigures } from './run-figures.tsx';

const figure = (value: number): string => value.toFixed(3);

const SPEED: readonly Series[] = [
  { label: 'speed', color: '--plot-speed', read: (point: HistoryPoint) => point.wordsPerSecond },
];
const LOSSES: readonly Series[] = [
  { label: 'training', color: '--plot-loss', read: (point: HistoryPoint) => point.loss },
  { label: 'held out', color: '--plot-speed', dash: [7, 3], read: (point: HistoryPoint) => point.heldOut },
];

/** A line for each file of rated pairs. */
function probeSeries(probe: readonly ProbeStatus[]): Series[] {
  return probe.map(({ file }, k) => ({
    label: file,
    color: k % 2 === 0 ? '--plot-speed' : '--plot-loss',
    ...(k === 0 ? {} : { dash: [2 + 3 * k, 3] }),
    read: (point) => point.probe[k] ?? null,
  }));
}

export function OverviewSection({ state, operator }: SectionProps): JSX.Element | null {
  const { status, history } = state;
  if (status === null) return null;
  return (
    <div class="overview">
      <RunFigures status={status} />
      <Panel id="operator-title" title="Operator">
        <OperatorPanel state={status.state} operator={operator} />
      </Panel>
      <section class="panel area-plots" aria-label="Speed and quality">
        <Plot title="Words per second" points={history} series={SPEED} over="time" format={count} fromZero />
        <Plot
          title="Loss per pair"
          points={history}
          series={status.heldOut === null ? LOSSES.slice(0, 1) : LOSSES}
          over="words"
          format={figure}
          fromZero={false}
        />
        {status.probe.length === 0 ? null : (
          <Plot
            title="Similarity, ρ"
            points={history}
            series={probeSeries(status.probe)}
            over="words"
            format={figure}
            fromZero={false}
          />
        )}
      </section>
    </div>
  );
}

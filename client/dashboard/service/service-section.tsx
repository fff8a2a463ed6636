// How the coordinator itself is doing: figures now, and how late, large and busy it was.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { HistoryPoint } from '../../../protocol/status.ts';
import { bytes, count, duration } from '../../ui/format.ts';
import { Panel } from '../panel.tsx';
import type { Mark } from '../plots/marks.ts';
import { ALL, type Range } from '../plots/plot-data.ts';
import { Plot, type Series, type View } from '../plots/plot.tsx';
import type { SectionProps } from '../sections.ts';
import { ServiceFigures } from './service-figures.tsx';

const LAG: readonly Series[] = [{ label: 'lag', color: '--plot-loss', read: (point) => point.lagMs }];
const MEMORY: readonly Series[] = [{ label: 'memory', color: '--plot-speed', read: (point) => point.memory }];
const TRAFFIC: readonly Series[] = [
  { label: 'to volunteers', color: '--plot-speed', read: (point) => point.bytesDown },
  { label: 'from volunteers', color: '--plot-loss', dash: [7, 3], read: (point) => point.bytesUp },
];

const NO_MARKS: readonly Mark[] = [];
const milliseconds = (value: number): string => `${count(value)} ms`;

function Plots({ history }: { history: readonly HistoryPoint[] }): JSX.Element {
  const [range, setRange] = useState<Range>(ALL);
  const view: View = {
    over: 'time',
    range,
    smoothing: 0,
    logX: false,
    logY: false,
    onStretch: (from, to) => setRange({ kind: 'between', from, to }),
    onReset: () => setRange(ALL),
  };
  const common = { points: history, view, fromZero: true, marks: NO_MARKS };
  return (
    <section class="panel" aria-label="The coordinator over time">
      <div class="plots">
        <Plot {...common} title="Event loop late by, 99th percentile" series={LAG} format={milliseconds} />
        <Plot {...common} title="Memory of the process" series={MEMORY} format={bytes} />
        <Plot {...common} title="Traffic a second" series={TRAFFIC} format={bytes} />
      </div>
      <p class="muted">Drag over a plot to zoom, press twice to reset.</p>
    </section>
  );
}

export function ServiceSection({ state }: SectionProps): JSX.Element | null {
  const { status, history, fleet } = state;
  if (status === null) return null;
  const last = history.at(-1);
  return (
    <>
      <Panel id="service-title" title="Service">
        <dl class="facts">
          <div>
            <dt>Traffic</dt>
            <dd>
              {bytes(status.bytes.down)} to volunteers, {bytes(status.bytes.up)} from them
            </dd>
          </div>
          <div>
            <dt>Event loop late by</dt>
            <dd>{last === undefined ? '–' : milliseconds(last.lagMs)}</dd>
          </div>
          <div>
            <dt>Memory</dt>
            <dd>{last === undefined ? '–' : bytes(last.memory)}</dd>
          </div>
          <div>
            <dt>Last checkpoint</dt>
            <dd>{status.checkpointSeconds === null ? 'none yet' : `${duration(status.checkpointSeconds)} ago`}</dd>
          </div>
          <div>
            <dt>Version</dt>
            <dd>{status.version}</dd>
          </div>
        </dl>
      </Panel>
      {fleet.operator === null ? null : <ServiceFigures service={fleet.operator.service} />}
      <Plots history={history} />
    </>
  );
}

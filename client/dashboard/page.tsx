// The dashboard as a function of what is known: no wiring here.
import type { ComponentChildren, JSX } from 'preact';
import type { HistoryPoint, ProbeStatus } from '../../protocol/status.ts';
import { count } from '../ui/format.ts';
import { NeighbourBox } from '../ui/neighbours.tsx';
import { Wordmark } from '../ui/wordmark.tsx';
import { ChunkView } from './chunk-bar.tsx';
import type { DashboardState } from './dashboard-state.ts';
import { EventLog } from './event-log.tsx';
import { GridView } from './grid-view.tsx';
import { OperatorPanel } from './operator-panel.tsx';
import { Plot, type Series } from './plot.tsx';
import { ConnectionLine, RunHeader } from './run-header.tsx';
import { VolunteerTable } from './volunteer-table.tsx';

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

function Panel(props: { id: string; title: string; area: string; children: ComponentChildren }): JSX.Element {
  return (
    <section class={`panel area-${props.area}`} aria-labelledby={props.id}>
      <h2 id={props.id}>{props.title}</h2>
      {props.children}
    </section>
  );
}

export function DashboardPage({ state }: { state: DashboardState }): JSX.Element {
  const { status, history, log, connection, updated } = state;
  const stale = connection.kind === 'lost';
  return (
    <div class="dashboard">
      <header class="masthead">
        <Wordmark />
        <h1 class="visually-hidden">Dashboard</h1>
        {status === null ? null : (
          <span class="masthead-run">
            <bdi>{status.corpus}</bdi>
          </span>
        )}
        <ConnectionLine connection={connection} updated={updated} />
        <a href="./">Volunteer page</a>
      </header>
      <main class={stale ? 'stale' : ''}>
        {status === null ? (
          <section class="panel">
            <p class="muted">
              {stale ? 'The coordinator does not answer.' : 'Waiting for the first report of the coordinator…'}
            </p>
          </section>
        ) : (
          <div class="areas">
            <div class="area-run">
              <RunHeader status={status} />
            </div>
            <Panel id="operator-title" title="Operator" area="operator">
              <OperatorPanel state={status.state} />
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
            {status.config.schedule === 'grid' ? (
              <Panel id="grid-title" title="Grid" area="grid">
                <GridView episode={status.episode} />
              </Panel>
            ) : (
              <Panel id="grid-title" title="Chunks" area="grid">
                <ChunkView episode={status.episode} chunks={status.chunks} />
              </Panel>
            )}
            <Panel
              id="volunteers-title"
              title={status.volunteers.length < 2 ? 'Volunteers' : `Volunteers (${count(status.volunteers.length)})`}
              area="volunteers"
            >
              <VolunteerTable rows={status.volunteers} over={status.state === 'done' || status.state === 'failed'} />
            </Panel>
            <Panel id="log-title" title="Events" area="log">
              <EventLog events={log} />
            </Panel>
            <Panel id="neighbours-title" title="Nearest neighbours" area="neighbours">
              <NeighbourBox />
            </Panel>
          </div>
        )}
      </main>
      {status === null ? null : <footer class="muted">Tributary {status.version}</footer>}
    </div>
  );
}

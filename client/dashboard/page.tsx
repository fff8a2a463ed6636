// The dashboard as a function of what is known: masthead, the run's header, sections. No wiring here.
import type { JSX } from 'preact';
import { Wordmark } from '../ui/wordmark.tsx';
import { CorpusSection } from './corpus/corpus-section.tsx';
import type { DashboardState } from './dashboard-state.ts';
import { GridSection } from './grid/grid-section.tsx';
import { ConnectionLine } from './header/connection-line.tsx';
import { RunHeader } from './header/run-header.tsx';
import { LogSection } from './log/log-section.tsx';
import { ModelSection } from './model/model-section.tsx';
import { Navigation } from './navigation.tsx';
import type { Operator } from './operator/operator.ts';
import { OverviewSection } from './overview/overview-section.tsx';
import { type Place, type SectionId, type SectionProps, SECTIONS } from './sections.ts';
import { ServiceSection } from './service/service-section.tsx';
import { enterWall } from './wall/wall-screen.tsx';
import { VolunteersSection } from './volunteers/volunteers-section.tsx';

const VIEWS: Readonly<Record<SectionId, (props: SectionProps) => JSX.Element | null>> = {
  overview: OverviewSection,
  grid: GridSection,
  volunteers: VolunteersSection,
  model: ModelSection,
  corpus: CorpusSection,
  service: ServiceSection,
  log: LogSection,
};

export interface DashboardPageProps {
  readonly state: DashboardState;
  readonly operator: Operator;
  readonly place: Place;
}

export function DashboardPage({ state, operator, place }: DashboardPageProps): JSX.Element {
  const { status, connection, updated } = state;
  const stale = connection.kind === 'lost';
  const View = VIEWS[place.section];
  const title = SECTIONS.find(({ id }) => id === place.section)?.title;
  return (
    <div class={`dashboard${stale ? ' stale' : ''}`}>
      <header class="masthead">
        <Wordmark />
        {status === null ? null : (
          <span class="masthead-run">
            <bdi>{status.corpus}</bdi>
          </span>
        )}
        <ConnectionLine connection={connection} updated={updated} />
        <button type="button" class="button-quiet" onClick={enterWall}>
          Wall screen
        </button>
        <a href="status">Status page</a>
        <a href="./">Volunteer page</a>
        {operator.signedIn ? (
          <button type="button" class="button-quiet" onClick={() => operator.signOut()}>
            Sign out
          </button>
        ) : null}
      </header>
      {status === null ? null : <RunHeader status={status} />}
      <Navigation current={place.section} />
      <main>
        <h1 class="visually-hidden">{title}</h1>
        {status === null ? (
          <section class="panel">
            <p class="muted">
              {stale ? 'The coordinator does not answer.' : 'Waiting for the first report of the coordinator…'}
            </p>
          </section>
        ) : (
          <View state={state} operator={operator} path={place.path} />
        )}
      </main>
      {status === null ? null : <footer class="muted">Tributary {status.version}</footer>}
    </div>
  );
}

// The volunteer page as a function of what is known: no wiring here.
import type { JSX } from 'preact';
import { NeighbourBox } from '../ui/neighbours.tsx';
import { Wordmark } from '../ui/wordmark.tsx';
import type { WorkerStatus } from '../worker/api.ts';
import type { About } from '../../protocol/status.ts';
import type { Capability } from './capability.ts';
import { Contribution } from './contribution.tsx';
import { Intro } from './intro.tsx';
import type { RunGlance } from './run-glance.ts';
import { RunPanel } from './run-panel.tsx';
import { StatePanel, type VolunteerActions } from './state-panel.tsx';
import { Terms } from './terms.tsx';

export interface VolunteerPageProps {
  readonly status: WorkerStatus;
  readonly capability: Capability;
  readonly glance: RunGlance;
  /** null while it is not known. */
  readonly about: About | null;
  readonly actions: VolunteerActions;
  /** What the tab may use, for the volunteer to set. */
  readonly controls: JSX.Element | null;
}

export function VolunteerPage(props: VolunteerPageProps): JSX.Element {
  const { status, capability, glance, about, actions, controls } = props;
  return (
    <div class="volunteer">
      <header class="masthead">
        <Wordmark />
        <a href="dashboard">Dashboard</a>
      </header>
      <main>
        <Intro about={about} started={status.state !== 'idle'} />
        <StatePanel status={status} capability={capability} actions={actions} />
        {controls}
        {status.state === 'idle' ? <Terms open /> : null}
        <div class="pair">
          <Contribution status={status} />
          <RunPanel status={status} glance={glance} />
        </div>

        <section class="panel" aria-labelledby="learned">
          <h2 id="learned">See what it has learned so far</h2>
          <p class="muted">Words that the vectors, as they are at this moment, put next to yours.</p>
          <NeighbourBox />
        </section>
        {status.state === 'idle' ? null : <Terms open={false} />}
      </main>
    </div>
  );
}

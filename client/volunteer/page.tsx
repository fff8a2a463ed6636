// The volunteer page as a function of what is known: no wiring here.
import type { JSX } from 'preact';
import { Wordmark } from '../ui/wordmark.tsx';
import type { WorkerStatus } from '../worker/api.ts';
import type { About } from '../../protocol/status.ts';
import type { Capability } from './capability.ts';
import { Contribution } from './contribution.tsx';
import { Intro } from './intro.tsx';
import { hasVectors, type RunGlance } from './run-glance.ts';
import { LiveLook } from './live/live-look.tsx';
import { Nickname, type NicknameProps } from './nickname.tsx';
import type { Traffic } from './page-traffic.ts';
import { RunNotice } from './run-notice.tsx';
import { RunPanel } from './run-panel.tsx';
import { StatePanel, type VolunteerActions } from './state-panel.tsx';
import { hasEnded } from './session.ts';
import { Thanks } from './thanks.tsx';
import { Terms } from './terms.tsx';

export interface VolunteerPageProps {
  readonly status: WorkerStatus;
  readonly capability: Capability;
  readonly glance: RunGlance;
  /** null while it is not known. */
  readonly about: About | null;
  readonly traffic: Traffic;
  readonly nickname: NicknameProps;
  readonly actions: VolunteerActions;
  /** What the tab may use, for the volunteer to set. */
  readonly controls: JSX.Element | null;
}

export function VolunteerPage(props: VolunteerPageProps): JSX.Element {
  const { status, capability, glance, about, traffic, nickname, actions, controls } = props;
  const banned = status.state === 'banned';
  const begun = status.state === 'training' || status.accepted > 0 || hasVectors(glance);
  return (
    <div class="volunteer">
      <header class="masthead">
        <Wordmark />
        <a href="dashboard">Dashboard</a>
      </header>
      <main>
        <Intro about={about} started={status.state !== 'idle'} />
        {status.state === 'idle' ? <RunNotice glance={glance} /> : null}
        <StatePanel status={status} capability={capability} actions={actions} />
        <Thanks status={status} about={about} />
        {status.state === 'idle' ? <Terms open /> : null}
        <div class="pair">
          {status.state === 'idle' ? null : <Contribution status={status} pageBytes={traffic.bytes} />}
          <RunPanel status={status} glance={glance} />
        </div>
        {banned ? null : controls}
        {hasEnded(status.state) && !banned ? <Nickname {...nickname} /> : null}
        {banned ? null : <LiveLook live={!hasEnded(status.state)} begun={begun} traffic={traffic} />}
        {status.state === 'idle' ? null : <Terms open={false} />}
      </main>
      <footer class="muted">
        <a href="status">Status of the run</a>, a page to share
      </footer>
    </div>
  );
}

// Who helps: the table of volunteers, or the page of one (#volunteers/12).
import type { JSX } from 'preact';
import { count } from '../../ui/format.ts';
import { SignIn } from '../operator/sign-in.tsx';
import { Panel } from '../panel.tsx';
import type { SectionProps } from '../sections.ts';
import { VolunteerPage } from './volunteer-page.tsx';
import { VolunteerTable } from './volunteer-table.tsx';

export function VolunteersSection({ state, operator, path }: SectionProps): JSX.Element | null {
  const { status, updated, fleet, isOperator } = state;
  if (status === null) return null;
  if (!isOperator) return <SignIn operator={operator} purpose="Sign in to see single volunteers." />;
  if (path !== '') return <VolunteerPage key={path} id={path} operator={operator} />;
  const now = updated ?? 0;
  const lines = [...(fleet.volunteers?.values() ?? [])];
  const over = status.state === 'done' || status.state === 'failed';
  return (
    <Panel id="volunteers-title" title={lines.length < 2 ? 'Volunteers' : `Volunteers (${count(lines.length)})`}>
      {lines.length > 0 ? (
        <VolunteerTable lines={lines} now={now} operator={operator} />
      ) : (
        <p class="muted">
          {over
            ? 'Nobody is connected: the run is over.'
            : 'Nobody is connected. Open this server’s address in a browser tab and press Start, or run “tributary join”.'}
        </p>
      )}
    </Panel>
  );
}

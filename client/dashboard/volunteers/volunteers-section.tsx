// Who helps: the table of volunteers.
import type { JSX } from 'preact';
import { count } from '../../ui/format.ts';
import { Panel } from '../panel.tsx';
import type { SectionProps } from '../sections.ts';
import { VolunteerTable } from './volunteer-table.tsx';

export function VolunteersSection({ state }: SectionProps): JSX.Element | null {
  const { status } = state;
  if (status === null) return null;
  const { volunteers } = status;
  return (
    <Panel
      id="volunteers-title"
      title={volunteers.length < 2 ? 'Volunteers' : `Volunteers (${count(volunteers.length)})`}
    >
      <VolunteerTable rows={volunteers} over={status.state === 'done' || status.state === 'failed'} />
    </Panel>
  );
}

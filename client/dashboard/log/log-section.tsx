// What happened, newest first.
import type { JSX } from 'preact';
import { Panel } from '../panel.tsx';
import type { SectionProps } from '../sections.ts';
import { EventLog } from './event-log.tsx';

export function LogSection({ state }: SectionProps): JSX.Element {
  return (
    <Panel id="log-title" title="Events">
      <EventLog events={state.log} />
    </Panel>
  );
}

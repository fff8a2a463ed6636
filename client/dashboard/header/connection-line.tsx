// Whether what the page shows is live, said in words.
import type { JSX } from 'preact';
import { timeOfDay } from '../../ui/format.ts';
import type { DashboardState } from '../dashboard-state.ts';

export function ConnectionLine({ connection, updated }: Pick<DashboardState, 'connection' | 'updated'>): JSX.Element {
  switch (connection.kind) {
    case 'connecting':
      return <p class="connection">Connecting to the coordinator…</p>;
    case 'live':
      return (
        <p class="connection">
          <span class="connection-dot" aria-hidden="true" />
          Live{updated === null ? '' : `, updated ${timeOfDay(updated)}`}
        </p>
      );
    case 'lost':
      return (
        <p class="connection connection-lost" role="alert">
          Connection lost at {timeOfDay(connection.since)}, retrying.
          {updated === null ? '' : ` What is shown dates from ${timeOfDay(updated)}.`}
        </p>
      );
  }
}

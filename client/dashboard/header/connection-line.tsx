// Whether what the page shows is live, said in words, with a countdown while it is not.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { duration, timeOfDay } from '../../ui/format.ts';
import type { DashboardState } from '../dashboard-state.ts';

/** Milliseconds without a report, which comes once a second, after which the page says so. */
const SILENCE = 5000;

/** Milliseconds since 1970, once a second. */
function useClock(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const ticking = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(ticking);
  }, []);
  return now;
}

export function ConnectionLine({ connection, updated }: Pick<DashboardState, 'connection' | 'updated'>): JSX.Element {
  const now = useClock();
  switch (connection.kind) {
    case 'connecting':
      return <p class="connection">Connecting to the coordinator…</p>;
    case 'live':
      if (updated !== null && now - updated > SILENCE) {
        return (
          <p class="connection connection-lost">
            No report for {duration((now - updated) / 1000)}: the coordinator is busy, or the line is slow.
          </p>
        );
      }
      return (
        <p class="connection">
          <span class="connection-dot" aria-hidden="true" />
          Live{updated === null ? '' : `, updated ${timeOfDay(updated)}`}
        </p>
      );
    case 'lost': {
      const left = Math.ceil((connection.retryAt - now) / 1000);
      return (
        <p class="connection connection-lost">
          {/* The countdown is not read out each second. */}
          <span role="alert">Connection lost at {timeOfDay(connection.since)}.</span>{' '}
          <span>
            {left > 0 ? `Next attempt in ${duration(left)}.` : 'Trying again…'}
            {updated === null ? '' : ` What is shown dates from ${timeOfDay(updated)}.`}
          </span>
        </p>
      );
    }
  }
}

// The run's events, newest first, as text.
import type { JSX } from 'preact';
import type { RunEvent } from '../../../protocol/status.ts';
import { timeOfDay } from '../../ui/format.ts';

export function EventLog({ events }: { events: readonly RunEvent[] }): JSX.Element {
  return (
    <ol class="log" tabIndex={0} aria-label="Events, newest first">
      {events.map((event) => (
        <li key={`${event.time}:${event.seq}`} class={`log-${event.level}`}>
          <time dateTime={new Date(event.time).toISOString()} title={new Date(event.time).toLocaleString('en-GB')}>
            {timeOfDay(event.time)}
          </time>
          <span class="log-level">{event.level}</span>
          <span class="log-category">{event.category}</span>
          <span class="log-who">{event.who}</span>
          <span class="log-text">{event.text}</span>
        </li>
      ))}
    </ol>
  );
}

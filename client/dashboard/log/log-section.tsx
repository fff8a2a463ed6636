// What happened, newest first, with a filter; it follows what comes, or stands still to be read.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RunEvent, RunEventLevel } from '../../../protocol/status.ts';
import { count } from '../../ui/format.ts';
import { LOG_LINES } from '../dashboard-state.ts';
import { Panel } from '../panel.tsx';
import type { SectionProps } from '../sections.ts';
import { EventLog } from './event-log.tsx';
import { CATEGORIES, EVERYTHING, filtered, LEVELS } from './log-filter.ts';

const LEVEL_NAMES: Readonly<Record<RunEventLevel, string>> = {
  info: 'all levels',
  warning: 'warnings and errors',
  error: 'errors',
};

export function LogSection({ state, operator }: SectionProps): JSX.Element {
  const [filter, setFilter] = useState(EVERYTHING);
  /** The events at the moment when following ended; null while it goes on. */
  const [still, setStill] = useState<readonly RunEvent[] | null>(null);
  const held = still ?? state.log;
  const shown = filtered(held, filter);
  const newest = held[0];
  const newer = newest === undefined ? state.log.length : state.log.indexOf(newest);
  return (
    <Panel id="log-title" title="Events">
      <div class="log-filters" role="search" aria-label="Filter of the events">
        <label class="check">
          Level
          <select
            value={filter.level}
            onChange={({ currentTarget: { value } }) =>
              setFilter({ ...filter, level: LEVELS.find((level) => level === value) ?? 'info' })
            }
          >
            {LEVELS.map((level) => (
              <option key={level} value={level}>
                {LEVEL_NAMES[level]}
              </option>
            ))}
          </select>
        </label>
        <label class="check">
          About
          <select
            value={filter.category}
            onChange={({ currentTarget: { value } }) =>
              setFilter({ ...filter, category: CATEGORIES.find((category) => category === value) ?? 'all' })
            }
          >
            <option value="all">everything</option>
            {CATEGORIES.map((category) => (
              <option key={category} value={category}>
                {category}
              </option>
            ))}
          </select>
        </label>
        <label class="check">
          Text
          <input
            type="text"
            autocomplete="off"
            spellcheck={false}
            value={filter.text}
            onInput={(event) => setFilter({ ...filter, text: event.currentTarget.value })}
          />
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={still === null}
            onChange={(event) => setStill(event.currentTarget.checked ? null : state.log)}
          />
          Follow
        </label>
        {still !== null && newer !== 0 ? (
          <button type="button" class="button button-small" onClick={() => setStill(null)}>
            {newer < 0 ? 'Show newer ones' : `Show ${count(newer)} newer`}
          </button>
        ) : null}
      </div>
      <p class="muted" role="status">
        {shown.length === held.length ? count(held.length) : `${count(shown.length)} of ${count(held.length)}`}{' '}
        {held.length === 1 ? 'event' : 'events'}
        {held.length >= LOG_LINES ? '; older ones are in the coordinator’s output' : ''}
      </p>
      {shown.length === 0 ? (
        <p class="muted">
          {held.length > 0
            ? 'No event fits the filter.'
            : operator.signedIn
              ? 'No events yet.'
              : 'Only the operator reads the events: sign in above.'}
        </p>
      ) : (
        <EventLog events={shown} />
      )}
    </Panel>
  );
}

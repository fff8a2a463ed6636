// The volunteers, fastest first. Their device names come from strangers: text, cut by the style sheet.
import type { JSX } from 'preact';
import type { VolunteerRow, VolunteerState } from '../../../protocol/status.ts';
import { Badge, type Tone } from '../../ui/badge.tsx';
import { bytes, count, duration } from '../../ui/format.ts';

/** Rows on the page: a thousand volunteers must not freeze it. */
export const TABLE_ROWS = 200;

const TONES: Readonly<Record<VolunteerState, Tone>> = {
  waiting: 'neutral',
  training: 'good',
  paused: 'warning',
  leaving: 'warning',
};

export function sortedVolunteers(rows: readonly VolunteerRow[]): readonly VolunteerRow[] {
  return [...rows].sort((a, b) => b.wordsPerSecond - a.wordsPerSecond || a.id - b.id);
}

function Row({ row }: { row: VolunteerRow }): JSX.Element {
  return (
    <tr>
      <td class="number">{row.id}</td>
      <td class="cell-device">
        <bdi title={row.device}>{row.device === '' ? 'unnamed' : row.device}</bdi>
        <span class="tags">
          <span class="tag">{row.engine === 'webgpu' ? 'GPU' : 'CPU'}</span>
          {row.local ? <span class="tag">local</span> : null}
          {row.hidden ? <span class="tag">hidden</span> : null}
        </span>
      </td>
      <td class="cell-state">
        <Badge tone={TONES[row.state]} word={row.state} />
        <span class="cell-reason" title={row.reason}>
          {row.reason}
        </span>
      </td>
      <td class="number">{count(row.wordsPerSecond)}</td>
      <td class="number">{count(row.accepted)}</td>
      <td class="number">{count(row.acceptedWords)}</td>
      <td class={`number${row.rejected > 0 ? ' alarming' : ''}`}>{count(row.rejected)}</td>
      <td class="number">{bytes(row.bytesDown)}</td>
      <td class="number">{bytes(row.bytesUp)}</td>
      <td class="number">{row.roundTripMs === null ? '–' : `${Math.round(row.roundTripMs)}\u00a0ms`}</td>
      <td class="number">{duration(row.connectedSeconds)}</td>
    </tr>
  );
}

export function VolunteerTable({ rows, over }: { rows: readonly VolunteerRow[]; over: boolean }): JSX.Element {
  if (rows.length === 0 && over) return <p class="muted">Nobody is connected: the run is over.</p>;
  if (rows.length === 0) {
    return (
      <p class="muted">
        Nobody is connected. Open this server's address in a browser tab and press Start, or run “tributary join”.
      </p>
    );
  }
  const shown = sortedVolunteers(rows).slice(0, TABLE_ROWS);
  return (
    <>
      <div class="table-frame" tabIndex={0} role="region" aria-label="Table of volunteers, scrolls sideways">
        <table>
          <thead>
            <tr>
              <th scope="col" class="number">
                #
              </th>
              <th scope="col">Device</th>
              <th scope="col">State</th>
              <th scope="col" class="number" aria-sort="descending">
                Words/s
              </th>
              <th scope="col" class="number">
                Accepted
              </th>
              <th scope="col" class="number">
                Words
              </th>
              <th scope="col" class="number">
                Refused
              </th>
              <th scope="col" class="number">
                Down
              </th>
              <th scope="col" class="number">
                Up
              </th>
              <th scope="col" class="number">
                Round trip
              </th>
              <th scope="col" class="number">
                Connected
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <Row key={row.id} row={row} />
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > shown.length ? <p class="muted">and {count(rows.length - shown.length)} slower ones</p> : null}
    </>
  );
}

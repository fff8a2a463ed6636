// The volunteers: sorted by any column, filtered, a page at a time. Rows keep their places while somebody points at them.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { VolunteerLine } from '../../../protocol/operator.ts';
import { count } from '../../ui/format.ts';
import type { Operator } from '../operator/operator.ts';
import { StandingBar } from './standing-bar.tsx';
import { type Filter, filtered, FILTERS, inOrder, type Order, sorted, type SortKey } from './table-order.ts';
import { VolunteerTableRow } from './volunteer-row.tsx';

/** Rows on the page. */
export const PAGE_ROWS = 50;

const COLUMNS: readonly { readonly key: SortKey; readonly title: string; readonly number: boolean }[] = [
  { key: 'id', title: '#', number: true },
  { key: 'name', title: 'Name', number: false },
  { key: 'device', title: 'Device', number: false },
  { key: 'browser', title: 'Browser', number: false },
  { key: 'tab', title: 'Tab', number: false },
  { key: 'state', title: 'State', number: false },
  { key: 'speed', title: 'Words/s', number: true },
  { key: 'roundTrip', title: 'Round trip', number: true },
  { key: 'lease', title: 'Lease age', number: true },
  { key: 'accepted', title: 'Accepted', number: true },
  { key: 'words', title: 'Words', number: true },
  { key: 'rejected', title: 'Rejected', number: true },
  { key: 'checks', title: 'Checks', number: false },
  { key: 'connected', title: 'Connected', number: true },
];

function Heading(props: { column: (typeof COLUMNS)[number]; order: Order; onSort(key: SortKey): void }): JSX.Element {
  const { column, order, onSort } = props;
  const now = order.key === column.key ? (order.descending ? 'descending' : 'ascending') : 'none';
  return (
    <th scope="col" class={column.number ? 'number' : ''} aria-sort={now}>
      <button type="button" class="sort" onClick={() => onSort(column.key)}>
        {column.title}
      </button>
    </th>
  );
}

export interface VolunteerTableProps {
  readonly lines: readonly VolunteerLine[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Whether volunteers have pages of their own and can be acted on. */
  readonly operator: Operator;
}

export function VolunteerTable({ lines, now, operator }: VolunteerTableProps): JSX.Element {
  const [order, setOrder] = useState<Order>({ key: 'speed', descending: true });
  const [text, setText] = useState('');
  const [filter, setFilter] = useState<Filter>('everybody');
  const [page, setPage] = useState(0);
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [held, setHeld] = useState<readonly number[] | null>(null);

  const found = filtered(lines, text, filter);
  const pages = Math.max(1, Math.ceil(found.length / PAGE_ROWS));
  const at = Math.min(page, pages - 1);
  const live = sorted(found, order).slice(at * PAGE_ROWS, (at + 1) * PAGE_ROWS);
  const shown = held === null ? live : inOrder(found, held);
  const present = new Set(lines.map(({ id }) => id));
  const ids = [...chosen].filter((id) => present.has(id)).sort((a, b) => a - b);

  // Whatever the reader asks for is shown at once, held order or not.
  function release<T>(set: (value: T) => void): (value: T) => void {
    return (value) => {
      setHeld(null);
      set(value);
    };
  }
  function sort(key: SortKey): void {
    const textual = !COLUMNS.some((column) => column.key === key && column.number);
    setHeld(null);
    setPage(0);
    setOrder({ key, descending: order.key === key ? !order.descending : !textual });
  }
  function choose(id: number, on: boolean): void {
    setChosen((before) => {
      const next = new Set(before);
      if (on) next.add(id);
      else next.delete(id);
      return next;
    });
  }
  const hold = (): void => setHeld((before) => before ?? live.map(({ id }) => id));
  const turn = release(setPage);
  const allChosen = found.length > 0 && found.every(({ id }) => chosen.has(id));

  return (
    <>
      <div class="table-tools">
        <label class="tool">
          Find
          <input
            type="text"
            value={text}
            placeholder="name, device, browser…"
            onInput={(event) => {
              setPage(0);
              release(setText)(event.currentTarget.value);
            }}
          />
        </label>
        <label class="tool">
          Show
          <select
            value={filter}
            onChange={(event) => {
              setPage(0);
              release(setFilter)(event.currentTarget.value as Filter);
            }}
          >
            {FILTERS.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </label>
        {operator.signedIn ? (
          <label class="check">
            <input
              type="checkbox"
              checked={allChosen}
              disabled={found.length === 0}
              onChange={() => setChosen(new Set(allChosen ? [] : found.map(({ id }) => id)))}
            />
            Choose all {count(found.length)}
          </label>
        ) : null}
      </div>
      {operator.signedIn ? (
        <>
          <p class="muted" role="status">
            {ids.length === 0 ? 'Nobody is chosen.' : `${count(ids.length)} chosen.`}
          </p>
          <StandingBar operator={operator} ids={ids} onDone={() => setChosen(new Set())} />
        </>
      ) : null}
      <div class="table-frame" tabIndex={0} role="region" aria-label="Table of volunteers, scrolls sideways">
        <table aria-rowcount={found.length + 1}>
          <thead>
            <tr>
              {operator.signedIn ? <td class="cell-choose" /> : null}
              {COLUMNS.map((column) => (
                <Heading key={column.key} column={column} order={order} onSort={sort} />
              ))}
            </tr>
          </thead>
          <tbody
            onPointerEnter={hold}
            onPointerLeave={(event) => {
              if (!event.currentTarget.contains(document.activeElement)) setHeld(null);
            }}
            onFocusIn={hold}
            onFocusOut={(event) => {
              const into = event.relatedTarget;
              if (!(into instanceof Node && event.currentTarget.contains(into))) setHeld(null);
            }}
          >
            {shown.map((line) => (
              <VolunteerTableRow
                key={line.id}
                line={line}
                now={now}
                chosen={operator.signedIn ? chosen.has(line.id) : null}
                linked={operator.signedIn}
                onChoose={choose}
              />
            ))}
          </tbody>
        </table>
      </div>
      <div class="table-foot">
        <p class="muted">
          {found.length === 0
            ? 'Nobody matches.'
            : `${count(at * PAGE_ROWS + 1)} to ${count(at * PAGE_ROWS + shown.length)} of ${count(found.length)}.`}{' '}
          {held === null ? '' : 'Rows keep their places while you point at them; their values go on.'}
        </p>
        {pages === 1 ? null : (
          <div class="buttons">
            <button type="button" class="button button-small" disabled={at === 0} onClick={() => turn(at - 1)}>
              Previous page
            </button>
            <button type="button" class="button button-small" disabled={at === pages - 1} onClick={() => turn(at + 1)}>
              Next page
            </button>
          </div>
        )}
      </div>
    </>
  );
}

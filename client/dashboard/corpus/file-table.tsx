// The files of the corpus with their splits and states, sought and paged by the coordinator: there may be 100,000.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type CorpusFileLine, type CorpusReport, FILE_STATES, type FileState } from '../../../protocol/corpus.ts';
import { Badge, type Tone } from '../../ui/badge.tsx';
import type { CallFailure } from '../../ui/coordinator-call.ts';
import { count } from '../../ui/format.ts';
import type { Operator } from '../operator/operator.ts';
import { Panel } from '../panel.tsx';
import { size } from './file-size.ts';

/** Lines on the page. */
export const PAGE_LINES = 50;
/** Between two looks, in ms. */
const REFRESH_MS = 2000;

const TONES: Record<FileState, Tone> = { waiting: 'neutral', reading: 'busy', done: 'good', failed: 'bad' };

function FileRow({ line }: { line: CorpusFileLine }): JSX.Element {
  return (
    <tr>
      <td class="number">{line.number.toLocaleString('en')}</td>
      <td class="cell-path">
        <bdi>{line.path}</bdi>
      </td>
      <td class="number">{size(line.bytes)}</td>
      <td class="number">
        {count(line.done)} of {count(line.splits)}
      </td>
      <td class="cell-error">
        <Badge tone={TONES[line.state]} word={line.state} />
        {line.error === '' ? null : <> {line.error}</>}
      </td>
    </tr>
  );
}

/** What is asked for: a page of the files that match. */
interface Asked {
  readonly from: number;
  readonly find: string;
  readonly state: FileState | 'all';
}

export function FileTable({ operator }: { operator: Operator }): JSX.Element {
  const [asked, setAsked] = useState<Asked>({ from: 0, find: '', state: 'all' });
  const [report, setReport] = useState<CorpusReport | null>(null);
  const [failure, setFailure] = useState<CallFailure | null>(null);
  const { signedIn } = operator;
  const { from, find, state } = asked;
  const ask = (change: Partial<Asked>): void => setAsked((before) => ({ ...before, ...change }));
  useEffect(() => {
    if (!signedIn) return undefined;
    const stop = new AbortController();
    let isAsking = false;
    const look = async (): Promise<void> => {
      // A slow answer is not asked for again on top.
      if (isAsking) return;
      isAsking = true;
      try {
        const query = new URLSearchParams({ from: `${from}`, count: `${PAGE_LINES}`, state, find });
        const request = { method: 'GET', signal: stop.signal } as const;
        const result = await operator.call<CorpusReport>(`api/corpus?${query.toString()}`, request);
        if (stop.signal.aborted) return;
        if (result.ok) setReport(result.body);
        setFailure(result.ok ? null : result.failure);
      } catch (error) {
        // The section was left meanwhile, or something else asked for.
        if (!stop.signal.aborted) throw error;
      } finally {
        isAsking = false;
      }
    };
    void look();
    const timer = setInterval(() => void look(), REFRESH_MS);
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }, [operator, signedIn, from, find, state]);

  if (!signedIn) return <p class="muted">Files are shown to the operator: sign in on the overview.</p>;
  const { lines = [], found = 0, from: first = 0 } = report ?? {};
  return (
    <Panel id="files-title" title="Files">
      <div class="table-tools">
        <label class="tool">
          Find
          <input
            type="text"
            maxLength={200}
            value={find}
            placeholder="part of the path…"
            onInput={(event) => ask({ from: 0, find: event.currentTarget.value })}
          />
        </label>
        <label class="tool">
          Show
          <select
            value={state}
            onChange={(event) => ask({ from: 0, state: event.currentTarget.value as Asked['state'] })}
          >
            {['all', ...FILE_STATES].map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </label>
      </div>
      {failure === null ? null : (
        <p class="failure" role="alert">
          {failure.message} <code>{failure.code}</code>
        </p>
      )}
      {report === null ? (
        failure === null ? (
          <p class="muted">Asking the coordinator…</p>
        ) : null
      ) : (
        <div class="table-frame" tabIndex={0} role="region" aria-label="Files of the corpus, scrolls sideways">
          <table aria-rowcount={found + 1}>
            <thead>
              <tr>
                <th scope="col" class="number">
                  #
                </th>
                <th scope="col">File</th>
                <th scope="col" class="number">
                  Size
                </th>
                <th scope="col" class="number">
                  Splits done
                </th>
                <th scope="col">State</th>
              </tr>
            </thead>
            <tbody>
              {lines.map((line) => (
                <FileRow key={line.number} line={line} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div class="table-foot">
        <p class="muted">
          {report === null
            ? ''
            : lines.length === 0
              ? 'No file matches.'
              : `${(first + 1).toLocaleString('en')} to ${(first + lines.length).toLocaleString('en')} of ${found.toLocaleString('en')}.`}
        </p>
        {found <= PAGE_LINES ? null : (
          <div class="buttons">
            <button
              type="button"
              class="button button-small"
              disabled={from === 0}
              onClick={() => ask({ from: Math.max(0, from - PAGE_LINES) })}
            >
              Previous page
            </button>
            <button
              type="button"
              class="button button-small"
              disabled={from + PAGE_LINES >= found}
              onClick={() => ask({ from: from + PAGE_LINES })}
            >
              Next page
            </button>
          </div>
        )}
      </div>
    </Panel>
  );
}

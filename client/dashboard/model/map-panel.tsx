// The map of words: drawn when asked for, by principal components or UMAP, with search and a list of similar words.
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { CallFailure } from '../../ui/coordinator-call.ts';
import { count, percent } from '../../ui/format.ts';
import { unitRows } from '../../ui/projection.ts';
import type { FetchBytes } from '../../ui/word-map.ts';
import { type DrawnMap, drawMap, type Method } from './drawing.ts';
import { MapCanvas } from './map-canvas.tsx';
import { similarWords } from './map-geometry.ts';

const WORDS = [300, 1000, 2000] as const;
const NEAR = 10;

type Work =
  | { readonly kind: 'idle' }
  | { readonly kind: 'drawing'; readonly method: Method; readonly share: number }
  | { readonly kind: 'failed'; readonly failure: CallFailure };

function Drawn({ drawn }: { drawn: DrawnMap }): JSX.Element {
  const { map, picture } = drawn;
  const [word, setWord] = useState('');
  const rows = useMemo(() => unitRows(map), [map]);
  const sought = word.trim();
  const found = map.words.indexOf(sought);
  const at = found >= 0 ? found : map.words.findIndex((each) => each.toLowerCase() === sought.toLowerCase());
  const chosen = sought === '' || at < 0 ? null : at;
  const near = useMemo(() => (chosen === null ? [] : similarWords(rows, map.dim, chosen, NEAR)), [rows, chosen]);
  const nearWords = useMemo(() => near.map((each) => each.at), [near]);
  return (
    <div class="map-and-list">
      <MapCanvas picture={picture} chosen={chosen} near={nearWords} onChoose={(place) => setWord(map.words[place]!)} />
      <div class="map-list">
        <label class="tool">
          Find a word
          <input
            type="text"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            value={word}
            onInput={(event) => setWord(event.currentTarget.value)}
          />
        </label>
        <div aria-live="polite">
          {sought === '' ? (
            <p class="muted">Find a word, or press one on the map, to see those like it.</p>
          ) : chosen === null ? (
            <p class="muted">
              “{sought}” is not among these {count(map.words.length)} words.
            </p>
          ) : (
            <ol aria-label={`Most like ${map.words[chosen]!}, of the words on the map`}>
              {near.map((each) => (
                <li key={each.at}>
                  <button type="button" class="sort" onClick={() => setWord(map.words[each.at]!)}>
                    <bdi>{map.words[each.at]}</bdi>
                  </button>{' '}
                  <span class="muted">{each.similarity.toFixed(3)}</span>
                </li>
              ))}
            </ol>
          )}
        </div>
      </div>
    </div>
  );
}

export function MapPanel({ send }: { send?: FetchBytes }): JSX.Element {
  const [top, setTop] = useState<number>(WORDS[1]);
  const [work, setWork] = useState<Work>({ kind: 'idle' });
  const [drawn, setDrawn] = useState<DrawnMap | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  async function draw(method: Method): Promise<void> {
    running.current?.abort();
    const stop = new AbortController();
    running.current = stop;
    setWork({ kind: 'drawing', method, share: 0 });
    try {
      const result = await drawMap({
        method,
        top,
        last: drawn?.picture ?? null,
        signal: stop.signal,
        report: (share) => {
          if (running.current === stop) setWork({ kind: 'drawing', method, share });
        },
        send,
      });
      if (running.current !== stop) return;
      if (result.ok) setDrawn(result.body);
      setWork(result.ok ? { kind: 'idle' } : { kind: 'failed', failure: result.failure });
    } catch (error) {
      if (stop.signal.aborted) return;
      const cause = error instanceof Error ? error.message : String(error);
      setWork({ kind: 'failed', failure: { code: 'MAP_FAILED', message: `The map cannot be drawn: ${cause}.` } });
    }
  }
  function cancel(): void {
    running.current?.abort();
    running.current = null;
    setWork({ kind: 'idle' });
  }

  const busy = work.kind === 'drawing';
  return (
    <>
      <div class="table-tools">
        <label class="tool">
          Words, most frequent first
          <select value={top} disabled={busy} onChange={(event) => setTop(Number(event.currentTarget.value))}>
            {WORDS.map((words) => (
              <option key={words} value={words}>
                {count(words)}
              </option>
            ))}
          </select>
        </label>
        <div class="buttons">
          <button type="button" class="button" disabled={busy} onClick={() => void draw('pca')}>
            {drawn === null ? 'Draw the map' : 'Draw again'}
          </button>
          <button type="button" class="button" disabled={busy} onClick={() => void draw('umap')}>
            Draw by UMAP
          </button>
          {busy ? (
            <button type="button" class="button" onClick={cancel}>
              Cancel
            </button>
          ) : null}
        </div>
      </div>
      <div role="status">
        {work.kind === 'drawing' ? (
          <p class="muted">
            Drawing by {work.method === 'umap' ? `UMAP, ${percent(work.share)} done` : 'principal components'}…
          </p>
        ) : null}
        {work.kind === 'failed' ? (
          <p class="failure">
            {work.failure.message} <code>{work.failure.code}</code>
          </p>
        ) : null}
      </div>
      {drawn === null ? (
        <p class="muted">
          Words that are used alike lie near each other. Principal components keep large distances and take a moment;
          UMAP keeps neighbours together and takes some seconds. Either runs in this browser, beside the page.
        </p>
      ) : (
        <>
          <p class="muted">
            {count(drawn.map.words.length)} words by {drawn.method === 'umap' ? 'UMAP' : 'principal components'}, model
            version {count(drawn.map.modelVersion)}.
          </p>
          <Drawn drawn={drawn} />
        </>
      )}
    </>
  );
}

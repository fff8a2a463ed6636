// The neighbours of a word of the volunteer's choice, asked for again while the run trains, with what came and went.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Neighbour } from '../../../protocol/status.ts';
import { type CallFailure, callCoordinator, type Fetch } from '../../ui/coordinator-call.ts';
import { neighbourPath, parseNeighbourQuery } from '../../ui/neighbour-query.ts';
import { type Changes, changesBetween, NO_CHANGES } from './changes.ts';

const TOP = 8;
/** Milliseconds between two looks. */
const EVERY_MS = 4000;

interface Seen {
  readonly asked: string;
  readonly neighbours: readonly Neighbour[];
  readonly changes: Changes;
}

export interface LiveNeighboursProps {
  /** The vectors change: look again every few seconds. */
  readonly live: boolean;
  readonly send: Fetch;
  /** Words to try, from the vocabulary. */
  readonly suggestions: readonly string[];
  /** Told which words are in view, the word asked for first. */
  readonly onSeen: (words: readonly string[]) => void;
}

export function LiveNeighbours({ live, send, suggestions, onSeen }: LiveNeighboursProps): JSX.Element {
  const [text, setText] = useState('');
  const [asked, setAsked] = useState('');
  const [seen, setSeen] = useState<Seen | null>(null);
  const [failure, setFailure] = useState<CallFailure | null>(null);
  /** Said once per question, not at every look: a screen reader is not to chatter. */
  const [said, setSaid] = useState('');
  const last = useRef<Seen | null>(null);

  useEffect(() => {
    if (asked === '') return undefined;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      if (!document.hidden || last.current?.asked !== asked) {
        const query = parseNeighbourQuery(asked);
        const result = await callCoordinator<readonly Neighbour[]>(
          neighbourPath(query, TOP),
          { signal: stop.signal },
          send,
        );
        setFailure(result.ok ? null : result.failure);
        if (!result.ok) setSaid(result.failure.message);
        else {
          const before = last.current?.asked === asked ? last.current : null;
          const changes = before === null ? NO_CHANGES : changesBetween(before.neighbours, result.body, before.changes);
          last.current = { asked, neighbours: result.body, changes };
          setSeen(last.current);
          onSeen([...query.positive, ...result.body.map(({ word }) => word)]);
          if (before === null) setSaid(`Nearest to ${asked}: ${result.body.map(({ word }) => word).join(', ')}`);
        }
      }
      if (live) timer = setTimeout(run, EVERY_MS);
    };
    // Only an abort throws, and then nobody waits for the answer any more.
    const run = (): void => void look().catch(() => undefined);
    run();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [asked, live]);

  const ask = (words: string): void => {
    const trimmed = words.trim();
    setText(words);
    if (parseNeighbourQuery(trimmed).positive.length === 0) {
      setFailure({ code: 'NO_WORD', message: 'Type a word to look up.' });
      setSaid('Type a word to look up.');
    } else setAsked(trimmed);
  };
  const shown = seen?.asked === asked ? seen : null;
  return (
    <div class="neighbour-box">
      <form
        class="field-row"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          ask(text);
        }}
      >
        <label class="visually-hidden" for="neighbour-word">
          Word or words
        </label>
        <input
          id="neighbour-word"
          type="text"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          placeholder="king woman -man"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="button">
          Look up
        </button>
      </form>
      {suggestions.length === 0 ? null : (
        <p class="suggestions">
          <span class="muted">Try</span>
          {suggestions.map((word) => (
            <button key={word} type="button" class="chip" onClick={() => ask(word)}>
              <bdi>{word}</bdi>
            </button>
          ))}
        </p>
      )}
      {failure === null ? null : (
        <p class="failure">
          {failure.message} <code>{failure.code}</code>
        </p>
      )}
      {shown === null ? null : <Nearest seen={shown} live={live} />}
      <p class="visually-hidden" role="status">
        {said}
      </p>
    </div>
  );
}

function Nearest({ seen, live }: { seen: Seen; live: boolean }): JSX.Element {
  const { came, went } = seen.changes;
  return (
    <>
      <ol class="neighbours" aria-label={`Nearest to ${seen.asked}`}>
        {seen.neighbours.map(({ word, similarity }) => (
          <li key={word} class={came.has(word) ? 'neighbour-new' : ''}>
            <span class="neighbour-name">
              <bdi class="neighbour-word">{word}</bdi>
              {came.has(word) ? <span class="mark-new">new</span> : null}
            </span>
            <span class="neighbour-bar" aria-hidden="true">
              <span style={{ width: `${Math.min(1, Math.max(0, similarity)) * 100}%` }} />
            </span>
            <span class="neighbour-value">{similarity.toFixed(3)}</span>
          </li>
        ))}
      </ol>
      <p class="muted neighbours-went">
        {went.length === 0
          ? live
            ? 'Looked up again every few seconds; what comes new is marked.'
            : ''
          : `Gone since the last change: ${went.join(', ')}`}
      </p>
    </>
  );
}

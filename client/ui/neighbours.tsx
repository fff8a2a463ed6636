// The word box: nearest neighbours of a word in the vectors as they are now.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Neighbour } from '../../protocol/status.ts';
import { type CallFailure, callCoordinator, type Fetch } from './coordinator-call.ts';
import { neighbourPath, parseNeighbourQuery } from './neighbour-query.ts';

const TOP = 8;

export type NeighbourAnswer =
  | { readonly kind: 'none' }
  | { readonly kind: 'asking' }
  | { readonly kind: 'found'; readonly asked: string; readonly neighbours: readonly Neighbour[] }
  | { readonly kind: 'failed'; readonly failure: CallFailure };

export function NeighbourList({ answer }: { answer: NeighbourAnswer }): JSX.Element | null {
  switch (answer.kind) {
    case 'none':
      return null;
    case 'asking':
      return <p class="muted">Asking the coordinator…</p>;
    case 'failed':
      return (
        <p class="failure">
          {answer.failure.message} <code>{answer.failure.code}</code>
        </p>
      );
    case 'found':
      if (answer.neighbours.length === 0) return <p class="muted">No neighbours of “{answer.asked}” yet.</p>;
      return (
        <ol class="neighbours" aria-label={`Nearest to ${answer.asked}`}>
          {answer.neighbours.map((neighbour) => (
            <li key={neighbour.word}>
              <bdi class="neighbour-word">{neighbour.word}</bdi>
              <span class="neighbour-bar" aria-hidden="true">
                <span style={{ width: `${Math.min(1, Math.max(0, neighbour.similarity)) * 100}%` }} />
              </span>
              <span class="neighbour-value">{neighbour.similarity.toFixed(3)}</span>
            </li>
          ))}
        </ol>
      );
  }
}

export function NeighbourBox({ send }: { send?: Fetch }): JSX.Element {
  const [text, setText] = useState('');
  const [answer, setAnswer] = useState<NeighbourAnswer>({ kind: 'none' });
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  async function ask(): Promise<void> {
    const query = parseNeighbourQuery(text);
    if (query.positive.length === 0) {
      setAnswer({ kind: 'failed', failure: { code: 'NO_WORD', message: 'Type a word to look up.' } });
      return;
    }
    running.current?.abort();
    const call = new AbortController();
    running.current = call;
    setAnswer({ kind: 'asking' });
    try {
      const result = await callCoordinator<readonly Neighbour[]>(
        neighbourPath(query, TOP),
        { signal: call.signal },
        send,
      );
      if (running.current !== call) return;
      setAnswer(
        result.ok
          ? { kind: 'found', asked: text.trim(), neighbours: result.body }
          : { kind: 'failed', failure: result.failure },
      );
    } catch (error) {
      // A newer question has taken this one's place.
      if (!call.signal.aborted) throw error;
    }
  }

  return (
    <div class="neighbour-box">
      <form
        class="field-row"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
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
      <div aria-live="polite">
        <NeighbourList answer={answer} />
      </div>
    </div>
  );
}

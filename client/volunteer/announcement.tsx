// What a screen reader is told of the tab's state: each change of it once, and no breath between two pieces of work.
import type { JSX } from 'preact';
import { useEffect, useReducer, useRef } from 'preact/hooks';
import type { WorkerState } from '../worker/api.ts';

/** Longer than the way from one piece to the next takes; who waits so long waits for a reason. */
const SETTLED_MS = 10_000;

export interface AnnouncementProps {
  readonly state: WorkerState;
  /** The state in one word. */
  readonly word: string;
  readonly reason: string;
  /** Milliseconds that waiting after training must last to be told. */
  readonly settledMs?: number;
}

export function Announcement({ state, word, reason, settledMs = SETTLED_MS }: AnnouncementProps): JSX.Element {
  const now = { state, text: `${word}: ${reason}` };
  const told = useRef(now);
  const [, redraw] = useReducer((times: number) => times + 1, 0);
  const between = told.current.state === 'training' && state === 'waiting';
  if (!between) told.current = now;
  useEffect(() => {
    if (!between) return undefined;
    const timer = setTimeout(() => {
      // What is drawn next is told: it waits, no longer trains.
      told.current = { state: 'waiting', text: '' };
      redraw(undefined);
    }, settledMs);
    return () => clearTimeout(timer);
  }, [between, settledMs]);
  return (
    <p class="visually-hidden" role="status">
      {told.current.text}
    </p>
  );
}

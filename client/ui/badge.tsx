// A state in one word, with a colour that repeats what the word says.
import type { JSX } from 'preact';

export type Tone = 'neutral' | 'busy' | 'good' | 'warning' | 'bad';

export function Badge({ tone, word, live = false }: { tone: Tone; word: string; live?: boolean }): JSX.Element {
  return (
    <span class={`badge badge-${tone}${live ? ' badge-live' : ''}`}>
      <span class="badge-dot" aria-hidden="true" />
      {word.charAt(0).toUpperCase() + word.slice(1)}
    </span>
  );
}

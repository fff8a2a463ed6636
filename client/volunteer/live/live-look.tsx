// A live look into the model: neighbours of a word, and a map that moves.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Traffic } from '../page-traffic.ts';
import { LiveNeighbours } from './live-neighbours.tsx';
import { WordMap } from './word-map.tsx';

const SUGGESTED = 4;
const NONE: ReadonlySet<string> = new Set();

/** Some words from all over the map. */
function someOf(words: readonly string[]): readonly string[] {
  const step = Math.max(1, Math.floor(words.length / SUGGESTED));
  return words.filter((_, at) => at % step === Math.floor(step / 2)).slice(0, SUGGESTED);
}

export interface LiveLookProps {
  readonly live: boolean;
  /** The run has vectors to look at. */
  readonly begun: boolean;
  readonly traffic: Traffic;
}

export function LiveLook({ live, begun, traffic }: LiveLookProps): JSX.Element {
  const [suggestions, setSuggestions] = useState<readonly string[]>([]);
  const [marked, setMarked] = useState<ReadonlySet<string>>(NONE);
  return (
    <section class="panel" aria-labelledby="learned">
      <h2 id="learned">See what it has learned so far</h2>
      <p class="muted">Pick a word: the vectors, as they are at this moment, tell which words are used like it.</p>
      <div class="live-look">
        <LiveNeighbours
          live={live}
          send={traffic.text}
          suggestions={suggestions}
          onSeen={(words) => setMarked(new Set(words))}
        />
        <WordMap
          live={live}
          begun={begun}
          send={traffic.binary}
          marked={marked}
          onWords={(words) => setSuggestions(someOf(words))}
        />
      </div>
    </section>
  );
}

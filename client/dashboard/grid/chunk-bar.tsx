// What downpour has in memory: one bar of chunks by state, where the grid schedule has its blocks.
import type { JSX } from 'preact';
import type { EpisodeStatus, RunStatus } from '../../../protocol/status.ts';
import { count, percent, share } from '../../ui/format.ts';

type Chunks = RunStatus['chunks'];

const STATES = ['done', 'leased', 'waiting'] as const satisfies readonly (keyof Chunks)[];

export function ChunkView({ episode, chunks }: { episode: EpisodeStatus | null; chunks: Chunks }): JSX.Element {
  if (episode === null) return <p class="muted">No episode is in training.</p>;
  const said = STATES.map((state) => `${chunks[state]} ${state}`).join(', ');
  return (
    <>
      <p class="muted">
        Episode {count(episode.number)}: {count(episode.tokens)} words, {count(episode.pairsDone)} of{' '}
        {count(episode.pairs)} pairs done ({percent(share(episode.pairsDone, episode.pairs))}). A chunk is a stretch of
        text; any number of them may be in work at once, on the same rows.
      </p>
      <div class="chunk-bar" role="img" aria-label={`Chunks in memory: ${said}.`}>
        {STATES.map((state) => (
          <div key={state} class={`swatch-${state}`} style={{ flexGrow: chunks[state] }} />
        ))}
      </div>
      <ul class="legend">
        {STATES.map((state) => (
          <li key={state}>
            <span class={`swatch swatch-${state}`} aria-hidden="true" />
            {state} <span class="muted">{count(chunks[state])}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

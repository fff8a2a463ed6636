// The grid of the episode in training, or the chunks of downpour.
import type { JSX } from 'preact';
import { Panel } from '../panel.tsx';
import type { SectionProps } from '../sections.ts';
import { ChunkView } from './chunk-bar.tsx';
import { GridView } from './grid-view.tsx';

export function GridSection({ state }: SectionProps): JSX.Element | null {
  const { status } = state;
  if (status === null) return null;
  return status.config.schedule === 'grid' ? (
    <Panel id="grid-title" title="Grid">
      <GridView episode={status.episode} />
    </Panel>
  ) : (
    <Panel id="grid-title" title="Chunks">
      <ChunkView episode={status.episode} chunks={status.chunks} />
    </Panel>
  );
}

// What the vectors have learned: neighbours, analogies, a map of words, and the lengths of rows.
import type { JSX } from 'preact';
import { NeighbourBox } from '../../ui/neighbours.tsx';
import { Panel } from '../panel.tsx';
import type { SectionProps } from '../sections.ts';
import { AnalogyBox } from './analogy-box.tsx';
import { MapPanel } from './map-panel.tsx';
import { RowLengths } from './row-lengths.tsx';

export function ModelSection({ operator }: SectionProps): JSX.Element {
  return (
    <div class="model-section">
      <Panel id="neighbours-title" title="Nearest neighbours">
        <NeighbourBox />
      </Panel>
      <Panel id="analogy-title" title="Analogies">
        <AnalogyBox />
      </Panel>
      <Panel id="map-title" title="Map of words" area="map">
        <MapPanel />
      </Panel>
      <Panel id="lengths-title" title="Lengths of rows" area="map">
        <RowLengths operator={operator} />
      </Panel>
    </div>
  );
}

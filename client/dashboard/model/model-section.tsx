// What the vectors have learned: the neighbours of a word.
import type { JSX } from 'preact';
import { NeighbourBox } from '../../ui/neighbours.tsx';
import { Panel } from '../panel.tsx';

export function ModelSection(): JSX.Element {
  return (
    <Panel id="neighbours-title" title="Nearest neighbours">
      <NeighbourBox />
    </Panel>
  );
}

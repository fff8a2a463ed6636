// Where the words come from, and how reading them goes.
import type { JSX } from 'preact';
import { bytes, count } from '../../ui/format.ts';
import { Panel } from '../panel.tsx';
import type { SectionProps } from '../sections.ts';
import { FileTable } from './file-table.tsx';
import { NodeTable } from './node-table.tsx';
import { Reading } from './reading.tsx';

export function CorpusSection({ state, operator: by }: SectionProps): JSX.Element | null {
  const { status, fleet } = state;
  if (status === null) return null;
  const { counts } = status;
  const { operator } = fleet;
  return (
    <>
      <Panel id="corpus-title" title="Corpus">
        <dl class="facts">
          <div>
            <dt>Corpus</dt>
            <dd>
              <bdi>{status.corpus}</bdi>
            </dd>
          </div>
          <div>
            <dt>Counting</dt>
            <dd>
              {counts === null
                ? `in work, ${bytes(status.bytesPerSecond)} a second`
                : `${count(counts.tokens)} words, ${count(counts.distinct)} different ones, in ${count(counts.splits)} splits`}
            </dd>
          </div>
          {operator === null ? (
            <div>
              <dt>Waits for</dt>
              <dd>{status.waiting ?? 'nothing'}</dd>
            </div>
          ) : null}
        </dl>
      </Panel>
      {operator === null ? null : (
        <>
          <Reading corpus={operator.corpus} />
          <NodeTable nodes={operator.corpus.nodes} />
          <FileTable operator={by} />
        </>
      )}
    </>
  );
}

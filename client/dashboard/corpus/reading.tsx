// Reading the corpus as its operator sees it: amounts, where it stands, and which nodes failed.
import type { JSX } from 'preact';
import type { CorpusStatus } from '../../../protocol/operator.ts';
import { bytes, count, timeOfDay } from '../../ui/format.ts';
import { Panel } from '../panel.tsx';

const known = (value: number | null, format: (value: number) => string): string =>
  value === null ? 'not measured' : format(value);

export function Reading({ corpus }: { corpus: CorpusStatus }): JSX.Element {
  const { position, errors } = corpus;
  return (
    <>
      <Panel id="reading-title" title="Reading">
        <dl class="facts">
          <div>
            <dt>Files</dt>
            <dd>
              {count(corpus.files)}, {bytes(corpus.bytes)} as stored, in {count(corpus.splits)} splits
            </dd>
          </div>
          <div>
            <dt>Read</dt>
            <dd>
              {known(corpus.bytesRead, bytes)}, {known(corpus.bytesPerSecond, bytes)} a second now
            </dd>
          </div>
          <div>
            <dt>Position</dt>
            <dd>
              {position === null ? (
                'training has not begun'
              ) : (
                <>
                  epoch {position.epoch}, split {count(position.split)}, line {count(position.line)}
                </>
              )}
            </dd>
          </div>
        </dl>
      </Panel>
      <Panel id="node-errors-title" title="Failed attempts by node">
        {errors === null ? (
          <p class="muted">Not measured for this corpus.</p>
        ) : errors.length === 0 ? (
          <p class="muted">None.</p>
        ) : (
          <div class="table-frame" tabIndex={0} role="region" aria-label="Failed attempts by node, scrolls sideways">
            <table>
              <thead>
                <tr>
                  <th scope="col">Node</th>
                  <th scope="col" class="number">
                    Failures
                  </th>
                  <th scope="col">Last at</th>
                  <th scope="col">Last error</th>
                </tr>
              </thead>
              <tbody>
                {errors.map((error) => (
                  <tr key={error.node}>
                    <td>{error.node}</td>
                    <td class="number">{count(error.count)}</td>
                    <td>{timeOfDay(error.time)}</td>
                    <td>{error.last}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Panel>
    </>
  );
}

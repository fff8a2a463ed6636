// Reading the corpus as its operator sees it: how fast, what is open now, where it stands, what it waits for.
import type { JSX } from 'preact';
import type { CorpusStatus } from '../../../protocol/corpus.ts';
import { bytes, count, timeOfDay } from '../../ui/format.ts';
import { Panel } from '../panel.tsx';

/** Why nothing comes just now is as much worth as how much does. */
function speedText({ bytesPerSecond, waiting, pass }: CorpusStatus): string {
  if (bytesPerSecond > 0) return `${bytes(bytesPerSecond)} a second over the last ten seconds`;
  if (waiting !== null) return 'nothing in the last ten seconds: reading waits';
  if (pass === 'training') return 'nothing in the last ten seconds: the text ahead is prepared, no more is needed yet';
  return 'nothing in the last ten seconds';
}

const PASSES = {
  opening: 'The files are being listed.',
  sampling: 'A sample is read, as the counts of words are given.',
  counting: 'Words are being counted.',
  training: 'Text for training is read ahead, epoch after epoch.',
} as const;

export function Reading({ corpus }: { corpus: CorpusStatus }): JSX.Element {
  const { position, reading, states, waits } = corpus;
  return (
    <Panel id="reading-title" title="Reading">
      <p class="muted">{PASSES[corpus.pass]}</p>
      <dl class="facts">
        <div>
          <dt>Files</dt>
          <dd>
            {count(corpus.files)}, {bytes(corpus.bytes)} as stored, in {count(corpus.splits)} splits
          </dd>
        </div>
        <div>
          <dt>In this pass</dt>
          <dd>
            {count(states.done)} done, {count(states.reading)} in reading, {count(states.waiting)} waiting
            {states.failed === 0 ? null : <strong class="alarming">, {count(states.failed)} failed</strong>}
          </dd>
        </div>
        <div>
          <dt>Read since the start</dt>
          <dd>{bytes(corpus.bytesRead)}</dd>
        </div>
        <div>
          <dt>Now</dt>
          <dd>{speedText(corpus)}</dd>
        </div>
        <div>
          <dt>Open now</dt>
          <dd>
            {reading.length === 0 ? (
              'no file'
            ) : (
              <ul class="open-files">
                {reading.map(({ path, since }) => (
                  <li key={`${path} ${since}`}>
                    <bdi>{path}</bdi> <span class="muted">since {timeOfDay(since)}</span>
                  </li>
                ))}
              </ul>
            )}
          </dd>
        </div>
        <div>
          <dt>Prepared up to</dt>
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
        <div>
          <dt>Waits for</dt>
          <dd>
            {waits.length === 0 ? (
              'nothing'
            ) : (
              <ul class="open-files">
                {waits.map((reason) => (
                  <li key={reason}>{reason}</li>
                ))}
              </ul>
            )}
          </dd>
        </div>
      </dl>
    </Panel>
  );
}

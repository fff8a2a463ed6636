// Where the run stands, on every section: state with reason, progress, time left, rate and traffic.
import type { JSX } from 'preact';
import type { FeedStatus } from '../../../protocol/operator.ts';
import { Badge } from '../../ui/badge.tsx';
import { bytes, count, duration, percent, share } from '../../ui/format.ts';
import { HEALTH_TONES } from '../../ui/health-tone.ts';
import { ProgressBar } from '../../ui/progress-bar.tsx';

function Item({ name, children }: { name: string; children: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function RunHeader({ status }: { status: FeedStatus }): JSX.Element {
  const { done, total, unit } = status.progress;
  const ended = status.state === 'done' || status.state === 'failed';
  const amount =
    unit === 'bytes' ? `${bytes(done)} of ${bytes(total)} counted` : `${count(done)} of ${count(total)} words`;
  const left = status.etaSeconds === null ? 'no estimate yet' : duration(status.etaSeconds);
  return (
    <section class="run-header" aria-label="The run">
      <div class="state" role="status">
        <Badge tone={HEALTH_TONES[status.health.word]} word={status.health.word} live={status.state === 'training'} />
        <span class="run-state">{status.state}</span>
        <p class="state-reason">{status.health.reason}</p>
      </div>
      <ProgressBar label="Progress of the run" value={share(done, total)} />
      <dl class="header-figures">
        <Item name="Progress">{`${percent(share(done, total))}, ${amount}`}</Item>
        <Item name="Epoch">{status.epoch === 0 ? 'not yet' : `${status.epoch} of ${status.config.epochs}`}</Item>
        <Item name={ended ? 'Took' : 'Left'}>{ended ? duration(status.elapsedSeconds) : left}</Item>
        <Item name="Words/s">
          {`${count(status.wordsPerSecond)} now, ${count(status.averageWordsPerSecond)} on average`}
        </Item>
        <Item name="Traffic">{`${bytes(status.bytes.down)} down, ${bytes(status.bytes.up)} up`}</Item>
      </dl>
    </section>
  );
}

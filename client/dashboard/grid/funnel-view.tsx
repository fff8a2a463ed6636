// What becomes of chunks: stages with the age of their oldest, and how leases ended.
import type { JSX } from 'preact';
import type { Funnel, Stage } from '../../../protocol/operator.ts';
import { count, duration } from '../../ui/format.ts';
import type { FeedRun } from './feed-run.ts';

interface FunnelRow {
  readonly name: string;
  readonly chunks: number;
  readonly swatch: string;
  readonly note: string;
}

function aged(name: string, swatch: string, { chunks, oldestSeconds }: Stage): FunnelRow {
  return { name, swatch, chunks, note: oldestSeconds === null ? '' : `oldest ${duration(oldestSeconds)}` };
}

function stages(funnel: Funnel | null, chunks: FeedRun['chunks']): FunnelRow[] {
  if (funnel === null) {
    return [
      { name: 'Ready', swatch: 'waiting', chunks: chunks.waiting, note: '' },
      { name: 'Leased', swatch: 'leased', chunks: chunks.leased, note: '' },
      { name: 'Applied', swatch: 'done', chunks: chunks.done, note: '' },
    ];
  }
  const { parked } = funnel;
  return [
    aged('Ready', 'waiting', funnel.ready),
    aged('Leased', 'leased', funnel.leased),
    funnel.checking === null
      ? { name: 'Checking', swatch: 'partly', chunks: 0, note: 'this run checks nothing by replay' }
      : aged('Checking', 'partly', funnel.checking),
    { name: 'Applied', swatch: 'done', chunks: funnel.applied, note: 'of the episodes in memory' },
    { name: 'Parked', swatch: 'empty', chunks: parked?.chunks ?? 0, note: parked?.reason ?? 'none is held back' },
  ];
}

export function FunnelView({ funnel, run }: { funnel: Funnel | null; run: FeedRun }): JSX.Element {
  const rows = stages(funnel, run.chunks);
  const most = Math.max(1, ...rows.map(({ chunks }) => chunks));
  const leases = funnel?.leases ?? run.leases;
  const causes = funnel?.rejected ?? [];
  return (
    <>
      <ul class="funnel" aria-label="Chunks by stage">
        {rows.map((row) => (
          <li key={row.name}>
            <span>{row.name}</span>
            <strong class="number">{count(row.chunks)}</strong>
            <span class="funnel-bar" aria-hidden="true">
              <span class={`swatch-${row.swatch}`} style={{ width: `${(row.chunks / most) * 100}%` }} />
            </span>
            <span class="muted">{row.note}</span>
          </li>
        ))}
      </ul>
      <dl class="facts funnel-leases">
        <Fact name="Leases applied" value={count(leases.applied)} />
        <Fact name="Expired" value={`${count(leases.expired)}: the deadline passed`} />
        <Fact name="Returned" value={`${count(leases.returned)}: left, or lost device or connection`} />
        <Fact name="Late" value={`${count(leases.late)}: came after their lease had ended, not applied`} />
        <Fact name="Rejected" value={count(leases.rejected)} />
        {causes.map(({ code, count: times }) => (
          <Fact key={code} name={`Rejected by ${code}`} value={count(times)} />
        ))}
        {funnel === null ? null : (
          <Fact name="Retried" value={`${count(funnel.retried)} chunks were granted a second time or more`} />
        )}
      </dl>
      {funnel === null ? (
        <p class="muted">Ages, causes of rejection and retries are shown to the operator: sign in on the overview.</p>
      ) : null}
    </>
  );
}

function Fact({ name, value }: { name: string; value: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

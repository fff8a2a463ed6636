// The grid of the episode in training, or the chunks of downpour; why volunteers wait, the funnel, the timeline.
import type { JSX } from 'preact';
import { Panel } from '../panel.tsx';
import type { SectionProps } from '../sections.ts';
import { ChunkView } from './chunk-bar.tsx';
import { FunnelView } from './funnel-view.tsx';
import { GridView } from './grid-view.tsx';
import { holderText, holdersOf, waitingReasons } from './holders.ts';
import { TimelineView } from './timeline-view.tsx';
import { WaitingList } from './waiting-list.tsx';

export function GridSection({ state }: SectionProps): JSX.Element | null {
  const { status, fleet, updated } = state;
  if (status === null) return null;
  const now = updated ?? 0;
  const { episode } = status;
  const rows = fleet.volunteers?.values() ?? [];
  const holders = episode === null ? new Map<number, never>() : holdersOf(fleet.leases, episode);
  const holder = (block: number): string => {
    const lease = holders.get(block);
    return lease === undefined ? '' : ` by ${holderText(lease, fleet.volunteers, now)}`;
  };
  return (
    <div class="grid-section">
      {status.config.schedule === 'grid' ? (
        <Panel id="grid-title" title="Grid" area="grid">
          <GridView episode={episode} holder={holder} />
        </Panel>
      ) : (
        <Panel id="grid-title" title="Chunks" area="grid">
          <ChunkView episode={episode} chunks={status.chunks} />
        </Panel>
      )}
      <div class="grid-beside">
        <Panel id="waiting-title" title="Why volunteers wait">
          <WaitingList reasons={waitingReasons(rows)} here={status.people.here} />
        </Panel>
        <Panel id="funnel-title" title="What becomes of chunks">
          <FunnelView funnel={fleet.operator?.funnel ?? null} run={status} />
        </Panel>
      </div>
      <Panel id="timeline-title" title="Last leases" area="timeline">
        {fleet.volunteers === null ? (
          <p class="muted">The timeline of single leases is shown to the operator: sign in on the overview.</p>
        ) : (
          <TimelineView leases={fleet.leases} volunteers={fleet.volunteers} now={now} />
        )}
      </Panel>
    </div>
  );
}

// How the coordinator itself is doing.
import type { JSX } from 'preact';
import { bytes, duration } from '../../ui/format.ts';
import { Panel } from '../panel.tsx';
import type { SectionProps } from '../sections.ts';

export function ServiceSection({ state }: SectionProps): JSX.Element | null {
  const { status } = state;
  if (status === null) return null;
  return (
    <Panel id="service-title" title="Service">
      <dl class="facts">
        <div>
          <dt>Traffic</dt>
          <dd>
            {bytes(status.bytes.down)} to volunteers, {bytes(status.bytes.up)} from them
          </dd>
        </div>
        <div>
          <dt>Last checkpoint</dt>
          <dd>{status.checkpointSeconds === null ? 'none yet' : `${duration(status.checkpointSeconds)} ago`}</dd>
        </div>
        <div>
          <dt>Version</dt>
          <dd>{status.version}</dd>
        </div>
      </dl>
    </Panel>
  );
}

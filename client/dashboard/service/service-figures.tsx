// The coordinator's own figures as its operator sees them.
import type { JSX } from 'preact';
import type { ServiceStatus } from '../../../protocol/operator.ts';
import { Figure } from '../../ui/figure.tsx';
import { bytes, count, duration, percent } from '../../ui/format.ts';
import { Panel } from '../panel.tsx';

export function ServiceFigures({ service }: { service: ServiceStatus }): JSX.Element {
  const { lagMs, memory } = service;
  return (
    <Panel id="figures-title" title="Queues and load">
      <dl class="figures">
        <Figure
          name="Event loop late by"
          value={`${count(lagMs.p50)} ms`}
          note={`99th percentile ${count(lagMs.p99)} ms, worst ${count(lagMs.most)} ms`}
        />
        <Figure name="Processor" value={percent(service.cpu)} note="of one core" />
        <Figure
          name="Memory"
          value={bytes(memory.resident)}
          note={`${bytes(memory.heap)} heap, ${bytes(memory.buffers)} buffers`}
        />
        <Figure name="Unsent to volunteers" value={bytes(service.queuedBytes)} />
        <Figure name="Volunteers that wait" value={count(service.hungry)} />
        <Figure name="Episodes in memory" value={count(service.episodes)} />
        <Figure name="Pages that look on" value={count(service.viewers)} />
        <Figure name="Up for" value={duration(service.uptimeSeconds)} />
      </dl>
    </Panel>
  );
}

// The overview: figures, the operator's actions, and quality over time.
import type { JSX } from 'preact';
import { OperatorPanel } from '../operator/operator-panel.tsx';
import { Panel } from '../panel.tsx';
import type { SectionProps } from '../sections.ts';
import { QualityPlots } from './quality-plots.tsx';
import { RunFigures } from './run-figures.tsx';

export function OverviewSection({ state, operator }: SectionProps): JSX.Element | null {
  const { status, history, log } = state;
  if (status === null) return null;
  return (
    <div class="overview">
      <RunFigures status={status} />
      <Panel id="operator-title" title="Operator">
        <OperatorPanel state={status.state} operator={operator} />
      </Panel>
      <QualityPlots status={status} history={history} log={log} now={() => Date.now()} />
    </div>
  );
}

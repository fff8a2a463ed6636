// Builds what the operator alone sees of chunks, corpus and service (protocol/operator.ts).
import type { OperatorStatus, ServiceStatus } from '../../protocol/operator.ts';
import type { Run } from '../run/run.ts';
import { corpusStatus } from './corpus-report.ts';

export function operatorStatus(run: Run, viewers: number): OperatorStatus {
  const { training, facts, bulletin, observatory } = run;
  const audit = run.auditor?.figures ?? null;
  const now = performance.now();
  const halted = ['paused', 'stopping', 'failed'].includes(bulletin.state) ? bulletin.reason : null;
  return {
    funnel:
      training === null
        ? null
        : observatory.funnel.figures(training, facts, { now, checks: (audit?.rate ?? 0) > 0, halted }),
    corpus: corpusStatus(run),
    service: serviceStatus(run, viewers, now),
    audit,
  };
}

function serviceStatus(
  { observatory, training, episodes, checkpoints }: Run,
  viewers: number,
  now: number,
): ServiceStatus {
  const volunteers = training?.desk.volunteers ?? [];
  const { writtenAt } = checkpoints;
  return {
    ...observatory.service.figures,
    queuedBytes: volunteers.reduce((sum, { channel }) => sum + channel.buffered, 0),
    hungry: volunteers.filter(({ wantsLease, leases }) => wantsLease && leases.length === 0).length,
    episodes: episodes.length,
    checkpointSeconds: writtenAt === null ? null : (now - writtenAt) / 1000,
    viewers,
    uptimeSeconds: process.uptime(),
  };
}

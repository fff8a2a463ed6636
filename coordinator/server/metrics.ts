// The run as Prometheus metrics, beside Node's own (event loop, memory).
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { Run } from '../run/run.ts';
import { corpusMetrics } from './corpus-metrics.ts';
import { runStatus } from './status.ts';

export function runMetrics(run: Run): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, value: () => number): void => {
    const made: Gauge = new Gauge({
      name: `tributary_${name}`,
      help,
      registers: [registry],
      collect: () => made.set(value()),
    });
  };
  gauge('tokens_done', 'In-vocabulary tokens trained, over all epochs', () => run.facts.tokensDone);
  gauge('tokens_total', 'In-vocabulary tokens to train, over all epochs', () => run.training?.totalTokens ?? 0);
  gauge('words_per_second', 'Corpus words trained per second, recently', () => run.rate.wordsPerSecond);
  gauge('loss', 'Negative-sampling loss per pair, moving mean', () => run.loss.value ?? Number.NaN);
  gauge('held_out_loss', 'Loss per pair of held-out lines, as last measured', () => {
    return run.quality?.heldOut?.loss ?? Number.NaN;
  });
  gauge('diverging', '1 while the run looks diverged, otherwise 0', () => (run.quality?.warning == null ? 0 : 1));
  gauge('volunteers', 'Volunteers that can train now', () => run.training?.desk.willing ?? 0);
  gauge('model_version', 'Deltas applied', () => run.training?.model.version ?? 0);
  gauge('chunks_checking', 'Chunks whose results are in hand and not yet checked', () => {
    return run.training?.desk.checkingChunks ?? 0;
  });
  gauge('event_loop_lag_seconds', 'How late the event loop was over the last second, 99th percentile', () => {
    return run.observatory.service.figures.lagMs.p99 / 1000;
  });
  const checks: Gauge = new Gauge({
    name: 'tributary_checks',
    help: 'Checks by replay since the start, by what became of them',
    labelNames: ['outcome'],
    registers: [registry],
    collect: () => {
      if (run.auditor === null) return;
      const { passed, failed, pending, skipped, undone } = run.auditor.figures;
      for (const [outcome, count] of Object.entries({ passed, failed, pending, skipped, undone })) {
        checks.set({ outcome }, count);
      }
    },
  });
  const probe: Gauge = new Gauge({
    name: 'tributary_probe_rho',
    help: "Spearman's rho of cosines and human ratings, by probe file, as last measured",
    labelNames: ['file'],
    registers: [registry],
    collect: () => {
      for (const { file, rho } of run.quality?.probe ?? []) probe.set({ file }, rho ?? Number.NaN);
    },
  });
  gauge(
    'probe_analogies',
    'Share of the analogy questions of --probe-questions that are right, as last measured',
    () => {
      return run.quality?.analogies?.share ?? Number.NaN;
    },
  );
  const leases: Gauge = new Gauge({
    name: 'tributary_leases',
    help: 'Leases since the start, by what became of them',
    labelNames: ['outcome'],
    registers: [registry],
    collect: () => {
      for (const [outcome, count] of Object.entries(run.facts.leases)) leases.set({ outcome }, count);
    },
  });
  const chunks: Gauge = new Gauge({
    name: 'tributary_chunks',
    help: 'Chunks of the episodes in memory, by state',
    labelNames: ['state'],
    registers: [registry],
    collect: () => {
      for (const [state, count] of Object.entries(runStatus(run).chunks)) chunks.set({ state }, count);
    },
  });
  const bytes: Counter = new Counter({
    name: 'tributary_bytes_total',
    help: 'Bytes exchanged with volunteers since the start, by direction and what they are for',
    labelNames: ['direction', 'kind'],
    registers: [registry],
    collect: () => {
      const { down, rows, pairs, up, deltas } = runStatus(run).bytes;
      bytes.reset();
      bytes.inc({ direction: 'down', kind: 'rows' }, rows);
      bytes.inc({ direction: 'down', kind: 'pairs' }, pairs);
      bytes.inc({ direction: 'down', kind: 'overhead' }, down - rows - pairs);
      bytes.inc({ direction: 'up', kind: 'deltas' }, deltas);
      bytes.inc({ direction: 'up', kind: 'overhead' }, up - deltas);
    },
  });
  corpusMetrics(run, registry);
  return registry;
}

// Reading the corpus as Prometheus metrics: bytes, failed attempts and retries by node, files by state.
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Run } from '../run/run.ts';

export function corpusMetrics({ bulletin }: Run, registry: Registry): void {
  const { reading } = bulletin;
  const registers = [registry];
  const rate: Gauge = new Gauge({
    name: 'tributary_corpus_bytes_per_second',
    help: 'Bytes of the corpus read per second over the last ten seconds',
    registers,
    collect: () => rate.set(reading.bytesPerSecond),
  });
  const files: Gauge = new Gauge({
    name: 'tributary_corpus_files',
    help: 'Files of the corpus, by state in the pass that is read',
    labelNames: ['state'],
    registers,
    collect: () => {
      for (const [state, count] of Object.entries(reading.states)) files.set({ state }, count);
    },
  });
  const bytes: Counter = new Counter({
    name: 'tributary_corpus_read_bytes_total',
    help: 'Bytes of the corpus read since the start, by who gave them',
    labelNames: ['role', 'node'],
    registers,
    collect: () => {
      bytes.reset();
      for (const { role, node, bytes: read } of reading.nodes.nodes) bytes.inc({ role, node }, read);
    },
  });
  const errors: Counter = new Counter({
    name: 'tributary_corpus_read_errors_total',
    help: 'Failed attempts to read the corpus since the start, by node and error code',
    labelNames: ['role', 'node', 'code'],
    registers,
    collect: () => {
      errors.reset();
      for (const { role, node, codes } of reading.nodes.nodes)
        for (const { code, count } of codes) errors.inc({ role, node, code }, count);
    },
  });
  const retries: Counter = new Counter({
    name: 'tributary_corpus_read_retries_total',
    help: 'Attempts that followed a failed one since the start, by the data node that had failed',
    labelNames: ['role', 'node'],
    registers,
    collect: () => {
      retries.reset();
      for (const { role, node, retries: count } of reading.nodes.nodes)
        if (count > 0) retries.inc({ role, node }, count);
    },
  });
}

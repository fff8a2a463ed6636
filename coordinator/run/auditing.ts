// The auditor of a run: what its thread must know of it.
import { PROTOCOL_VERSION } from '../../protocol/limits.ts';
import type { Welcome } from '../../protocol/to-volunteer.ts';
import { type AuditorEdges, auditThread, Auditor, secretDraw } from '../audit/auditor.ts';
import { type RunConfig, scheduleOf, type TrainingConfig } from './config.ts';

/** @param counts of the vocabulary, shape (V) */
export function makeAuditor(
  { auditRate, training }: RunConfig,
  counts: Float64Array,
  edges: Pick<AuditorEdges, 'verdict' | 'note'>,
): Auditor {
  const welcome = greetingOf(training, counts);
  return new Auditor(auditRate, { ...edges, welcome, random: secretDraw, startThread: auditThread });
}

/** What a volunteer of the run is greeted with, for one that is no session: the auditing thread. */
function greetingOf(config: TrainingConfig, counts: Float64Array): Welcome {
  const { seed, dim, negative, sample, hs, model, rowsDown, rowsUp } = config;
  const { chunkPairs, damping } = scheduleOf(config);
  const objective = hs ? 'hs' : model;
  const run = { seed, dim, negative, chunkPairs, damping, sample, objective, rowsDown, rowsUp, counts } as const;
  return { tag: 'welcome', version: PROTOCOL_VERSION, session: 0, ...run };
}

// Builds the status of a run as the wire shows it (protocol/status.ts).
import type { FeedStatus } from '../../protocol/operator.ts';
import type { EpisodeStatus, RunStatus, VolunteerCounts, VolunteerRow, VolunteerState } from '../../protocol/status.ts';
import { Traffic } from '../leases/traffic.ts';
import type { Volunteer } from '../leases/volunteer.ts';
import { recentReadFailures } from './corpus-report.ts';
import { healthOf } from '../run/health.ts';
import { reasonOf, stateOf } from '../run/roster.ts';
import type { Run } from '../run/run.ts';

export function runStatus(run: Run): RunStatus {
  return { ...feedStatus(run), volunteers: greeted(run).map(volunteerRow) };
}

function greeted({ training }: Run): readonly Volunteer[] {
  return training?.desk.volunteers.filter((one) => one.greeting !== null) ?? [];
}

/** Without the rows of volunteers. */
export function feedStatus(run: Run): FeedStatus {
  const { facts, training, config, bulletin } = run;
  const { corpus: specs, ...settings } = config.training;
  const volunteers = greeted(run);
  const { writtenAt } = run.checkpoints;
  const total = training?.totalTokens ?? 0;
  const done = Math.min(total, Math.round(facts.tokensDone));
  const seconds = run.trainedSeconds;
  return {
    state: bulletin.state,
    reason: bulletin.reason,
    health: healthOf({
      state: bulletin.state,
      reason: bulletin.reason,
      warning: run.quality?.warning ?? null,
      waiting: bulletin.waiting,
      readFailures: recentReadFailures(run),
      willing: training?.desk.willing ?? 0,
      waitingChunks: training?.grid.waitingChunks ?? 0,
      checkpointError: run.checkpoints.failure,
      ...run.observatory.recent(volunteers),
    }),
    version: config.version,
    counts: facts.counts,
    corpus: facts.opened?.description ?? specs.join(', '),
    config: {
      schedule: settings.schedule,
      descent: settings.descent,
      model: settings.model,
      hs: settings.hs,
      dim: settings.dim,
      window: settings.window,
      negative: settings.negative,
      sample: settings.sample,
      minCount: settings.minCount,
      lowercase: settings.lowercase,
      tokenizer: settings.tokenizer,
      digits: settings.digits,
      sentence: settings.sentence,
      epochs: settings.epochs,
      alpha: settings.alpha,
      seed: settings.seed,
    },
    vocabulary: training?.words.length ?? 0,
    epoch: training === null ? 0 : Math.min(settings.epochs, Math.floor(done / training.curriculum.epochTokens) + 1),
    progress: training === null ? countingProgress(run) : { done, total, unit: 'tokens' },
    // The meter stands still once nothing is trained any more.
    wordsPerSecond: bulletin.state === 'done' || bulletin.state === 'failed' ? 0 : run.rate.wordsPerSecond,
    averageWordsPerSecond: seconds > 0 ? facts.tokensDone / seconds : 0,
    bytesPerSecond: training === null ? run.counting.bytesPerSecond : 0,
    elapsedSeconds: seconds,
    etaSeconds: run.etaSeconds,
    loss: run.loss.value,
    heldOut: run.quality?.heldOut ?? null,
    probe: run.quality?.probe ?? [],
    analogies: run.quality?.analogies ?? null,
    warning: run.quality?.warning ?? null,
    waiting: bulletin.waiting,
    alpha: run.alpha,
    people: countPeople(volunteers),
    episode: episodeStatus(run),
    chunks: training?.grid.count() ?? { waiting: 0, leased: 0, done: 0 },
    leases: { ...facts.leases },
    modelVersion: training?.model.version ?? 0,
    bytes: { ...Traffic.sum(facts.trafficGone, volunteers) },
    checkpointSeconds: writtenAt === null ? null : (performance.now() - writtenAt) / 1000,
    out: config.out,
  };
}

function countPeople(volunteers: readonly Volunteer[]): VolunteerCounts {
  const of = (wanted: VolunteerState): number => volunteers.filter((one) => stateOf(one) === wanted).length;
  return {
    here: volunteers.length,
    training: of('training'),
    waiting: of('waiting'),
    paused: of('paused'),
    leaving: of('leaving'),
    hidden: volunteers.filter(({ hidden }) => hidden).length,
    local: volunteers.filter(({ local }) => local).length,
  };
}

function volunteerRow(one: Volunteer): VolunteerRow {
  return {
    id: one.id,
    engine: one.greeting!.engine,
    device: one.greeting!.device,
    local: one.local,
    state: stateOf(one),
    reason: reasonOf(one),
    hidden: one.hidden,
    wordsPerSecond: one.wordsPerSecond,
    accepted: one.accepted,
    acceptedWords: Math.round(one.acceptedWords),
    rejected: one.rejected,
    bytesDown: one.traffic.down,
    bytesUp: one.traffic.up,
    connectedSeconds: (performance.now() - one.connectedAt) / 1000,
    roundTripMs: one.roundTripMs,
  };
}

function episodeStatus(run: Run): EpisodeStatus | null {
  const oldest = run.episodes[0];
  const grid = run.training?.grid;
  if (oldest === undefined || grid === undefined || grid.episodes[0]?.number !== oldest.number) return null;
  const pairs = oldest.inputs.length;
  return {
    number: oldest.number,
    parts: oldest.parts,
    tokens: oldest.to.tokens - oldest.from.tokens,
    pairs,
    pairsDone: grid.pairsDone(oldest.number),
    grid: grid.picture(),
  };
}

/** What is read twice, as where a thread was interrupted, counts twice. */
function countingProgress({ facts, counting }: Run): RunStatus['progress'] {
  const total = facts.opened?.bytes ?? 0;
  return { done: Math.min(total, counting.bytes), total, unit: 'bytes' };
}

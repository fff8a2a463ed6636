// The end of a run: how good it is, and its files.
import type { HeldOutStatus, ProbeStatus } from '../../protocol/status.ts';
import { type CategoryScore, scoreCategories } from '../../word2vec/evaluation/categories.ts';
import type { WordVectors } from '../../word2vec/vector-file.ts';
import { Traffic } from '../leases/traffic.ts';
import { uploadResults } from '../run/remote-results.ts';
import { type ResultPaths, writeResults } from '../run/results.ts';
import type { Outcome, Run } from '../run/run.ts';
import { VERSION } from '../version.ts';
import { type Evaluation, type EvaluationFiles, evaluateModel } from './evaluation.ts';

/** What a run came to; also in its run.json. */
export interface TrainingFigures {
  /** All epochs, or stopped before by the operator. */
  readonly outcome: Outcome;
  readonly words: number;
  readonly dim: number;
  /** Tokens of the corpus trained, over all epochs. */
  readonly tokens: number;
  readonly seconds: number;
  readonly wordsPerSecond: number;
  /** Moving mean of the training loss per pair; null when nothing was trained. */
  readonly loss: number | null;
  /** Bytes to and from volunteers for each token. */
  readonly bytesPerWord: ReturnType<Traffic['per']>;
  readonly heldOut: HeldOutStatus | null;
  readonly probe: readonly ProbeStatus[];
  /** The vectors look like noise. */
  readonly diverged: boolean;
  readonly categories: CategoryScore;
  /** null where nothing was named to score against. */
  readonly evaluation: Evaluation | null;
}

export interface TrainingResult extends TrainingFigures {
  /** The results: paths, or addresses in HDFS. */
  readonly files: ResultPaths;
  /** The same on this machine, where `files` are in HDFS. */
  readonly local: ResultPaths;
  /** Input vectors, most frequent word first. */
  readonly vectors: WordVectors;
  /** Why the vectors are hardly worth having; null when they are. */
  readonly warning: string | null;
}

/**
 * Measures, writes a checkpoint and the files, and declares the run done.
 * @throws TributaryError FILE_NOT_FOUND and the like for evaluation sets; UPLOAD_FAILED
 */
export async function conclude(run: Run, outcome: Outcome, files: EvaluationFiles): Promise<TrainingResult> {
  const training = run.training!;
  const { model, words } = training;
  const seconds = run.trainedSeconds;
  const quality = run.quality!;
  await quality.conclude(run.facts.tokensDone);
  await run.checkpoint();
  const vectors: WordVectors = { words, dim: model.dim, values: model.input };
  const asked = files.questions !== undefined || files.similarity !== undefined;
  const { tokensDone, tokensBefore, trafficGone } = run.facts;
  const figures: TrainingFigures = {
    outcome,
    words: words.length,
    dim: model.dim,
    tokens: Math.round(tokensDone),
    seconds,
    wordsPerSecond: seconds > 0 ? tokensDone / seconds : 0,
    loss: run.loss.value,
    bytesPerWord: Traffic.sum(trafficGone, training.desk.volunteers).per(Math.max(1, tokensDone - tokensBefore)),
    heldOut: quality.heldOut,
    probe: quality.probe,
    diverged: quality.warning !== null,
    categories: scoreCategories(vectors),
    evaluation: asked ? await evaluateModel(vectors, files) : null,
  };
  const record = {
    tributary: VERSION,
    node: process.version,
    finished: new Date().toISOString(),
    configuration: run.config.training,
    changes: run.steering.state.changes,
    target: run.config.target,
    corpus: run.facts.opened,
    counts: run.facts.counts,
    textFaults: run.facts.textFaults,
    vocabulary: training.fingerprint,
    ...figures,
    leases: run.facts.leases,
  };
  const { out, target, corpusOptions } = run.config;
  const local = await writeResults(out, vectors, training.counts, record);
  const paths =
    target === undefined ? local : await uploadResults(target, run.bulletin.announced(corpusOptions), local, out);
  const share = tokensDone / training.totalTokens;
  const end =
    outcome === 'trained' ? 'all epochs are trained' : `stopped by the operator at ${(100 * share).toFixed(1)} %`;
  run.complete(quality.warning === null ? end : `${end}, but ${quality.warning}`);
  return { ...figures, files: paths, local, vectors, warning: quality.warning };
}

// A run from corpus to vectors: wires ingest thread, grid, lease desk, journal and checkpoints together.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { HistoryPoint, RunEvent, RunEventLevel, RunState } from '../../protocol/status.ts';
import type { Curriculum } from '../../word2vec/curriculum.ts';
import { episodeEnd, learningRate, partCount } from '../../word2vec/curriculum.ts';
import { GridTablesCache } from '../../word2vec/grid-tables.ts';
import { fingerprint, keptCounts } from '../../word2vec/vocabulary.ts';
import { TributaryError } from '../errors.ts';
import { IngestThread } from '../ingest/ingest-thread.ts';
import type { Opened } from '../ingest/requests.ts';
import type { CorpusPosition, Episode } from '../leases/episode.ts';
import type { DeskEvent } from '../leases/lease-desk.ts';
import { LeaseDesk } from '../leases/lease-desk.ts';
import { Model } from '../model/model.ts';
import { Grid } from '../schedule/grid.ts';
import type { CheckpointState } from './checkpoint.ts';
import { writeCheckpoint } from './checkpoint.ts';
import type { RunConfig } from './config.ts';
import { SCHEDULE } from './config.ts';
import type { JournalPlace } from './journal.ts';
import { Journal } from './journal.ts';
import { EventLog, History, LossMeter, RateMeter } from './meters.ts';
import type { ResumedRun } from './resume.ts';
import { writeVocabulary } from './results.ts';

/** Everything that exists once the vocabulary is known. */
export interface Training {
  readonly words: readonly string[];
  readonly counts: Float64Array;
  readonly fingerprint: string;
  readonly curriculum: Curriculum;
  readonly totalTokens: number;
  readonly model: Model;
  readonly grid: Grid;
  readonly desk: LeaseDesk;
  readonly journal: Journal;
}

export interface RunFacts {
  state: RunState;
  reason: string;
  opened: Opened | null;
  /** Bytes counted so far. */
  countedBytes: number;
  tokensDone: number;
  /** Seconds of training before this process, for a resumed run. */
  trainedBefore: number;
  trainingSince: number | null;
  checkpointAt: number | null;
  readonly leases: { granted: number; applied: number; expired: number; returned: number; rejected: number; late: number };
  /** Bytes of volunteers that have gone. */
  readonly bytesGone: { down: number; up: number };
}

/** What a run tells those who watch it. */
export interface RunWatcher {
  log?(event: RunEvent): void;
  point?(point: HistoryPoint): void;
  /** The state or its reason changed. */
  state?(state: RunState, reason: string): void;
  vocabulary?(words: number, tokens: number): void;
}

const START: CorpusPosition = { epoch: 0, split: 0, line: 0, token: 0, tokens: 0 };

export class Run {
  readonly config: RunConfig;
  readonly facts: RunFacts;
  readonly history = new History(1000);
  readonly log = new EventLog(500);
  readonly rate = new RateMeter(15_000);
  readonly loss: LossMeter;
  readonly #ingest: IngestThread;
  readonly #watchers = new Set<RunWatcher>();
  readonly #resumed: ResumedRun | null;
  #training: Training | null = null;
  #next: CorpusPosition = START;
  #nextEpisode = 0;
  readonly #open = new Map<number, Episode>();
  #preparing: Promise<void> | null = null;
  #checkpoints = 0;
  #writing: Promise<void> = Promise.resolve();
  #ticker: NodeJS.Timeout | null = null;
  #finish!: { readonly promise: Promise<'trained' | 'stopped'>; readonly resolve: (end: 'trained' | 'stopped') => void; readonly reject: (error: Error) => void };
  #paused = false;

  constructor(config: RunConfig, resumed: ResumedRun | null = null) {
    this.config = config;
    this.#resumed = resumed;
    this.loss = new LossMeter(200_000, resumed?.state.loss ?? null);
    this.facts = {
      state: 'counting',
      reason: 'opening the corpus',
      opened: null,
      countedBytes: 0,
      tokensDone: resumed?.state.tokensDone ?? 0,
      trainedBefore: resumed?.state.trainedSeconds ?? 0,
      trainingSince: null,
      checkpointAt: null,
      leases: { granted: 0, applied: 0, expired: 0, returned: 0, rejected: 0, late: 0 },
      bytesGone: { down: 0, up: 0 },
    };
    this.#ingest = new IngestThread((bytes) => {
      this.facts.countedBytes = bytes;
    });
    let resolve!: (end: 'trained' | 'stopped') => void;
    let reject!: (error: Error) => void;
    const promise = new Promise<'trained' | 'stopped'>((onResolve, onReject) => {
      resolve = onResolve;
      reject = onReject;
    });
    // A failure before anyone waits for the end is still a failure of `prepare`.
    promise.catch(() => undefined);
    this.#finish = { promise, resolve, reject };
  }

  /** null until the vocabulary is known. */
  get training(): Training | null {
    return this.#training;
  }

  /** Episodes in memory, oldest first. */
  get episodes(): readonly Episode[] {
    return [...this.#open.values()];
  }

  watch(watcher: RunWatcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  note(level: RunEventLevel, text: string): void {
    const event = this.log.add(Date.now(), level, text);
    for (const watcher of this.#watchers) watcher.log?.(event);
  }

  #set(state: RunState, reason: string): void {
    if (state === this.facts.state && reason === this.facts.reason) return;
    if (state !== this.facts.state) this.note(state === 'failed' ? 'error' : 'info', `${state}: ${reason}`);
    this.facts.state = state;
    this.facts.reason = reason;
    for (const watcher of this.#watchers) watcher.state?.(state, reason);
  }

  /**
   * Opens and counts the corpus, and starts the preparation of the first episode: volunteers may connect afterwards.
   * @throws TributaryError for everything the operator can mend
   */
  async prepare(): Promise<Training> {
    const { training: config, out } = this.config;
    this.facts.opened = await this.#ingest.open({
      corpus: config.corpus,
      options: this.config.corpusOptions,
      vocab: config.vocab,
      splitBytes: SCHEDULE.splitBytes,
    });
    const { words, counts } = await this.#count();
    const total = counts.reduce((sum, count) => sum + count, 0);
    const kept = keptCounts(counts, config.sample).reduce((sum, count) => sum + count, 0);
    const mark = fingerprint({ words, counts, total });
    await this.#ingest.train({ words, counts, ...config });
    await mkdir(join(out, 'checkpoint'), { recursive: true });
    await writeVocabulary(out, words, counts);
    const resumed = this.#resumed;
    const journal = new Journal(join(out, 'journal.jsonl'), resumed?.journalSeq ?? 0);
    if (resumed === null) journal.write({ kind: 'run', version: this.config.version, vocabulary: mark, words: words.length, tokens: total * config.epochs });
    else journal.write({ kind: 'resumed', checkpoint: resumed.state.number, upTo: resumed.state.journalSeq });
    const model = resumed === null ? Model.fresh(words.length, config.dim, config.seed) : resumed.model;
    const grid = new Grid(SCHEDULE.chunkPairs, resumed?.nextLease ?? 1);
    const constants = {
      ...config,
      ...SCHEDULE,
      counts,
    };
    const totalTokens = total * config.epochs;
    const desk = new LeaseDesk(constants, model, grid, new GridTablesCache(counts, config.sample, config.seed), {
      now: () => performance.now(),
      alpha: () => learningRate(config.alpha, this.facts.tokensDone, totalTokens),
      report: (event) => this.#onDesk(event),
    });
    const curriculum: Curriculum = { ...SCHEDULE, epochTokens: total, epochs: config.epochs, keptShare: kept / total };
    this.#training = { words, counts, fingerprint: mark, curriculum, totalTokens, model, grid, desk, journal };
    for (const watcher of this.#watchers) watcher.vocabulary?.(words.length, total);
    this.note('info', `${words.length.toLocaleString('en')} words in the vocabulary, ${total.toLocaleString('en')} words an epoch`);
    this.#set('preparing', "the first episode's pairs are being made");
    if (resumed !== null) await this.#restore(resumed, mark);
    this.#ticker = setInterval(() => this.#tick(), 1000);
    this.#prepareNext();
    return this.#training;
  }

  async #count(): Promise<{ words: readonly string[]; counts: Float64Array }> {
    const { training } = this.config;
    if (this.#resumed !== null) return this.#resumed;
    this.#set('counting', 'counting words');
    const counted = await this.#ingest.count(training);
    return { words: counted.words, counts: counted.counts };
  }

  /** Makes the episodes of the checkpoint again, with their done chunks. */
  async #restore(resumed: ResumedRun, mark: string): Promise<void> {
    const { state } = resumed;
    if (mark !== state.vocabulary) {
      throw new TributaryError('CHECKPOINT_CORRUPT', `vocab.txt is not the vocabulary of the checkpoint (${mark} against ${state.vocabulary})`, {
        hint: 'Restore vocab.txt, or start a new run.',
      });
    }
    this.#checkpoints = state.number;
    for (const saved of state.episodes) {
      const episode = await this.#ingest.prepare({ number: saved.number, from: saved.from, until: saved.to.tokens, parts: saved.parts });
      if (episode.inputs.length !== saved.pairs) {
        throw new TributaryError('SOURCE_CHANGED', `episode ${saved.number} has ${episode.inputs.length} pairs, it had ${saved.pairs}`, {
          hint: 'The corpus changed since the checkpoint. Start a new run.',
        });
      }
      this.#addEpisode(episode, Uint8Array.from(Buffer.from(saved.chunks, 'base64')));
    }
    this.#next = state.next;
    this.#nextEpisode = state.nextEpisode;
    this.note('info', `resumed from checkpoint ${state.number} at ${((100 * state.tokensDone) / this.#training!.totalTokens).toFixed(1)} %`);
  }

  /** Keeps one episode prepared ahead of those in training. */
  #prepareNext(): void {
    const training = this.#training!;
    if (this.#preparing !== null || this.facts.state === 'failed') return;
    if (this.#open.size >= SCHEDULE.episodesAhead || this.#next.tokens >= training.totalTokens) return;
    const until = episodeEnd(this.#next.tokens, training.curriculum);
    const parts = partCount(until - this.#next.tokens, training.desk.willing, training.curriculum);
    this.#preparing = this.#ingest
      .prepare({ number: this.#nextEpisode, from: this.#next, until, parts })
      .then((episode) => {
        this.#preparing = null;
        this.#next = episode.to;
        this.#nextEpisode++;
        this.#addEpisode(episode);
        this.#settle();
      })
      .catch((error: unknown) => this.#fail(error));
  }

  #addEpisode(episode: Episode, done?: Uint8Array): void {
    const { desk, grid, journal } = this.#training!;
    this.#open.set(episode.number, episode);
    const { number, parts, from, to } = episode;
    let chunks = 0;
    for (let block = 0; block < parts * parts; block++) {
      chunks += Math.ceil((episode.offsets[block + 1]! - episode.offsets[block]!) / SCHEDULE.chunkPairs);
    }
    journal.write({ kind: 'episode', episode: number, parts, chunks, pairs: episode.inputs.length, fromTokens: from.tokens, toTokens: to.tokens });
    desk.addEpisode(episode, done);
    if (grid.episodes.length === 0) throw new Error('an episode was added and is not there');
  }

  #onDesk(event: DeskEvent): void {
    const { journal } = this.#training!;
    const { leases } = this.facts;
    switch (event.kind) {
      case 'joined':
        journal.write({ kind: 'joined', session: event.volunteer.id, engine: event.volunteer.greeting!.engine, local: event.volunteer.local });
        this.note('info', `volunteer ${event.volunteer.id} joined: ${event.volunteer.greeting!.engine}, ${event.volunteer.greeting!.device}`);
        return;
      case 'gone':
        journal.write({ kind: 'gone', session: event.volunteer.id, reason: event.reason });
        this.facts.bytesGone.down += event.volunteer.bytesDown;
        this.facts.bytesGone.up += event.volunteer.bytesUp;
        this.note('info', `volunteer ${event.volunteer.id} left: ${event.reason}`);
        return;
      case 'granted':
        leases.granted++;
        this.facts.trainingSince ??= performance.now();
        journal.write({ kind: 'granted', ...place(event) });
        return;
      case 'applied':
        leases.applied++;
        this.facts.tokensDone += event.record.words;
        this.loss.add(event.loss, event.record.pairs);
        journal.write({ kind: 'applied', ...place(event) });
        // Not within the desk's own step: the grid is in order once it has returned.
        queueMicrotask(() => this.#settle());
        return;
      case 'ended':
        leases[event.cause]++;
        journal.write({ kind: event.cause, reason: event.reason, ...place(event) });
        this.note('warning', `lease ${event.record.grant.lease} of volunteer ${event.volunteer.id} ${event.cause}: ${event.reason}`);
        return;
      case 'late':
        leases.late++;
        journal.write({ kind: 'late', lease: event.lease, session: event.volunteer.id });
        return;
    }
  }

  /** Retires complete episodes, prepares the next, and ends the run when nothing is left. */
  #settle(): void {
    const { grid, desk, totalTokens } = this.#training!;
    for (let retired = grid.retire(); retired !== null; retired = grid.retire()) {
      this.#open.delete(retired);
      desk.dropEpisode(retired);
    }
    this.#prepareNext();
    if (this.#next.tokens >= totalTokens && this.#open.size === 0 && this.#preparing === null) {
      this.facts.tokensDone = totalTokens;
      this.#finish.resolve('trained');
      return;
    }
    desk.setIdleReason(this.#open.size === 0 ? "the next episode's pairs are being prepared" : 'the last blocks of this episode are in training');
    this.#judge();
  }

  /** The state word and its reason, while training. */
  #judge(): void {
    const { desk, grid } = this.#training!;
    if (this.facts.state === 'stopping' || this.facts.state === 'failed' || this.facts.state === 'done') return;
    if (this.#paused) this.#set('paused', 'by the operator');
    else if (grid.episodes.length === 0) this.#set('preparing', 'the pairs of the next episode are being made');
    else if (desk.willing === 0) this.#set('starved', 'no volunteer is here: open the URL in a browser, or start with --local 1');
    else this.#set('training', `${desk.willing} volunteer${desk.willing === 1 ? '' : 's'}`);
  }

  #tick(): void {
    const { desk, totalTokens } = this.#training!;
    const now = performance.now();
    desk.tick();
    this.rate.sample(now, this.facts.tokensDone);
    this.#judge();
    const point: HistoryPoint = {
      time: Date.now(),
      tokens: this.facts.tokensDone,
      wordsPerSecond: this.rate.wordsPerSecond,
      loss: this.loss.value,
      volunteers: desk.willing,
    };
    if (this.facts.trainingSince !== null && this.history.add(point)) for (const watcher of this.#watchers) watcher.point?.(point);
    const eta = this.etaSeconds;
    desk.broadcast({
      tag: 'progress',
      tokensDone: this.facts.tokensDone,
      tokensTotal: totalTokens,
      wordsPerSecond: this.rate.wordsPerSecond,
      volunteers: desk.willing,
      etaSeconds: eta ?? Number.NaN,
      loss: this.loss.value ?? Number.NaN,
    });
    const last = this.facts.checkpointAt ?? this.facts.trainingSince ?? now;
    if (now - last >= SCHEDULE.checkpointMs && this.facts.state !== 'done') void this.checkpoint().catch((error: unknown) => this.#fail(error));
  }

  get trainedSeconds(): number {
    const { trainingSince, trainedBefore } = this.facts;
    return trainedBefore + (trainingSince === null ? 0 : (performance.now() - trainingSince) / 1000);
  }

  get etaSeconds(): number | null {
    const rate = this.rate.wordsPerSecond;
    if (this.#training === null || rate <= 0) return null;
    return Math.max(0, this.#training.totalTokens - this.facts.tokensDone) / rate;
  }

  /** Resolves when all is trained or the operator stopped the run; rejects when it cannot go on. */
  ended(): Promise<'trained' | 'stopped'> {
    return this.#finish.promise;
  }

  #fail(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#set('failed', error instanceof TributaryError ? `${error.code}: ${reason}` : reason);
    this.#finish.reject(error instanceof Error ? error : new Error(reason));
  }

  pause(): void {
    this.#paused = true;
    this.#training?.desk.setPaused(true);
    if (this.#training !== null) this.#judge();
  }

  resume(): void {
    this.#paused = false;
    this.#training?.desk.setPaused(false);
    if (this.#training !== null) this.#judge();
  }

  /** Grants nothing more, lets held leases end for a while, then ends the run. */
  async stop(): Promise<void> {
    if (this.facts.state === 'stopping' || this.facts.state === 'done') return;
    this.#set('stopping', 'leases in training may end; nothing new is granted');
    const desk = this.#training?.desk;
    desk?.setPaused(true);
    for (let waited = 0; waited < 2 * SCHEDULE.leaseMs && (desk?.outstanding ?? 0) > 0; waited += 100) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    this.#finish.resolve('stopped');
  }

  /** The state of the run, as of now, on disk. Calls are served one after the other. */
  checkpoint(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeCheckpoint());
    return this.#writing;
  }

  async #writeCheckpoint(): Promise<void> {
    const training = this.#training;
    if (training === null) return;
    const { model, grid, journal } = training;
    const number = ++this.#checkpoints;
    const saved = [...this.#open.values()].map(({ number: episode, parts, from, to, inputs }) => {
      const chunks = Buffer.from(grid.snapshot(episode)).toString('base64');
      return { number: episode, parts, from, to, pairs: inputs.length, chunks };
    });
    const state: CheckpointState = {
      format: 1,
      number,
      training: this.config.training,
      vocabulary: training.fingerprint,
      rows: model.rows,
      journalSeq: journal.seq,
      nextLease: grid.nextLease,
      nextEpisode: this.#nextEpisode,
      next: this.#next,
      tokensDone: this.facts.tokensDone,
      modelVersion: model.version,
      trainedSeconds: this.trainedSeconds,
      loss: this.loss.value,
      episodes: saved,
    };
    // Copied at once: rows move on while the file is written.
    const matrices = { rows: model.rows, dim: model.dim, input: model.input.slice(), output: model.output.slice() };
    journal.sync();
    await writeCheckpoint(join(this.config.out, 'checkpoint'), state, matrices);
    journal.write({ kind: 'checkpoint', checkpoint: number });
    this.facts.checkpointAt = performance.now();
    this.note('info', `checkpoint ${number} written`);
  }

  /** Lets everybody go; the model stays for queries. */
  complete(reason: string): void {
    const { desk, journal } = this.#training!;
    this.stopClock();
    desk.finish(reason);
    journal.write({ kind: 'done', tokens: this.facts.tokensDone });
    journal.sync();
    this.#set('done', reason);
  }

  stopClock(): void {
    if (this.#ticker !== null) clearInterval(this.#ticker);
    this.#ticker = null;
  }

  async close(): Promise<void> {
    this.stopClock();
    await this.#writing;
    await this.#ingest.close();
    this.#training?.journal.close();
  }
}

function place(event: Extract<DeskEvent, { record: unknown }>): JournalPlace {
  const { lease, episode, parts, inputPart, outputPart, firstChunk, chunks } = event.record.grant;
  return { lease, session: event.volunteer.id, episode, parts, i: inputPart, j: outputPart, firstChunk, chunks };
}

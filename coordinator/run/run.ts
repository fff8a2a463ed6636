// A run from corpus to vectors: wires ingest thread, episodes, lease desk, journal and checkpoints together.
import { join } from 'node:path';
import { learningRate } from '../../word2vec/curriculum.ts';
import type { CountsStatus, RunEventLevel, RunState } from '../../protocol/status.ts';
import { NO_TEXT_FAULTS, type TextFaults } from '../corpus/text-faults.ts';
import { TributaryError } from '../errors.ts';
import type { HeldOutLines } from '../ingest/held-out-lines.ts';
import { rulesOf } from '../ingest/normalisation.ts';
import { IngestThread } from '../ingest/ingest-thread.ts';
import type { Counted, Opened } from '../ingest/requests.ts';
import type { Episode } from '../leases/episode.ts';
import type { DeskEvent } from '../leases/desk-types.ts';
import type { Auditor } from '../audit/auditor.ts';
import { Archive } from './archive.ts';
import { makeAuditor } from './auditing.ts';
import { type RunWatcher, Bulletin, judged } from './bulletin.ts';
import { Checkpointer } from './checkpointer.ts';
import { type RunConfig, SCHEDULE } from './config.ts';
import { CountingPhase, describeCounts, isExact } from './counting-phase.ts';
import { Crew } from './crew.ts';
import { Episodes } from './episodes.ts';
import { deferred } from './deferred.ts';
import { History } from './history.ts';
import { HistoryFile } from './history-file.ts';
import { Journal } from './journal.ts';
import { type EventSource, LossMeter, RateMeter, Stopwatch } from './meters.ts';
import { progressNews } from './news.ts';
import { Observatory } from './observatory.ts';
import { openJournal } from './opening.ts';
import { type QualityWatch, watchQuality } from './quality-watch.ts';
import { type Books, newBooks, Recorder, type RecorderParts } from './recorder.ts';
import { refuseOtherCorpus, type ResumedRun } from './resume.ts';
import { furnish } from './results.ts';
import { runFigures } from './snapshot.ts';
import { Steering } from './steering.ts';
import { assembleTraining, type CountedWords, type Training } from './training.ts';

export interface RunFacts extends Books {
  opened: Opened | null;
  /** What had to be repaired in the text. */
  textFaults: TextFaults;
  /** null until words are counted. */
  counts: CountsStatus | null;
}

export type Outcome = 'trained' | 'stopped';

const now = (): number => performance.now();
const CHECKPOINT = { category: 'checkpoint' } as const;

export class Run {
  readonly config: RunConfig;
  readonly facts: RunFacts;
  readonly history: History;
  readonly #historyFile: HistoryFile;
  readonly bulletin: Bulletin;
  readonly observatory = new Observatory(now);
  readonly rate = new RateMeter(15_000);
  readonly counting: CountingPhase;
  readonly loss: LossMeter;
  readonly #clock: Stopwatch;
  readonly #ingest: IngestThread;
  readonly #episodes: Episodes;
  /** What the operator changed of the settings. */
  readonly steering: Steering;
  /** Single volunteers, and who is banned. */
  readonly crew: Crew;
  readonly #archive: Archive;
  readonly #checkpointer: Checkpointer;
  readonly #resumed: ResumedRun | null;
  readonly #finish = deferred<Outcome>();
  #training: Training | null = null;
  #auditor: Auditor | null = null;
  #heldOut: HeldOutLines = { limit: 0, lines: [] };
  #quality: QualityWatch | null = null;
  #ticker: NodeJS.Timeout | undefined;
  #paused = false;
  /** Stopped, complete or failed: nothing is granted any more, whoever asks. */
  #over = false;
  #closed = false;

  constructor(config: RunConfig, resumed: ResumedRun | null = null) {
    const state = resumed?.state ?? null;
    this.bulletin = new Bulletin(config.out, resumed !== null);
    this.steering = new Steering(config.training, state?.steering ?? null);
    this.config = { ...config, training: this.steering.settings };
    this.#resumed = resumed;
    const unkept = (error: unknown): void => this.note('warning', `the history of plots is not kept: ${textOf(error)}`);
    this.#historyFile = new HistoryFile(config.out, unkept, now());
    this.history = new History(resumed === null ? [] : this.#historyFile.read());
    this.loss = new LossMeter(200_000, state?.loss ?? null);
    this.#clock = new Stopwatch(now, state?.trainedSeconds ?? 0);
    this.facts = { ...newBooks(state?.tokensDone ?? 0), opened: null, textFaults: NO_TEXT_FAULTS, counts: null };
    this.counting = new CountingPhase(config, () => this.#ingest, now);
    this.#ingest = new IngestThread({
      progress: (bytes) => this.counting.progress(bytes),
      note: (level, text) => this.note(level, text, { category: 'corpus' }),
    });
    this.#episodes = new Episodes(this.#ingest, state);
    this.crew = new Crew(join(config.out, 'bans.json'), () => this.#training!.desk, Date.now);
    this.#archive = new Archive(config.out, this.#episodes, (text) => this.note('info', text, CHECKPOINT));
    this.#checkpointer = new Checkpointer(state?.number ?? 0, {
      now,
      write: (number) => this.#archive.write(number, this.#training!, runFigures(this, this.#heldOut)),
      failed: (error) => this.note('error', `${textOf(error)}; the next attempt follows in a minute`, CHECKPOINT),
      gaveUp: (error) => this.fail(error),
    });
    // A failure before anyone waits for the end is still a failure of `prepare`.
    this.#finish.promise.catch(() => undefined);
  }

  /** null until volunteers may connect. */
  get training(): Training | null {
    return this.#training;
  }

  get episodes(): readonly Episode[] {
    return this.#episodes.open;
  }

  /** Seconds of training: neither counting nor pauses are in it. */
  get trainedSeconds(): number {
    return this.#clock.seconds;
  }

  /** Of counting, then of training; null while there is nothing to extrapolate from. */
  get etaSeconds(): number | null {
    const rate = this.rate.wordsPerSecond;
    if (this.#training === null) return this.counting.etaSeconds(this.facts.opened?.bytes ?? 0);
    if (this.#over || rate <= 0) return null;
    return Math.max(0, this.#training.totalTokens - this.facts.tokensDone) / rate;
  }

  get checkpoints(): Pick<Checkpointer, 'writtenAt' | 'failure'> {
    return this.#checkpointer;
  }

  /** How good the vectors are; null until volunteers may connect. */
  get quality(): QualityWatch | null {
    return this.#quality;
  }

  /** Learning rate now. */
  get alpha(): number {
    return learningRate(
      this.config.training.alpha,
      this.facts.tokensDone,
      Math.max(1, this.#training?.totalTokens ?? 0),
    );
  }

  /** Checks by replay; null until volunteers may connect. */
  get auditor(): Auditor | null {
    return this.#auditor;
  }

  watch(watcher: RunWatcher): () => void {
    return this.bulletin.watch(watcher);
  }

  note(level: RunEventLevel, text: string, source?: Partial<EventSource>): void {
    this.bulletin.note(level, text, source);
  }

  /**
   * Opens and counts the corpus (or makes the checkpoint's episodes again), and starts the preparation of the next
   * episode: volunteers may connect afterwards. Nothing is written to the folder of a resumed run before all is known
   * to be good.
   * @throws TributaryError for everything the operator can mend
   */
  async prepare(): Promise<Training> {
    const { training: config, out, corpusOptions, counting } = this.config;
    const options = this.bulletin.announced(corpusOptions);
    const normalisation = rulesOf(config);
    // A checkpoint has the vocabulary.
    const vocab = this.#resumed === null ? config.vocab : '';
    const memory = counting.memoryMiB * 2 ** 20;
    const given = { corpus: config.corpus, options, vocab, normalisation, memory };
    const opened = await this.#ingest.open({ ...given, splitBytes: SCHEDULE.splitBytes });
    this.facts.opened = opened;
    const counted = await this.#vocabulary(opened);
    const { words, counts, heldOut, textFaults, origin } = counted;
    this.#heldOut = heldOut;
    Object.assign(this.facts, { textFaults, counts: origin });
    await this.#ingest.train({ words, counts, exact: isExact(origin), heldOutLimit: heldOut.limit, ...config });
    if (this.#resumed !== null) this.bulletin.set('preparing', 'the pairs of the checkpoint are being made again');
    const restored = await this.#episodes.restore(this.#resumed?.state.episodes ?? []);
    await furnish(out, this.#resumed === null ? counted : null);
    this.bulletin.keep();
    if (this.#closed) throw new TributaryError('INTERRUPTED', 'the run was closed while it was being prepared');
    const training = this.#assemble(counted);
    this.#training = training;
    this.#quality = watchQuality(training, {
      config: this.config,
      heldOut,
      best: this.#resumed?.state.heldOut.best ?? null,
      books: this.facts,
      loss: this.loss,
      now,
      note: (level, text) => this.note(level, text),
    });
    const { curriculum } = training;
    const lines = describeCounts(counted, curriculum.epochTokens, config.minCount);
    for (const [level, line] of lines) this.note(level, line, { category: 'corpus' });
    openJournal(training, this.config, this.#resumed, this.bulletin);
    training.desk.setPaused(this.#paused);
    this.steering.begin(training);
    for (const { episode, chunks } of restored) this.#episodes.add(episode, training, chunks);
    this.bulletin.vocabulary(words.length, curriculum.epochTokens);
    this.#ticker = setInterval(() => this.#tick(), 1000);
    this.#settle();
    return training;
  }

  async #vocabulary(opened: Opened): Promise<Counted> {
    if (this.#resumed === null) {
      this.bulletin.set('counting', 'counting words');
      return this.counting.count();
    }
    refuseOtherCorpus(this.#resumed, opened, (text) => this.note('warning', text));
    return this.#resumed;
  }

  #assemble(counted: CountedWords): Training {
    const journal = new Journal(join(this.config.out, 'journal.jsonl'), this.#resumed?.journalSeq ?? 0);
    const { facts: books, loss } = this;
    const note: RecorderParts['note'] = (level, text, source) => this.note(level, text, source);
    this.#auditor = makeAuditor(this.config, counted.counts, {
      verdict: (lease, verdict) => this.#training!.desk.verdict(lease, verdict),
      note: (text) => this.note('error', text, { category: 'volunteer' }),
    });
    const recorder = new Recorder({ journal, books, loss, clock: this.#clock, note });
    return assembleTraining(this.config.training, counted, this.#resumed, journal, {
      now,
      tokensDone: () => this.facts.tokensDone,
      report: (event) => this.#onDesk(event, recorder),
      audit: this.#auditor,
    });
  }

  /** Keeps one episode prepared ahead of those in training. */
  #prepareNext(training: Training): void {
    this.#episodes
      .prepare(training)
      ?.then((episode) => {
        if (this.#over) return;
        this.#episodes.adopt(episode, training);
        this.#settle();
      })
      .catch((error: unknown) => this.fail(error));
  }

  #onDesk(event: DeskEvent, recorder: Recorder): void {
    // Connections that end while the run closes find the journal closed.
    if (this.#closed) return;
    try {
      recorder.record(event);
      this.observatory.record(event);
    } catch (error) {
      this.fail(error);
      return;
    }
    // Not within the desk's own step: the grid is in order once it has returned.
    if (event.kind === 'applied') queueMicrotask(() => this.#settle());
  }

  /** Retires complete episodes, prepares the next, and ends the run when nothing is left. */
  #settle(): void {
    if (this.#over) return;
    const training = this.#training!;
    this.#episodes.retireComplete(training);
    this.#prepareNext(training);
    if (this.#episodes.exhausted(training.totalTokens)) {
      this.facts.tokensDone = training.totalTokens;
      this.#end('stopping', 'all epochs are trained; the results are being written');
      this.#finish.resolve('trained');
      return;
    }
    const none = this.#episodes.open.length === 0;
    training.desk.setIdleReason(
      none ? "the next episode's pairs are being prepared" : 'the last blocks of this episode are in training',
    );
  }

  #judge(): void {
    if (!this.#over) this.bulletin.set(...judged(this.#training!, this.#paused, this.bulletin.waiting !== null));
  }

  #tick(): void {
    const training = this.#training!;
    const { tokensDone } = this.facts;
    training.desk.tick();
    this.rate.sample(now(), tokensDone);
    this.#judge();
    const quality = this.#quality!;
    if (this.#clock.running) quality.tick(tokensDone);
    const { wordsPerSecond } = this.rate;
    const loss = this.loss.value;
    const { facts: books, alpha, etaSeconds } = this;
    const point = this.observatory.tick({ training, quality, books, wordsPerSecond, loss, alpha });
    const kept = this.#clock.running ? this.history.add(point) : null;
    if (kept !== null) this.bulletin.point(kept);
    if (this.#clock.running) this.#historyFile.tick(this.history.points, now());
    const allWords = tokensDone - this.facts.tokensBefore;
    training.desk.broadcast(progressNews(training, { tokensDone, wordsPerSecond, loss, etaSeconds, allWords }));
    if (this.#clock.running) this.#checkpointer.tick();
  }

  /** Resolves when all is trained or the operator stopped the run; rejects when it cannot go on. */
  ended(): Promise<Outcome> {
    return this.#finish.promise;
  }

  /** From here on only held leases may end. */
  #end(state: RunState, reason: string): void {
    this.#over = true;
    this.#clock.stop();
    this.bulletin.set(state, reason);
    this.#training?.desk.setPaused(true, 'the run is ending');
  }

  /** It cannot go on: `ended` rejects with the error. */
  fail(error: unknown): void {
    if (this.bulletin.state === 'failed') return;
    this.#end('failed', error instanceof TributaryError ? `${error.code}: ${error.message}` : textOf(error));
    this.#finish.reject(error instanceof Error ? error : new Error(textOf(error)));
  }

  /** Before training begins, it then begins paused. */
  pause(): void {
    this.#setPaused(true);
  }

  resume(): void {
    this.#setPaused(false);
  }

  #setPaused(paused: boolean): void {
    if (this.#over) return;
    this.#paused = paused;
    if (paused) this.#clock.stop();
    if (this.#training === null) return;
    this.#training.desk.setPaused(paused);
    this.#judge();
  }

  /** Grants nothing more, lets held leases end for a while, then ends the run. */
  async stop(): Promise<void> {
    if (this.#over) return;
    this.#end('stopping', 'leases in training may end; nothing new is granted');
    const outstanding = (): number => this.#training?.desk.outstanding ?? 0;
    for (let waited = 0; waited < 2 * SCHEDULE.leaseMs && outstanding() > 0; waited += 100) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    // No result may come between the files that are written now: who is still here goes.
    this.#training?.desk.finish('stopped by the operator');
    this.#finish.resolve('stopped');
  }

  /**
   * The state of the run, as of now, on disk: the tokens trained that it holds. Calls are served one after the other.
   * @throws TributaryError CHECKPOINT_UNWRITABLE, JOURNAL_UNWRITABLE
   */
  checkpoint(): Promise<number> {
    return this.#checkpointer.write();
  }

  /** Lets everybody go; the model stays for queries. */
  complete(reason: string): void {
    const { desk, journal } = this.#training!;
    clearInterval(this.#ticker);
    desk.finish(reason);
    journal.write({ kind: 'done', tokens: this.facts.tokensDone });
    journal.sync();
    this.bulletin.set('done', reason);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#ticker);
    // Whoever waits for the end of a run that has none would wait for ever.
    const hint = `Go on from its last checkpoint, if it has one: --resume ${this.config.out}`;
    this.#finish.reject(new TributaryError('INTERRUPTED', 'the run was closed before its end', { hint }));
    await this.#checkpointer.idle();
    await this.#auditor?.close();
    await this.#historyFile.idle();
    await this.#ingest.close();
    this.bulletin.close();
    this.observatory.close();
    this.#training?.journal.close();
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

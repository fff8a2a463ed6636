// A run with everything around it: its folder, the pages that are served meanwhile, local volunteers, results, its end.
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { RunStatus } from '../../protocol/status.ts';
import { type Neighbour, NearestNeighbours } from '../../word2vec/similarity.ts';
import { TributaryError } from '../errors.ts';
import { startLocalVolunteers } from '../local/local-volunteers.ts';
import type { RunWatcher } from '../run/bulletin.ts';
import { hasCheckpoint } from '../run/checkpoint.ts';
import { MOST_COUNTING_THREADS } from '../run/config.ts';
import { wasCounting } from '../run/counting-folder.ts';
import { lockFolder } from '../run/folder-lock.ts';
import { claimRemote, removeRemoteIfEmpty } from '../run/remote-results.ts';
import { takeUp } from '../run/resume.ts';
import { Run } from '../run/run.ts';
import { randomToken, readToken } from '../server/operator-token.ts';
import { isSecureWithoutTls, type RunningServer, startServer } from '../server/server.ts';
import { runStatus } from '../server/status.ts';
import { aboutRun } from '../settings/about-options.ts';
import { readAccess } from '../settings/hdfs-options.ts';
import type { TrainOptions } from '../settings/train-options.ts';
import {
  claim,
  freshConfig,
  readProbeQuestions,
  readProbes,
  refuseFixedOptions,
  removeIfEmpty,
  tlsKeys,
} from '../settings/train-setup.ts';
import { PACKAGE_FOLDER, VERSION } from '../version.ts';
import { conclude, type TrainingResult } from './conclusion.ts';
import { keepWork } from './keep-work.ts';

/** What is there when a run is interrupted. */
export interface Interruption {
  /** Folder of the checkpoint; null when there is none. */
  readonly checkpoint: string | null;
  /** Tokens that it holds, of how many; null while words are counted. */
  readonly tokens: { readonly done: number; readonly total: number } | null;
  /** Words counted so far are kept. */
  readonly counted: boolean;
}

/** Undone from the last to the first. */
type Closer = () => Promise<unknown>;

export class TrainingRun implements AsyncDisposable {
  /** Where volunteers on this machine go, and every address that leads here. */
  readonly url: string;
  readonly urls: readonly string[];
  /** Of the operator. */
  readonly token: string;
  /** Folder of the results and the checkpoint. */
  readonly out: string;
  /** Directory in HDFS to which the results go in the end. */
  readonly target: string | undefined;
  readonly #run: Run;
  readonly #options: TrainOptions;
  readonly #closers: Closer[];
  #result: Promise<TrainingResult> | null = null;
  #closed: Promise<void> | null = null;
  #index: { readonly neighbours: NearestNeighbours; readonly version: number } | null = null;

  private constructor(run: Run, server: RunningServer, token: string, options: TrainOptions, closers: Closer[]) {
    this.#run = run;
    this.#options = options;
    this.#closers = closers;
    this.url = server.url;
    this.urls = server.urls;
    this.token = token;
    this.out = run.config.out;
    this.target = run.config.target;
  }

  /**
   * Claims the folder and serves the pages. Nothing is read before `begin`.
   * @param given whether an option was given by the caller, or is its default
   * @throws TributaryError for settings, folder, files, address
   */
  static async open(
    corpus: readonly string[],
    options: TrainOptions,
    given: (name: keyof TrainOptions) => boolean,
    watcher: RunWatcher = {},
  ): Promise<TrainingRun> {
    if (options.resume !== undefined) refuseFixedOptions(corpus, given);
    const fresh = options.resume === undefined ? freshConfig(corpus, options, given) : null;
    const tls = await tlsKeys(options);
    const hdfs = await readAccess(options);
    const probes = await readProbes(options.probe);
    const questions = await readProbeQuestions(options.probeQuestions);
    const token = options.operatorTokenFile === undefined ? randomToken() : await readToken(options.operatorTokenFile);
    const pages = join(PACKAGE_FOLDER, 'dist', 'client');
    if (!existsSync(join(pages, 'index.html'))) {
      throw new TributaryError('PAGES_MISSING', `the built pages are not in ${pages}`, { hint: 'Run: npm run build' });
    }
    const out = fresh?.out ?? options.resume!;
    const closers: Closer[] = [];
    // The folder is another's only when nothing is written to it any more: results, or a last checkpoint.
    let settled: () => Promise<unknown> = async () => {};
    try {
      let madeRemote = false;
      if (fresh !== null) {
        await claim(out);
        closers.push(async () => {
          const isGone = await removeIfEmpty(out);
          if (isGone && madeRemote) await removeRemoteIfEmpty(fresh.target!, hdfs.options);
        });
      }
      // A folder without a checkpoint is refused when it is read.
      const known = existsSync(join(out, 'checkpoint')) || wasCounting(out);
      if (fresh !== null || known) {
        const lock = await lockFolder(out);
        closers.push(async () => {
          await settled();
          await lock.release();
        });
      }
      const taken = fresh === null ? await takeUp(out) : null;
      const { training, target } = fresh ?? taken!;
      // A resumed run has claimed it, and may have written there already.
      if (fresh?.target !== undefined) madeRemote = await claimRemote(fresh.target, hdfs.options);
      const threads = Math.min(MOST_COUNTING_THREADS, availableParallelism());
      const counting = { threads, memoryMiB: options.countMemory };
      const config = {
        training,
        target,
        counting,
        corpusOptions: hdfs.options,
        out,
        probes,
        questions,
        auditRate: options.auditRate,
        version: VERSION,
      };
      const run = new Run(config, taken?.resumed ?? null);
      closers.push(() => run.close());
      run.watch(watcher);
      const { host, port } = options;
      const server = await startServer(run, { host, port, about: aboutRun(options), tls, token, pages });
      closers.push(() => server.close());
      if (tls === null && !isSecureWithoutTls(host)) {
        run.note(
          'warning',
          `browsers offer WebGPU only on https or localhost: volunteers who reach ${host} without TLS will use their CPU; give --tls self-signed or --tls-cert, or put a TLS proxy in front`,
        );
      }
      for (const warning of hdfs.warnings) run.note('warning', warning);
      const opened = new TrainingRun(run, server, token, options, closers);
      settled = () => Promise.allSettled([opened.#result]);
      return opened;
    } catch (error) {
      await undo(closers);
      throw error;
    }
  }

  /** Counts, trains, measures and writes the results, in the background: `result` tells how it ended. */
  begin(): void {
    this.#result ??= this.#work();
    // Whoever never asks for the result reads in the log that the run failed.
    this.#result.catch(() => undefined);
  }

  /**
   * What the run came to, when its files are written.
   * @throws TributaryError of what ended it, with how to go on
   */
  get result(): Promise<TrainingResult> {
    this.begin();
    return this.#result!;
  }

  /** Where the run stands, as `GET /api/run` tells it. */
  get status(): RunStatus {
    return runStatus(this.#run);
  }

  /** Tells of events, points and states from now on; the answer ends it. */
  watch(watcher: RunWatcher): () => void {
    return this.#run.watch(watcher);
  }

  /** Words are counted. */
  get hasModel(): boolean {
    return this.#run.training !== null;
  }

  /** What the run keeps books of; changes while it goes on. */
  get facts(): Run['facts'] {
    return this.#run.facts;
  }

  /** Grants no new leases; those in training end as usual. */
  pause(): void {
    this.#run.pause();
  }

  resume(): void {
    this.#run.resume();
  }

  /** Ends the run early, with what is trained: then `result` resolves. @throws TributaryError NO_MODEL_YET */
  async stop(): Promise<void> {
    this.#model();
    await this.#run.stop();
  }

  /** Writes a checkpoint. Resolves with the tokens that it holds. @throws TributaryError NO_MODEL_YET, and as the disk fails */
  async checkpoint(): Promise<number> {
    this.#model();
    return this.#run.checkpoint();
  }

  /**
   * The words nearest to Σ positive − Σ negative by cosine, in the model as it is now.
   * @throws TributaryError NO_MODEL_YET while words are counted; Word2vecError UNKNOWN_WORD, QUERY_EMPTY, QUERY_TOP
   */
  mostSimilar(query: {
    readonly positive: readonly string[];
    readonly negative?: readonly string[];
    readonly top?: number;
  }): Neighbour[] {
    const { words, model } = this.#model();
    if (this.#index === null) {
      const neighbours = new NearestNeighbours({ words, dim: model.dim, values: model.input });
      this.#index = { neighbours, version: model.version };
    } else if (this.#index.version !== model.version) {
      const { neighbours } = this.#index;
      neighbours.remeasure();
      this.#index = { neighbours, version: model.version };
    }
    return this.#index.neighbours.nearest(query.positive, query.negative ?? [], query.top ?? 10);
  }

  /** Keeps what is done in a checkpoint, for `resume`; the run is to be closed next. */
  async interrupt(): Promise<Interruption> {
    const folder = join(this.out, 'checkpoint');
    if (this.#run.training === null) {
      const counted = await this.#run.counting.interrupt();
      return { checkpoint: hasCheckpoint(folder) ? folder : null, tokens: null, counted };
    }
    this.#run.pause();
    // Results that came while it was written are not in it: they are trained again.
    const done = await this.#run.checkpoint();
    return { checkpoint: folder, tokens: { done, total: this.#run.training.totalTokens }, counted: true };
  }

  /**
   * Ends serving, and the run if it is not over: `result` then rejects with INTERRUPTED, and what was not kept by a
   * checkpoint is lost. Results that are being written are written first.
   */
  close(): Promise<void> {
    this.#closed ??= undo(this.#closers);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #model(): NonNullable<Run['training']> {
    const { training } = this.#run;
    if (training !== null) return training;
    throw new TributaryError('NO_MODEL_YET', 'the vocabulary is still being counted', {
      hint: 'Ask again when the vocabulary is there, or await result.',
    });
  }

  async #work(): Promise<TrainingResult> {
    try {
      const { desk } = await this.#run.prepare();
      if (this.#options.local > 0 && this.#closed === null) {
        const local = startLocalVolunteers(desk, this.#options.local, (error) => {
          this.#run.note('error', `a local volunteer failed: ${error.message}`);
          // A script would wait for ever; people see that nobody is here, and may open the URL.
          if (this.#options.exit && desk.volunteers.length === 0) this.#run.fail(localFailed(error));
        });
        this.#closers.push(() => local.close());
      }
      const outcome = await this.#run.ended();
      const { questions, similarity } = this.#options;
      return await conclude(this.#run, outcome, { questions, similarity });
    } catch (error) {
      throw await keepWork(this.#run, error);
    }
  }
}

/** From the last to the first: the run is there until nobody can reach it. All are tried; the first error is raised. */
async function undo(closers: Closer[]): Promise<void> {
  const failures: unknown[] = [];
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) {
    try {
      await close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

function localFailed(cause: Error): TributaryError {
  // This process' own volunteers compute honestly: numbers that cannot be come from training that diverges.
  const diverges = /^(NOT_FINITE|NORM_CAP):/.test(cause.message);
  return new TributaryError('LOCAL_FAILED', `the last local volunteer failed: ${cause.message}`, {
    hint: diverges
      ? 'Training diverges: start a new run with a lower --alpha.'
      : 'Leave --exit away, and let tabs join.',
    cause,
  });
}

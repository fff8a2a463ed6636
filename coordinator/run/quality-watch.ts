// Measures now and then how good the vectors are, on text that they were not trained on, and whether they get worse.
import { basename } from 'node:path';
import type { AnalogiesStatus, HeldOutStatus, ProbeStatus, RunEventLevel } from '../../protocol/status.ts';
import { AnalogyProbe } from '../../word2vec/evaluation/analogy-probe.ts';
import { HeldOutSet } from '../../word2vec/evaluation/held-out.ts';
import type { HeldOutModel } from '../../word2vec/evaluation/held-out.ts';
import { PairProbe } from '../../word2vec/evaluation/pair-probe.ts';
import { buildHuffman } from '../../word2vec/huffman.ts';
import type { Objective } from '../../word2vec/objective.ts';
import type { HeldOutLines } from '../ingest/held-out-lines.ts';
import type { ProbeFile, QuestionFile, RunConfig, TrainingConfig } from './config.ts';
import { DivergenceDetector } from './divergence.ts';
import type { LossMeter } from './meters.ts';
import type { Books } from './recorder.ts';
import type { CountedWords, Training } from './training.ts';

export interface QualityParts {
  readonly counted: CountedWords;
  readonly model: HeldOutModel;
  readonly heldOut: HeldOutLines;
  readonly probes: readonly ProbeFile[];
  readonly questions: QuestionFile | null;
  readonly config: Pick<TrainingConfig, 'window' | 'negative' | 'sample' | 'schedule' | 'alpha'>;
  readonly objective: Objective;
  readonly totalTokens: number;
  /** The lowest held-out loss before, of a resumed run. */
  readonly best: number | null;
}

export interface QualityEdges {
  now(): number;
  /** Lets everything else have its turn. */
  giveWay(): Promise<void>;
  /** Training's loss now, and the longest row that was leased since this was last asked. */
  training(): { readonly loss: number | null; readonly longestRow: number };
  note(level: RunEventLevel, text: string): void;
}

/** Share of the run between two measurements, at least. */
const PROGRESS = 0.02;
/** Milliseconds between two measurements, at least; and so many times what the last one took. */
const LEAST_MS = 5000;
const TIMES_COST = 20;
/** Milliseconds after which a measurement gives way: results of volunteers must not wait. */
const SLICE_MS = 5;
/** Final held-out loss over the best, from which on fewer epochs would have been better. */
const LEARNED_BY_HEART = 1.05;
/** Held-out tokens between two looks at the clock. */
const STEP_TOKENS = 16;
/** Values that the analogy questions read between two such looks: about a millisecond. */
const STEP_VALUES = 500_000;

/**
 * Works on the live rows, in slices between the other work of this thread. A copy for another thread would be as large
 * as the model; and what training changes during a measurement of a second is far less than what the figures can tell.
 */
export class QualityWatch {
  readonly #parts: QualityParts;
  readonly #edges: QualityEdges;
  readonly #set: HeldOutSet | null;
  readonly #heldOutTokens: number;
  readonly #probes: readonly { readonly file: string; readonly probe: PairProbe }[];
  readonly #analogies: { readonly file: string; readonly probe: AnalogyProbe } | null;
  readonly #detector: DivergenceDetector;
  #loss: number | null = null;
  #untrained: number | null = null;
  #rho: (number | null)[];
  #right: number | null = null;
  #underWay: Promise<void> | null = null;
  #atTokens: number;
  #nextMs: number;

  /** @param tokens trained so far */
  constructor(parts: QualityParts, edges: QualityEdges, tokens: number) {
    this.#parts = parts;
    this.#edges = edges;
    const { counted, config, objective, heldOut } = parts;
    const ids = new Map(heldOut.lines.length === 0 ? [] : counted.words.map((word, id) => [word, id]));
    const sentences = heldOut.lines.map((line) =>
      line.split(' ').flatMap((word) => {
        const id = ids.get(word);
        return id === undefined ? [] : [id];
      }),
    );
    this.#heldOutTokens = sentences.reduce((sum, one) => sum + one.length, 0);
    this.#set =
      this.#heldOutTokens === 0
        ? null
        : new HeldOutSet(sentences, counted.counts, {
            ...config,
            // Not the run's: runs with different seeds are measured on the same pairs.
            seed: 0,
            model: objective.model,
            paths: objective.hs ? buildHuffman(counted.counts) : null,
          });
    this.#probes = parts.probes.map(({ file, pairs }) => ({ file, probe: new PairProbe(counted.words, pairs) }));
    this.#rho = this.#probes.map(() => null);
    const { questions } = parts;
    this.#analogies =
      questions === null ? null : { file: questions.file, probe: new AnalogyProbe(counted.words, questions.sections) };
    this.#detector = new DivergenceDetector(parts.best);
    this.#atTokens = tokens;
    this.#nextMs = edges.now() + LEAST_MS;
  }

  get heldOut(): HeldOutStatus | null {
    if (this.#set === null) return null;
    const lines = this.#parts.heldOut.lines.length;
    return { loss: finite(this.#loss), untrained: this.#untrained, lines, tokens: this.#heldOutTokens };
  }

  get probe(): readonly ProbeStatus[] {
    return this.#probes.map(({ file, probe }, k) => ({ file: basename(file), rho: this.#rho[k]!, found: probe.found }));
  }

  get analogies(): AnalogiesStatus | null {
    if (this.#analogies === null) return null;
    const { file, probe } = this.#analogies;
    return { file: basename(file), share: this.#right, asked: probe.asked, found: probe.found };
  }

  /** The lowest held-out loss so far; null before the first. */
  get best(): number | null {
    return this.#detector.best;
  }

  /** That the run diverges and what to change; null while all is well. */
  get warning(): string | null {
    const { verdict } = this.#detector;
    return verdict === null ? null : `this run diverges: ${verdict}; ${this.#advice()}`;
  }

  /** Measures when it is time. @param tokens trained so far */
  tick(tokens: number): void {
    if (this.#underWay !== null || this.#edges.now() < this.#nextMs) return;
    if (tokens - this.#atTokens < PROGRESS * this.#parts.totalTokens) return;
    void this.#begin(tokens, false);
  }

  /** Measures the vectors as they are at the end. */
  async conclude(tokens: number): Promise<void> {
    await this.#underWay;
    await this.#begin(tokens, true);
    const { best } = this;
    if (this.warning !== null || this.#loss === null || best === null || this.#loss <= best * LEARNED_BY_HEART) return;
    this.#edges.note(
      'warning',
      `the loss of held-out lines was ${best.toFixed(3)} and is ${this.#loss.toFixed(3)}: the corpus was learned by heart; fewer --epochs or more text give better vectors`,
    );
  }

  #begin(tokens: number, last: boolean): Promise<void> {
    this.#atTokens = tokens;
    this.#underWay = this.#measure(last).finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  async #measure(last: boolean): Promise<void> {
    const { now, training } = this.#edges;
    const { model } = this.#parts;
    const pace = this.#pace();
    let heldOut: { readonly loss: number; readonly untrained: number } | null = null;
    const steps = this.#set?.steps(model, STEP_TOKENS);
    for (let step = steps?.next(); step !== undefined; step = steps!.next()) {
      if (step.done === true) {
        const { loss, untrained } = step.value;
        if (loss !== null && untrained !== null) heldOut = { loss, untrained };
        break;
      }
      await pace.look();
    }
    const asked = this.#analogies?.probe.share(model.input, model.dim, STEP_VALUES);
    for (let step = asked?.next(); step !== undefined; step = asked!.next()) {
      if (step.done === true) {
        this.#right = step.value;
        break;
      }
      await pace.look();
    }
    const rho = this.#probes.map(({ probe }) => finite(probe.rho(model.input, model.dim)));
    this.#nextMs = now() + Math.max(LEAST_MS, TIMES_COST * pace.cost());
    this.#rho = rho;
    if (heldOut !== null) {
      this.#loss = heldOut.loss;
      this.#untrained = heldOut.untrained;
    }
    const before = this.#detector.verdict;
    const { loss, longestRow } = training();
    const verdict = this.#detector.add({ heldOut, training: loss, longestRow }, last);
    if (verdict !== null && before === null) this.#edges.note('warning', this.warning!);
    if (verdict === null && before !== null) this.#edges.note('info', 'the loss of held-out lines has come down again');
  }

  /** Gives way after every slice, and knows what all slices cost so far, in ms. */
  #pace(): { look(): Promise<void>; cost(): number } {
    const { now, giveWay } = this.#edges;
    let began = now();
    let before = 0;
    return {
      look: async () => {
        if (now() - began < SLICE_MS) return;
        before += now() - began;
        await giveWay();
        began = now();
      },
      cost: () => before + now() - began,
    };
  }

  #advice(): string {
    const { alpha, schedule } = this.#parts.config;
    const lower = `start anew with an --alpha lower than ${alpha}`;
    return schedule === 'grid'
      ? `${lower}, or a smaller --batch`
      : `${lower}, another --descent, or the schedule grid, which does not add up stale changes`;
  }
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

export interface WatchedRun {
  readonly config: RunConfig;
  readonly heldOut: HeldOutLines;
  readonly best: number | null;
  readonly books: Books;
  readonly loss: LossMeter;
  now(): number;
  note(level: RunEventLevel, text: string): void;
}

/** Watches over a run of this process. */
export function watchQuality(training: Training, run: WatchedRun): QualityWatch {
  const { config, heldOut, best, books, loss, now, note } = run;
  const { model, totalTokens } = training;
  const { probes, questions, training: settings } = config;
  const parts = {
    counted: training,
    model,
    heldOut,
    probes,
    questions,
    config: settings,
    objective: settings,
    totalTokens,
    best,
  };
  const figures = (): { loss: number | null; longestRow: number } => {
    const { longestRow } = books;
    books.longestRow = 0;
    return { loss: loss.value, longestRow };
  };
  const giveWay = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return new QualityWatch(parts, { now, giveWay, training: figures, note }, books.tokensDone);
}

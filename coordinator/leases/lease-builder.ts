// Makes the frame of a lease: plans it to know its rows, and sends those that the volunteer lacks.
import { bitmapBytes, setBit, withBits } from '../../protocol/bitmap.ts';
import { packPairs } from '../../protocol/pairs.ts';
import type { RowFormat } from '../../protocol/rows.ts';
import { reserveRows, rowsBytes } from '../../protocol/rows.ts';
import { beginLease } from '../../protocol/to-volunteer.ts';
import { minibatchPairs } from '../../word2vec/curriculum.ts';
import type { GridTablesCache } from '../../word2vec/grid-tables.ts';
import { sortChunks } from '../../word2vec/pair-order.ts';
import type { LeaseShape } from '../../word2vec/plan.ts';
import { Planner } from '../../word2vec/planner.ts';
import type { RowLengths } from '../../word2vec/row-reach.ts';
import { rowReach } from '../../word2vec/row-reach.ts';
import type { Model } from '../model/model.ts';
import type { Grant } from '../schedule/scheduler.ts';
import type { Episode, EpisodeCensus } from './episode.ts';
import type { HeldRows } from './held-rows.ts';
import { rowLimits } from './row-limits.ts';

/** A granted lease as the coordinator remembers it, to check its result against. */
export interface LeaseRecord {
  readonly grant: Grant;
  /** Model rows that the delta may touch, in the plan's order, and dot products of each. */
  readonly inputRows: Uint32Array;
  readonly outputRows: Uint32Array;
  readonly inputHits: Uint32Array;
  readonly outputHits: Uint32Array;
  /** Most that each row moves, per length of the rows it meets (word2vec/row-reach.ts). */
  readonly inputReach: Float64Array;
  readonly outputReach: Float64Array;
  /** Largest Euclidean norm among the rows as leased. */
  readonly inputPeak: number;
  readonly outputPeak: number;
  /** Norms that no row exceeds in training. */
  readonly limits: RowLengths;
  readonly pairs: number;
  /** Bytes of the frame that carry rows and pairs. */
  readonly rowBytes: number;
  readonly pairBytes: number;
  readonly positiveDots: number;
  readonly negativeDots: number;
  /** Corpus words that the lease counts for. */
  readonly words: number;
  readonly alpha: number;
  /** Milliseconds on the desk's clock. */
  readonly grantedAt: number;
}

export interface LeaseConstants {
  readonly seed: number;
  readonly negative: number;
  /** Most parts for which negatives are corrected by their number alone (EpisodeCensus.negatives). */
  readonly coupledParts: number;
  readonly chunkPairs: number;
  /** Damping h. */
  readonly damping: number;
  /** The grid's pairs may come in any order; downpour's keep the order of the text. */
  readonly schedule: 'grid' | 'downpour';
  /** Pairs per minibatch; 0: by the number of parts. */
  readonly batch: number;
}

export class LeaseBuilder {
  readonly #constants: LeaseConstants;
  readonly #model: Model;
  readonly #tables: GridTablesCache;
  readonly #planner = new Planner();

  constructor(constants: LeaseConstants, model: Model, tables: GridTablesCache) {
    this.#constants = constants;
    this.#model = model;
    this.#tables = tables;
  }

  /** @param reset the volunteer's cache is full: it drops every row, and `held` was cleared */
  build(
    grant: Grant,
    episode: Episode,
    census: EpisodeCensus,
    held: HeldRows,
    options: { alpha: number; reset: boolean; now: number; rowsDown: RowFormat },
  ): { record: LeaseRecord; frame: Uint8Array<ArrayBuffer> } {
    const { seed, negative, chunkPairs, damping, batch, schedule } = this.#constants;
    const pairOrder = schedule === 'grid' ? 'sorted' : 'text';
    const { rowsDown } = options;
    const { inputStore, outputStore, dim } = this.#model;
    const tables = this.#tables.of(grant.parts);
    const inputMembers = tables.input.members[grant.inputPart]!;
    const outputMembers = tables.output.members[grant.outputPart]!;
    const { hs, model } = this.#tables.objective;
    const share = tables.shares[grant.outputPart]!;
    const { rule, rate } = hs
      ? ({ rule: 'none', rate: 0 } as const)
      : census.negatives(grant.inputPart, grant.outputPart, share, this.#constants);
    const inputCounts =
      rule === 'decoupled' ? census.inputCounts(grant.inputPart, inputMembers.length) : new Uint32Array(0);
    const minibatch = batch > 0 ? batch : minibatchPairs(grant.parts, this.#model.rows);
    const place = {
      seed,
      episode: grant.episode,
      block: grant.inputPart * grant.parts + grant.outputPart,
      firstChunk: grant.firstChunk,
      chunkPairs,
    };
    const leased = {
      inputs: episode.inputs.slice(grant.start, grant.end),
      outputs: episode.outputs.slice(grant.start, grant.end),
    };
    const targetSize = outputMembers.length * (hs ? 2 : 1);
    if (pairOrder === 'sorted') sortChunks(leased, chunkPairs, inputMembers.length, targetSize);
    const pairBytes = packPairs(leased, chunkPairs, pairOrder);
    const shape: LeaseShape = {
      ...place,
      ...leased,
      minibatch,
      targets: hs ? 'labelled' : 'positive',
      inputPartSize: inputMembers.length,
      outputPartSize: outputMembers.length,
      noise: tables.noise(grant.outputPart),
      negatives:
        rule === 'decoupled'
          ? { kind: rule, rate, draws: negative, inputs: census.inputTable(grant.inputPart, inputMembers.length) }
          : { kind: rule, rate },
    };
    const plan = model === 'cbow' ? this.#planner.planBags(shape) : this.#planner.census(shape, pairOrder);
    const inputRows = plan.inputIds.map((rank) => inputMembers[rank]!);
    const outputRows = plan.outputIds.map((rank) => outputMembers[rank]!);
    const pairs = grant.end - grant.start;
    const words = (pairs / episode.inputs.length) * (episode.to.tokens - episode.from.tokens);
    const present = new Uint8Array(bitmapBytes(inputRows.length + outputRows.length));
    const sent =
      markLacking(inputRows, this.#model.inputVersions, held.input, held, present, 0) +
      markLacking(outputRows, this.#model.outputVersions, held.output, held, present, inputRows.length);
    const alpha = Math.fround(options.alpha);
    const write = beginLease(
      {
        lease: grant.lease,
        episode: grant.episode,
        parts: grant.parts,
        inputPart: grant.inputPart,
        outputPart: grant.outputPart,
        firstChunk: grant.firstChunk,
        pairs,
        minibatch,
        alpha,
        rule,
        rate,
        words,
        reset: options.reset,
        inputRows: inputRows.length,
        outputRows: outputRows.length,
        pairBytes,
        inputCounts,
        present,
      },
      rowsBytes(rowsDown, sent, dim),
    );
    const packed = reserveRows(write, rowsDown, sent, dim);
    const sentInputs = withBits(inputRows, present, 0);
    inputStore.pack(sentInputs, packed, 0);
    outputStore.pack(withBits(outputRows, present, inputRows.length), packed, sentInputs.length);
    const step = { alpha, damping: Math.fround(damping) };
    const { inputNorms, outputNorms } = this.#model;
    const peaks = { input: inputNorms.peak(inputRows), output: outputNorms.peak(outputRows) };
    return {
      record: {
        grant,
        inputRows,
        outputRows,
        inputHits: plan.inputHits,
        outputHits: plan.outputHits,
        inputReach: rowReach(plan.inputFlush, inputRows.length, step),
        outputReach: rowReach(plan.outputFlush, outputRows.length, step),
        inputPeak: peaks.input,
        outputPeak: peaks.output,
        limits: rowLimits(plan, peaks, step),
        pairs,
        rowBytes: rowsBytes(rowsDown, sent, dim),
        pairBytes: pairBytes.length,
        positiveDots: plan.positiveDots,
        negativeDots: plan.negativeDots,
        words,
        alpha,
        grantedAt: options.now,
      },
      frame: write.finish(),
    };
  }
}

/** Sets the bit of every row that is not held in its present version, and notes it as held. Answers how many. */
function markLacking(
  rows: Uint32Array,
  versions: Uint32Array,
  heldVersions: Uint32Array,
  held: HeldRows,
  present: Uint8Array,
  firstBit: number,
): number {
  let lacking = 0;
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r]!;
    const version = versions[row]!;
    if (heldVersions[row] === version) continue;
    if (heldVersions[row] === 0) held.cached++;
    heldVersions[row] = version;
    setBit(present, firstBit + r);
    lacking++;
  }
  return lacking;
}

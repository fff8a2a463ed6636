// Counts a corpus by several lanes at once: hands out its splits, adds up what comes back, and keeps it on the way.
import type { TextFaults } from '../corpus/text-faults.ts';
import { addTextFaults, NO_TEXT_FAULTS } from '../corpus/text-faults.ts';
import { TributaryError } from '../errors.ts';
import { deferred } from '../run/deferred.ts';
import type { CountLane } from './count-lane.ts';
import type { CountedPart } from './part-counter.ts';
import type { WordCounter } from './word-counter.ts';

/** Of a split, in place of the lines that are counted: all of them. */
export const ALL_LINES = -1;

/** What is counted so far: always whole parts. */
export interface Tally {
  readonly counter: WordCounter;
  /** Lines counted of each split, or ALL_LINES. Shape (splits). */
  readonly lines: Float64Array;
  textFaults: TextFaults;
}

export function newTally(counter: WordCounter, splits: number): Tally {
  return { counter, lines: new Float64Array(splits), textFaults: NO_TEXT_FAULTS };
}

export function splitsCounted({ lines }: Tally): number {
  return lines.reduce((done, at) => done + (at === ALL_LINES ? 1 : 0), 0);
}

export interface CountingEdges {
  now(): number;
  /** Keeps the tally as it is at the call, whatever it is when this resolves. It may fail: counting goes on. */
  save(tally: Tally): Promise<void>;
  /** Could not be kept. */
  unsaved(error: unknown): void;
  wait(ms: number): Promise<void>;
  /** A part was added to the tally. */
  added(): void;
}

/** Milliseconds between two times that the tally is kept, at least, */
const SAVE_MS = 3000;
/** … and so many times what keeping it took. */
const SAVE_SHARE = 20;
/** Milliseconds that lanes have to give what they have; one may hang on a data node that says nothing. */
const GRACE_MS = 5000;

export class Counting {
  readonly #tally: Tally;
  readonly #lanes: readonly CountLane[];
  readonly #edges: CountingEdges;
  /** Splits not given to a lane yet, the next one last. */
  readonly #waiting: number[];
  #stopped = false;
  /** Lanes that have nothing to give by then are left. */
  readonly #abandoned = deferred<null>();
  readonly #ended = deferred<null>();
  #saving: Promise<void> | null = null;
  /** Parts came in since the tally was last kept. */
  #changed = false;
  #nextSave = 0;

  constructor(tally: Tally, lanes: readonly CountLane[], edges: CountingEdges) {
    this.#tally = tally;
    this.#lanes = lanes;
    this.#edges = edges;
    const open = [...tally.lines.keys()].filter((split) => tally.lines[split] !== ALL_LINES);
    this.#waiting = open.toReversed();
  }

  /**
   * Resolves when every split is counted.
   * @throws TributaryError INTERRUPTED after `interrupt`, or what a lane met; what is counted until then is kept
   */
  async run(): Promise<void> {
    const ends = await Promise.allSettled(this.#lanes.map((lane) => this.#work(lane)));
    this.#ended.resolve(null);
    await this.#saving;
    if (this.#changed) await this.#save();
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    const counted = splitsCounted(this.#tally);
    const { length } = this.#tally.lines;
    if (counted < length)
      throw new TributaryError('INTERRUPTED', `interrupted when ${counted} of ${length} splits were counted`);
  }

  /** Ends `run` as soon as the lanes have given what they have. */
  interrupt(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const lane of this.#lanes) lane.hurry();
    void this.#edges.wait(GRACE_MS).then(() => this.#abandoned.resolve(null));
  }

  async #work(lane: CountLane): Promise<void> {
    const { lines } = this.#tally;
    try {
      for (let split = this.#waiting.pop(); split !== undefined && !this.#stopped; split = this.#waiting.pop()) {
        while (lines[split] !== ALL_LINES && !this.#stopped) {
          const part = await Promise.race([lane.count({ split, line: lines[split]! }), this.#abandoned.promise]);
          if (part !== null) this.#add(part);
        }
      }
    } catch (error) {
      // The others give what they have, so that it is kept; then the first failure is told.
      this.interrupt();
      throw error;
    }
  }

  #add({ split, to, ended, counts, heldOut, textFaults }: CountedPart): void {
    const tally = this.#tally;
    tally.counter.merge(counts);
    tally.counter.heldOut.merge(heldOut);
    tally.textFaults = addTextFaults(tally.textFaults, textFaults);
    tally.lines[split] = ended ? ALL_LINES : to;
    this.#changed = true;
    this.#edges.added();
    this.#saving ??= this.#saveWhenDue();
  }

  /** Also while all lanes wait for a cluster: whole parts are kept soon, whatever happens. */
  async #saveWhenDue(): Promise<void> {
    const rest = this.#nextSave - this.#edges.now();
    if (rest > 0) await Promise.race([this.#edges.wait(rest), this.#ended.promise]);
    await this.#save();
    this.#saving = null;
  }

  async #save(): Promise<void> {
    const began = this.#edges.now();
    this.#changed = false;
    try {
      await this.#edges.save(this.#tally);
    } catch (error) {
      this.#edges.unsaved(error);
    }
    const ended = this.#edges.now();
    this.#nextSave = ended + Math.max(SAVE_MS, SAVE_SHARE * (ended - began));
  }
}

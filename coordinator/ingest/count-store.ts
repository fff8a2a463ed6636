// What is counted so far, in the run's folder: what it belongs to is written once, the counts again and again.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CorpusFile } from '../corpus/source.ts';
import type { Split } from '../corpus/splits.ts';
import type { TextFaults } from '../corpus/text-faults.ts';
import { TributaryError } from '../errors.ts';
import { writeBlocks } from '../run/results.ts';
import type { Tally } from './counting.ts';
import type { Selected } from './held-out-lines.ts';
import type { Normalisation } from './normalisation.ts';
import type { Pruned, WordCounter } from './word-counter.ts';

/** What counts depend on: with any other corpus, plan or rules they are other counts. */
export interface CountKey {
  readonly files: readonly CorpusFile[];
  readonly splits: readonly Split[];
  readonly rules: Normalisation;
  /** Words that are counted, and no others; null for all. */
  readonly only: readonly string[] | null;
}

const FORMAT = 1;
const FILES = 'files.json';
const COUNTS = 'counts.bin';
const DIGEST_BYTES = 32;

/** As it stands in files.json. */
interface Plan {
  readonly format: typeof FORMAT;
  /** Digest of everything but the files. */
  readonly rest: string;
  readonly files: readonly CorpusFile[];
}

/** The head of counts.bin: a line of JSON, before ends (u32), counts (f64) and the words' bytes, then a SHA-256. */
interface Head {
  readonly format: typeof FORMAT;
  /** Digest of files.json. */
  readonly plan: string;
  readonly words: number;
  readonly bytes: number;
  readonly lines: readonly number[];
  readonly pruned: Pruned;
  readonly heldOut: Selected;
  readonly textFaults: TextFaults;
}

function digest(...parts: readonly (string | Uint8Array)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function planOf({ files, splits, rules, only }: CountKey): Plan {
  const rest = digest(JSON.stringify([splits, rules, only?.toSorted() ?? null])).toString('hex');
  return { format: FORMAT, rest, files };
}

async function readOrNothing(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw corrupt(path, error instanceof Error ? error.message : String(error));
  }
}

function corrupt(path: string, why: string): TributaryError {
  return new TributaryError('CHECKPOINT_CORRUPT', `${path} cannot be used: ${why}`, {
    hint: 'Delete it to count from the beginning.',
  });
}

/** Whether a folder has counts. */
export function keptCountsIn(folder: string): boolean {
  return existsSync(join(folder, COUNTS));
}

export class CountStore {
  readonly #folder: string;
  /** Digest of files.json, which the counts belong to. */
  readonly #plan: string;

  private constructor(folder: string, plan: string) {
    this.#folder = folder;
    this.#plan = plan;
  }

  /**
   * The store of a run: a new one, or the one that its counting left.
   * @throws TributaryError SOURCE_CHANGED when it is of other files, CHECKPOINT_CORRUPT, CHECKPOINT_UNWRITABLE
   */
  static async open(folder: string, key: CountKey): Promise<CountStore> {
    const path = join(folder, FILES);
    const plan = planOf(key);
    const text = JSON.stringify(plan);
    const before = await readOrNothing(path);
    if (before !== null) refuseOther(parsePlan(path, before.toString('utf8')), plan);
    else {
      try {
        await mkdir(folder, { recursive: true });
        await writeBlocks(path, [Buffer.from(text)]);
      } catch (cause) {
        throw unwritable(path, cause, 'Free space on that disk.');
      }
    }
    return new CountStore(folder, digest(text).toString('hex'));
  }

  /** Goes on where the counts of the folder end; false where it holds none. */
  async load(tally: Tally): Promise<boolean> {
    const path = join(this.#folder, COUNTS);
    const file = await readOrNothing(path);
    if (file === null) return false;
    const end = file.length - DIGEST_BYTES;
    if (end < 0 || !digest(file.subarray(0, end)).equals(file.subarray(end))) throw corrupt(path, 'it is damaged');
    const body = file.indexOf(0x0a) + 1;
    const head = JSON.parse(file.toString('utf8', 0, body)) as Head;
    if (head.format !== FORMAT || head.plan !== this.#plan) throw corrupt(path, 'it belongs to another corpus');
    const at = (offset: number, length: number): ArrayBuffer =>
      file.buffer.slice(file.byteOffset + body + offset, file.byteOffset + body + offset + length) as ArrayBuffer;
    tally.counter.restore(
      {
        ends: new Uint32Array(at(0, 4 * head.words)),
        counts: new Float64Array(at(4 * head.words, 8 * head.words)),
        bytes: new Uint8Array(at(12 * head.words, head.bytes)),
      },
      head.pruned,
    );
    tally.counter.heldOut.merge(head.heldOut);
    tally.lines.set(head.lines);
    tally.textFaults = head.textFaults;
    return true;
  }

  /**
   * Keeps the tally as it is at the call; what was kept before stays in force until this is whole.
   * @throws TributaryError CHECKPOINT_UNWRITABLE
   */
  async save({ counter, lines, textFaults }: Tally): Promise<void> {
    const path = join(this.#folder, COUNTS);
    const parts = [...contents(counter, { plan: this.#plan, lines: [...lines], textFaults })];
    try {
      await writeBlocks(path, [...parts, digest(...parts)]);
    } catch (cause) {
      throw unwritable(
        path,
        cause,
        'Free space on that disk; counting goes on, and what was kept before stays in force.',
      );
    }
  }
}

function contents(counter: WordCounter, rest: Pick<Head, 'plan' | 'lines' | 'textFaults'>): Uint8Array[] {
  const { ends, counts, bytes } = counter.packed();
  const { pruned } = counter;
  const heldOut = counter.heldOut.selected;
  const head: Head = { format: FORMAT, words: ends.length, bytes: bytes.length, pruned, heldOut, ...rest };
  const raw = (values: Uint32Array | Float64Array): Uint8Array =>
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return [Buffer.from(`${JSON.stringify(head)}\n`), raw(ends), raw(counts), bytes];
}

function parsePlan(path: string, text: string): Plan {
  let plan: Plan;
  try {
    plan = JSON.parse(text) as Plan;
  } catch {
    throw corrupt(path, 'it is no JSON');
  }
  if (plan.format === FORMAT && Array.isArray(plan.files)) return plan;
  throw new TributaryError('CHECKPOINT_FORMAT', `${path} is of format ${String(plan.format)}, not ${FORMAT}`, {
    hint: 'Go on with the version of Tributary that began the run, or start a new run.',
  });
}

function refuseOther(before: Plan, now: Plan): void {
  const what = difference(before.files, now.files) ?? (before.rest === now.rest ? null : 'it is cut or read otherwise');
  if (what === null) return;
  throw new TributaryError('SOURCE_CHANGED', `the corpus changed since counting began: ${what}`, {
    hint: 'Start a new run: the counts of another corpus cannot be used.',
  });
}

/** How two lists of files differ, naming one of them; null when they do not. */
function difference(before: readonly CorpusFile[], now: readonly CorpusFile[]): string | null {
  const known = new Map(before.map((file) => [file.path, file]));
  const still = new Set(now.map(({ path }) => path));
  for (const { path } of before) if (!still.has(path)) return `${path} is gone`;
  for (const [k, file] of now.entries()) {
    const old = known.get(file.path);
    if (old === undefined) return `${file.path} is new`;
    if (old.length !== file.length || old.modified !== file.modified || old.id !== file.id)
      return `${file.path} was replaced or written to`;
    if (before[k]!.path !== file.path) return `${file.path} stands at another place`;
  }
  return null;
}

function unwritable(path: string, cause: unknown, hint: string): TributaryError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new TributaryError('CHECKPOINT_UNWRITABLE', `cannot write ${path}: ${message}`, { hint, cause });
}

// Takes up a run where its last checkpoint left it.
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprint } from '../../word2vec/vocabulary.ts';
import type { CountsStatus } from '../../protocol/status.ts';
import type { TextFaults } from '../corpus/text-faults.ts';
import type { Opened } from '../ingest/requests.ts';
import type { HeldOutLines } from '../ingest/held-out-lines.ts';
import { pieceHash } from '../ingest/piece-hash.ts';
import { Model } from '../model/model.ts';
import type { CheckpointState } from './checkpoint.ts';
import { corruptCheckpoint, hasCheckpoint, readCheckpoint } from './checkpoint.ts';
import { corpusChanged } from './episodes.ts';
import { changeOf, type SettingChange, withChanges } from './steering.ts';
import { type KeptSettings, readSettings, wasCounting } from './counting-folder.ts';

export interface ResumedRun {
  readonly state: CheckpointState;
  readonly model: Model;
  /** What the rule of descent remembers, by tensor name. */
  readonly tensors: Readonly<Record<string, Float32Array>>;
  readonly words: readonly string[];
  readonly counts: Float64Array;
  readonly heldOut: HeldOutLines;
  readonly textFaults: TextFaults;
  readonly origin: CountsStatus;
  /** Number of the journal's last entry. */
  readonly journalSeq: number;
  /** Number of the next lease: above every one in the journal, also those granted after the checkpoint. */
  readonly nextLease: number;
}

/** A run as its folder has it: with a checkpoint, or with what it had counted when it was interrupted before. */
export interface TakenUp extends KeptSettings {
  /** null without a checkpoint: it goes on counting. */
  readonly resumed: ResumedRun | null;
}

/**
 * Reads a run's folder and writes nothing to it.
 * @throws TributaryError CHECKPOINT_MISSING, CHECKPOINT_FORMAT, CHECKPOINT_CORRUPT
 */
export async function takeUp(folder: string): Promise<TakenUp> {
  if (!hasCheckpoint(join(folder, 'checkpoint')) && wasCounting(folder))
    return { ...(await readSettings(folder)), resumed: null };
  const resumed = await resumeRun(folder);
  const { training, target } = resumed.state;
  return { training, target, resumed };
}

/**
 * Reads a checkpoint and what belongs to it, and writes nothing.
 * @throws TributaryError CHECKPOINT_MISSING, CHECKPOINT_FORMAT, CHECKPOINT_CORRUPT
 */
export async function resumeRun(folder: string): Promise<ResumedRun> {
  const { state: written, matrices } = await readCheckpoint(join(folder, 'checkpoint'));
  const model = new Model(written.rows, written.training.dim);
  model.input.set(matrices.input);
  model.output.set(matrices.output);
  model.version = written.modelVersion;
  const { words, counts } = await readVocabulary(join(folder, 'vocab.txt'), written);
  const heldOut = await readHeldOut(join(folder, 'held-out.txt'), written.heldOut);
  const journal = await readJournalEnd(join(folder, 'journal.jsonl'));
  if (journal.seq < written.journalSeq) {
    throw corruptCheckpoint(
      `${join(folder, 'journal.jsonl')} ends at entry ${journal.seq}, the checkpoint was made at ${written.journalSeq}`,
    );
  }
  const later = journal.changes.filter(({ seq }) => seq > written.journalSeq).map(({ seq: _, ...change }) => change);
  const { settings, state: steering } = withChanges(written.training, written.steering, later);
  const state = { ...written, training: settings, steering };
  return {
    state,
    model,
    tensors: matrices.more,
    words,
    counts,
    heldOut,
    textFaults: state.textFaults,
    origin: state.counts,
    journalSeq: journal.seq,
    nextLease: Math.max(state.nextLease, journal.lease + 1),
  };
}

/**
 * Other paths or lengths make another corpus. Another id or modification time may be a copy of the same text, as when a
 * folder moved to another machine: nobody but the operator knows.
 * @param doubt hears of such; a checkpoint of an older version knows neither
 * @throws TributaryError SOURCE_CHANGED
 */
export function refuseOtherCorpus(
  { state }: { readonly state: Pick<CheckpointState, 'corpus'> },
  { listing, ...opened }: Opened,
  doubt: (text: string) => void,
): void {
  const { files, bytes, layout, pins } = state.corpus;
  if (files === opened.files && bytes === opened.bytes) {
    if (layout !== undefined && layout !== listing.layout) {
      const what = 'files have other names or lengths than when the run began, though as many bytes in all';
      throw corpusChanged(`${opened.description}: its ${opened.files} ${what}`);
    }
    if (pins === undefined || pins === listing.pins) return;
    const { path, modified } = listing.newest;
    doubt(
      `${opened.description}: at least one file was replaced or touched since the checkpoint, at the same length (the last ` +
        `modified is ${path}, ${new Date(modified).toISOString()}). If it is a copy of the same text, all is well; ` +
        'if it is another text, stop this run and start a new one',
    );
    return;
  }
  const was = `when the run began they were ${files} of ${bytes}`;
  throw corpusChanged(`${opened.description}: ${opened.files} files of ${opened.bytes} bytes, ${was}`);
}

async function readVocabulary(
  path: string,
  state: CheckpointState,
): Promise<{ words: string[]; counts: Float64Array }> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw corruptCheckpoint(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  });
  const words: string[] = [];
  const counts = new Float64Array(state.rows);
  let total = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const blank = line.lastIndexOf(' ');
    const count = Number(line.slice(blank + 1));
    if (words.length < state.rows) counts[words.length] = count;
    words.push(line.slice(0, blank));
    total += count;
  }
  if (words.length !== state.rows)
    throw corruptCheckpoint(`${path} has ${words.length} words, the checkpoint ${state.rows}`);
  if (fingerprint({ words, counts, total }) !== state.vocabulary)
    throw corruptCheckpoint(`${path} is not the vocabulary of the checkpoint`);
  return { words, counts };
}

/** Training must go on without exactly these lines: each is checked. */
async function readHeldOut(path: string, { limit, lines }: CheckpointState['heldOut']): Promise<HeldOutLines> {
  if (lines === 0) return { limit, lines: [] };
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw corruptCheckpoint(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  });
  const read = text.split('\n').filter((line) => line !== '');
  const strange = read.findIndex((line) => pieceHash(line.split(' ')) >= limit);
  if (strange >= 0)
    throw corruptCheckpoint(`${path}: line ${strange + 1} was not held out of the checkpoint's training`);
  if (read.length !== lines) throw corruptCheckpoint(`${path} has ${read.length} lines, the checkpoint ${lines}`);
  return { limit, lines: read };
}

/** The journal goes on counting after the last entry that was written, checkpointed or not; a cut last line is passed over. */
async function readJournalEnd(
  path: string,
): Promise<{ seq: number; lease: number; changes: (SettingChange & { readonly seq: number })[] }> {
  const file = await open(path).catch((cause: unknown) => {
    throw corruptCheckpoint(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  });
  let seq = 0;
  let lease = 0;
  const changes: (SettingChange & { readonly seq: number })[] = [];
  for await (const line of file.readLines()) {
    const match = /^\{"seq":(\d+),.*\}$/.exec(line);
    if (match === null) continue;
    seq = Math.max(seq, Number(match[1]));
    const granted = /"kind":"granted","lease":(\d+)/.exec(line);
    if (granted !== null) lease = Math.max(lease, Number(granted[1]));
    const change = changeOf(line);
    if (change !== null) changes.push(change);
  }
  return { seq, lease, changes };
}

// Takes up a run where its last checkpoint left it.
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TributaryError } from '../errors.ts';
import { Model } from '../model/model.ts';
import type { CheckpointState } from './checkpoint.ts';
import { readCheckpoint } from './checkpoint.ts';

export interface ResumedRun {
  readonly state: CheckpointState;
  readonly model: Model;
  readonly words: readonly string[];
  readonly counts: Float64Array;
  /** Number of the journal's last entry. */
  readonly journalSeq: number;
  /** Number of the next lease: above every one in the journal, also those granted after the checkpoint. */
  readonly nextLease: number;
}

/** @throws TributaryError CHECKPOINT_MISSING, CHECKPOINT_CORRUPT */
export async function resumeRun(folder: string): Promise<ResumedRun> {
  const { state, matrices } = await readCheckpoint(join(folder, 'checkpoint'));
  const model = new Model(state.rows, state.training.dim);
  model.input.set(matrices.input);
  model.output.set(matrices.output);
  model.version = state.modelVersion;
  const { words, counts } = await readVocabulary(join(folder, 'vocab.txt'), state.rows);
  const journal = await readJournalEnd(join(folder, 'journal.jsonl'));
  return { state, model, words, counts, journalSeq: journal.seq, nextLease: Math.max(state.nextLease, journal.lease + 1) };
}

async function readVocabulary(path: string, rows: number): Promise<{ words: string[]; counts: Float64Array }> {
  const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  if (lines.length !== rows) {
    throw new TributaryError('CHECKPOINT_CORRUPT', `${path} has ${lines.length} lines, the checkpoint ${rows} words`, {
      hint: 'Restore vocab.txt, or start a new run.',
    });
  }
  const words: string[] = [];
  const counts = new Float64Array(rows);
  for (const [id, line] of lines.entries()) {
    const blank = line.lastIndexOf(' ');
    words.push(line.slice(0, blank));
    counts[id] = Number(line.slice(blank + 1));
  }
  return { words, counts };
}

/** The journal goes on counting after the last entry that was written, checkpointed or not; a cut last line is passed over. */
async function readJournalEnd(path: string): Promise<{ seq: number; lease: number }> {
  let seq = 0;
  let lease = 0;
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    const match = /^\{"seq":(\d+),.*\}$/.exec(line);
    if (match === null) continue;
    seq = Math.max(seq, Number(match[1]));
    const granted = /"kind":"granted","lease":(\d+)/.exec(line);
    if (granted !== null) lease = Math.max(lease, Number(granted[1]));
  }
  return { seq, lease };
}

// A checkpoint on disk: written beside the last one, synced, renamed, and only then pointed to.
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TributaryError } from '../errors.ts';
import type { CorpusPosition } from '../leases/episode.ts';
import type { TrainingConfig } from './config.ts';
import type { Matrices } from './safetensors.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';

/** An episode that was not complete: prepared again from the corpus when resumed, its done chunks skipped. */
export interface CheckpointEpisode {
  readonly number: number;
  readonly parts: number;
  readonly from: CorpusPosition;
  readonly to: CorpusPosition;
  readonly pairs: number;
  /** State of every chunk, base64 of one byte each: 2 is done. */
  readonly chunks: string;
}

/** The run as it stood after journal entry `journalSeq`. */
export interface CheckpointState {
  readonly format: 1;
  /** Counts up from 1. */
  readonly number: number;
  readonly training: TrainingConfig;
  /** Fingerprint of the vocabulary. */
  readonly vocabulary: string;
  readonly rows: number;
  readonly journalSeq: number;
  readonly nextLease: number;
  readonly nextEpisode: number;
  /** Where the next episode to be prepared begins. */
  readonly next: CorpusPosition;
  readonly tokensDone: number;
  readonly modelVersion: number;
  readonly trainedSeconds: number;
  readonly loss: number | null;
  readonly episodes: readonly CheckpointEpisode[];
}

const POINTER = 'latest';

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** At every instant `latest` names a complete checkpoint. The one before is removed last. */
export async function writeCheckpoint(folder: string, state: CheckpointState, matrices: Matrices): Promise<void> {
  const name = String(state.number).padStart(6, '0');
  const temporary = join(folder, `${name}.tmp`);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  await writeSafetensors(join(temporary, 'model.safetensors'), matrices);
  await writeDurably(join(temporary, 'state.json'), `${JSON.stringify(state, null, 2)}\n`);
  await syncFolder(temporary);
  await rm(join(folder, name), { recursive: true, force: true });
  await rename(temporary, join(folder, name));
  await writeDurably(join(folder, `${POINTER}.tmp`), `${name}\n`);
  await rename(join(folder, `${POINTER}.tmp`), join(folder, POINTER));
  await syncFolder(folder);
  if (state.number > 1) await rm(join(folder, String(state.number - 1).padStart(6, '0')), { recursive: true, force: true });
}

/** @throws TributaryError CHECKPOINT_MISSING, CHECKPOINT_CORRUPT */
export async function readCheckpoint(folder: string): Promise<{ state: CheckpointState; matrices: Matrices }> {
  let name: string;
  try {
    name = (await readFile(join(folder, POINTER), 'utf8')).trim();
  } catch (cause) {
    throw new TributaryError('CHECKPOINT_MISSING', `${folder} holds no checkpoint`, {
      hint: 'Give --resume the folder of a run that was interrupted after its first checkpoint.',
      cause,
    });
  }
  const path = join(folder, name, 'state.json');
  const state = parseState(path, await readFile(path, 'utf8').catch(() => ''));
  return { state, matrices: await readSafetensors(join(folder, name, 'model.safetensors'), state.rows, state.training.dim) };
}

function parseState(path: string, text: string): CheckpointState {
  let state: Partial<CheckpointState> = {};
  try {
    state = JSON.parse(text) as Partial<CheckpointState>;
  } catch (cause) {
    throw new TributaryError('CHECKPOINT_CORRUPT', `${path} is missing or no JSON`, { hint: 'Start a new run.', cause });
  }
  const whole =
    state.format === 1 &&
    typeof state.training?.dim === 'number' &&
    typeof state.rows === 'number' &&
    typeof state.tokensDone === 'number' &&
    typeof state.next?.tokens === 'number' &&
    Array.isArray(state.episodes);
  if (!whole) throw new TributaryError('CHECKPOINT_CORRUPT', `${path} is not a checkpoint of format 1`, { hint: 'Start a new run.' });
  return state as CheckpointState;
}

// A checkpoint on disk: written beside the last one, synced, renamed, and only then pointed to.
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DESCENT_RULES, tensorsOf } from '../descent/descent.ts';
import type { TextFaults } from '../corpus/text-faults.ts';
import type { CountsStatus } from '../../protocol/status.ts';
import { TributaryError } from '../errors.ts';
import { DIGITS, TOKENIZERS } from '../ingest/normalisation.ts';
import type { CorpusPosition } from '../leases/episode.ts';
import type { TrainingConfig } from './config.ts';
import { type SteeringState, wrongSteering } from './steering.ts';
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

/** Raised when the state, or what is made again from it, changes its meaning: an older run cannot go on. */
export const CHECKPOINT_FORMAT = 3;

/** The run as it stood after journal entry `journalSeq`. */
export interface CheckpointState {
  readonly format: typeof CHECKPOINT_FORMAT;
  /** Counts up from 1. */
  readonly number: number;
  readonly training: TrainingConfig;
  /** As RunConfig has it; not there for none. */
  readonly target?: string | undefined;
  /** Fingerprint of the vocabulary. */
  readonly vocabulary: string;
  /** What the corpus was: a resumed run refuses another. Digests as in corpus/listing.ts; older checkpoints lack them. */
  readonly corpus: {
    readonly files: number;
    readonly bytes: number;
    readonly layout?: string;
    readonly pins?: string;
  };
  /** Where the vocabulary's counts come from. */
  readonly counts: CountsStatus;
  /** What had to be repaired in its text when it was counted. */
  readonly textFaults: TextFaults;
  readonly rows: number;
  /** The last journal entry whose effect is in the matrices. */
  readonly journalSeq: number;
  readonly nextLease: number;
  readonly nextEpisode: number;
  /** Where the next episode to be prepared begins. */
  readonly next: CorpusPosition;
  readonly tokensDone: number;
  readonly modelVersion: number;
  readonly trainedSeconds: number;
  readonly loss: number | null;
  readonly heldOut: {
    /** Pieces of lines with a hash below are never trained (ingest/piece-hash.ts). */
    readonly limit: number;
    /** How many of them held-out.txt has. */
    readonly lines: number;
    /** The lowest loss of them so far; null before the first. */
    readonly best: number | null;
  };
  readonly episodes: readonly CheckpointEpisode[];
  /** What the operator changed; not there in checkpoints of before that was possible. */
  readonly steering?: SteeringState | undefined;
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

/**
 * At every instant `latest` names a complete checkpoint. Those before are removed last.
 * @throws TributaryError CHECKPOINT_UNWRITABLE; the one before stays in force
 */
export async function writeCheckpoint(folder: string, state: CheckpointState, matrices: Matrices): Promise<void> {
  const name = String(state.number).padStart(6, '0');
  const temporary = join(folder, `${name}.tmp`);
  try {
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
    // Also what a process left that was killed here.
    for (const entry of await readdir(folder)) {
      if (/^\d{6,}(\.tmp)?$/.test(entry) && entry !== name)
        await rm(join(folder, entry), { recursive: true, force: true });
    }
  } catch (cause) {
    const message = `cannot write checkpoint ${state.number} to ${folder}: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new TributaryError('CHECKPOINT_UNWRITABLE', message, {
      hint:
        state.number > 1
          ? 'Free space on that disk; the checkpoint before is still in force.'
          : 'Free space on that disk.',
      cause,
    });
  }
}

export function hasCheckpoint(folder: string): boolean {
  return existsSync(join(folder, POINTER));
}

/** @throws TributaryError CHECKPOINT_MISSING, CHECKPOINT_FORMAT, CHECKPOINT_CORRUPT */
export async function readCheckpoint(folder: string): Promise<{ state: CheckpointState; matrices: Matrices }> {
  const pointer = join(folder, POINTER);
  let name: string;
  try {
    name = (await readFile(pointer, 'utf8')).trim();
  } catch (cause) {
    throw new TributaryError('CHECKPOINT_MISSING', `${folder} holds no checkpoint`, {
      hint: 'Give --resume the folder of a run that was interrupted.',
      cause,
    });
  }
  if (!/^\d{6,}$/.test(name)) throw corruptCheckpoint(`${pointer} names no checkpoint`);
  const state = await readState(join(folder, name, 'state.json'));
  const { dim, descent } = state.training;
  const path = join(folder, name, 'model.safetensors');
  return { state, matrices: await readSafetensors(path, state.rows, dim, tensorsOf(descent)) };
}

async function readState(path: string): Promise<CheckpointState> {
  let state: unknown;
  try {
    state = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw corruptCheckpoint(`${path} is missing or no JSON`, cause);
  }
  const format: unknown = typeof state === 'object' && state !== null && 'format' in state ? state.format : undefined;
  if (Number.isSafeInteger(format) && format !== CHECKPOINT_FORMAT) {
    throw otherFormat(path, format);
  }
  const wrong = wrongField(state);
  if (wrong !== null) throw corruptCheckpoint(`${path} is not a checkpoint of format ${CHECKPOINT_FORMAT}: ${wrong}`);
  return state as CheckpointState;
}

type Fields = Readonly<Record<string, unknown>>;

const COUNTS = ['number', 'rows', 'journalSeq', 'nextLease', 'nextEpisode', 'modelVersion'] as const;
const POSITION = ['epoch', 'split', 'line', 'token', 'tokens', 'beyond'] as const;
const TRAINING_NUMBERS = [
  'dim',
  'window',
  'negative',
  'sample',
  'minCount',
  'maxVocab',
  'epochs',
  'alpha',
  'seed',
  'batch',
] as const;
const TRAINING_TEXTS = ['vocab', 'model', 'schedule', 'rowsDown', 'rowsUp'] as const;
const DESCENTS: ReadonlySet<unknown> = new Set([null, ...DESCENT_RULES]);

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/** What is wrong with settings as read, or null. */
export function wrongTraining(training: unknown): string | null {
  if (!isFields(training)) return 'training is missing';
  for (const name of TRAINING_NUMBERS) if (!Number.isFinite(training[name])) return `training.${name} is no number`;
  for (const name of TRAINING_TEXTS) if (typeof training[name] !== 'string') return `training.${name} is no text`;
  if (typeof training['hs'] !== 'boolean') return 'training.hs is neither true nor false';
  if (typeof training['lowercase'] !== 'boolean') return 'training.lowercase is neither true nor false';
  if (!TOKENIZERS.some((one) => one === training['tokenizer'])) return 'training.tokenizer is none';
  if (!DIGITS.some((one) => one === training['digits'])) return 'training.digits is no rule';
  if (training['sentence'] !== 'line' && !isCount(training['sentence'])) return 'training.sentence is no length';
  if (!DESCENTS.has(training['descent'])) return 'training.descent is no rule';
  const specs = training['corpus'];
  if (!Array.isArray(specs) || !specs.every((spec) => typeof spec === 'string'))
    return 'training.corpus is no list of texts';
  return null;
}

/** What is wrong with a state as read, or null. */
function wrongField(state: unknown): string | null {
  const isPosition = (value: unknown): boolean => isFields(value) && POSITION.every((name) => isCount(value[name]));
  const isEpisode = (value: unknown): boolean =>
    isFields(value) &&
    ['number', 'parts', 'pairs'].every((name) => isCount(value[name])) &&
    typeof value['chunks'] === 'string' &&
    isPosition(value['from']) &&
    isPosition(value['to']);
  const isFault = (value: unknown): boolean =>
    isFields(value) && isCount(value['count']) && typeof value['file'] === 'string';
  if (!isFields(state)) return 'it is no object';
  if (state['format'] !== CHECKPOINT_FORMAT) return `its format is ${String(state['format'])}`;
  for (const name of COUNTS) if (!isCount(state[name])) return `${name} is no count`;
  for (const name of ['tokensDone', 'trainedSeconds']) if (!Number.isFinite(state[name])) return `${name} is no number`;
  if (state['loss'] !== null && !Number.isFinite(state['loss'])) return 'loss is no number';
  if (typeof state['vocabulary'] !== 'string') return 'vocabulary is no fingerprint';
  if (!['string', 'undefined'].includes(typeof state['target'])) return 'target is no text';
  const { training, corpus, episodes, heldOut } = state as Readonly<
    Record<'training' | 'corpus' | 'episodes' | 'heldOut', unknown>
  >;
  const wrong = wrongTraining(training);
  if (wrong !== null) return wrong;
  if (!isFields(corpus) || !isCount(corpus['files']) || !isCount(corpus['bytes'])) return 'corpus is missing';
  for (const name of ['layout', 'pins'])
    if (!['string', 'undefined'].includes(typeof corpus[name])) return `corpus.${name} is no digest`;
  const faults = state['textFaults'];
  if (!isFields(faults) || !isFault(faults['replaced']) || !isFault(faults['cut'])) return 'textFaults is missing';
  const { counts } = state;
  if (!isFields(counts) || typeof counts['source'] !== 'string' || !isCount(counts['tokens']))
    return 'counts are missing';
  if (!isFields(heldOut) || !isCount(heldOut['limit']) || !isCount(heldOut['lines'])) return 'heldOut is missing';
  if (heldOut['best'] !== null && !Number.isFinite(heldOut['best'])) return 'heldOut.best is no number';
  const wrongChange = state['steering'] === undefined ? null : wrongSteering(state['steering']);
  if (wrongChange !== null) return wrongChange;
  if (!isPosition(state['next'])) return 'next is no position';
  if (!Array.isArray(episodes) || !episodes.every(isEpisode)) return 'episodes are not whole';
  return null;
}

export function otherFormat(path: string, format: unknown): TributaryError {
  return new TributaryError(
    'CHECKPOINT_FORMAT',
    `${path} is of format ${String(format)}, this version reads and writes ${CHECKPOINT_FORMAT}`,
    { hint: 'Go on with the version of Tributary that began the run, or start a new run.' },
  );
}

export function corruptCheckpoint(what: string, cause?: unknown): TributaryError {
  return new TributaryError('CHECKPOINT_CORRUPT', what, {
    hint: 'Restore the folder from a copy, or start a new run.',
    cause,
  });
}

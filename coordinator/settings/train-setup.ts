// What stands before a run: its configuration from the options, its folder, its certificate.
import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parsePairs, parseQuestions } from '../../word2vec/evaluation/question-files.ts';
import { parseHdfsSpec } from '../corpus/hdfs.ts';
import { EXIT, TributaryError } from '../errors.ts';
import type { ProbeFile, QuestionFile, RunConfig, TrainingConfig } from '../run/config.ts';
import { defaultAlpha } from '../run/config.ts';
import type { TlsKeys } from '../server/tls.ts';
import { readTls, selfSigned } from '../server/tls.ts';
import { readParsed } from './input-files.ts';
import type { TrainOptions } from './train-options.ts';
import { FIXED_BY_CHECKPOINT } from './train-options.ts';

/** @throws TributaryError RESUME_OPTIONS when a corpus or settings are given that the checkpoint holds */
export function refuseFixedOptions(corpus: readonly string[], isGiven: (name: keyof TrainOptions) => boolean): void {
  const given = FIXED_BY_CHECKPOINT.filter((name) => isGiven(name)).map(
    (name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  );
  if (corpus.length > 0) given.unshift('a corpus');
  if (given.length > 0) {
    throw new TributaryError(
      'RESUME_OPTIONS',
      `--resume takes the run's settings from its checkpoint; ${given.join(', ')} cannot be given again`,
      {
        hint: 'Leave them out, or start a new run without --resume.',
        exit: EXIT.usage,
      },
    );
  }
}

/** @throws TributaryError OPTIONS_CONFLICT for options that mean nothing together */
function refuseConflicts(
  { schedule, descent, hs, model }: TrainOptions,
  given: (name: keyof TrainOptions) => boolean,
): void {
  if (model === 'cbow' && hs) {
    throw conflict('CBOW is trained with negative samples alone', 'Leave --hs out, or give --model skipgram.');
  }
  if (model === 'cbow' && schedule === 'grid') {
    throw conflict(
      'the grid cannot train CBOW: the contexts of a window lie in different parts',
      'Give --schedule downpour, or --model skipgram.',
    );
  }
  if (hs && given('negative')) {
    throw conflict(
      'hierarchical softmax trains the nodes of a tree and draws no negatives',
      'Leave --negative out, or --hs.',
    );
  }
  if (schedule === 'grid' && descent !== undefined) {
    throw conflict(
      'the grid merges nothing: no two volunteers touch the same row, and every delta is added as it is',
      'Leave --descent out, or give --schedule downpour.',
    );
  }
}

function conflict(message: string, hint: string): TributaryError {
  return new TributaryError('OPTIONS_CONFLICT', message, { hint, exit: EXIT.usage });
}

/**
 * The run that the options describe, and its folder.
 * @throws TributaryError OPTIONS_CONFLICT
 */
export function freshConfig(
  corpus: readonly string[],
  options: TrainOptions,
  isGiven: (name: keyof TrainOptions) => boolean,
): Pick<RunConfig, 'training' | 'out' | 'target'> {
  refuseConflicts(options, isGiven);
  const descent = options.schedule === 'grid' ? null : (options.descent ?? 'saturation');
  // The checkpoint and the journal are written often and read at a resume: they stay on this machine.
  const target = options.out !== undefined && parseHdfsSpec(options.out) !== undefined ? options.out : undefined;
  const out = target === undefined && options.out !== undefined ? options.out : runFolder();
  const training: TrainingConfig = {
    corpus: corpus.length > 0 ? corpus.map(fixedPlace) : ['sample:'],
    vocab: options.vocab === '' ? '' : fixedPlace(options.vocab),
    lowercase: options.lowercase,
    tokenizer: options.tokenizer,
    digits: options.digits,
    sentence: options.sentence,
    dim: options.dim,
    window: options.window,
    negative: options.hs ? 0 : options.negative,
    sample: options.sample,
    minCount: options.minCount,
    maxVocab: options.maxVocab,
    epochs: options.epochs,
    alpha: options.alpha ?? defaultAlpha(descent),
    seed: options.seed,
    model: options.model,
    hs: options.hs,
    schedule: options.schedule,
    descent,
    batch: options.batch,
    rowsDown: options.rowsDown ?? options.rows,
    rowsUp: options.rowsUp ?? options.rows,
  };
  return { training, out, target };
}

function runFolder(): string {
  return join('runs', new Date().toISOString().slice(0, 19).replaceAll(':', '-') + 'Z');
}

/** A local path is made absolute, so that the run can be resumed from any folder. */
function fixedPlace(spec: string): string {
  return spec === '' || spec.startsWith('sample:') || /^[A-Za-z][A-Za-z0-9+.-]+:\/\//.test(spec) ? spec : resolve(spec);
}

/** Makes the folder; one with anything in it is somebody's work. */
export async function claim(out: string): Promise<void> {
  let entries: string[] = [];
  try {
    await mkdir(out, { recursive: true });
    entries = await readdir(out);
  } catch (cause) {
    throw new TributaryError(
      'OUT_UNUSABLE',
      `cannot make the folder ${out}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        hint: 'Give --out a folder that can be made.',
        cause,
      },
    );
  }
  if (entries.length > 0) {
    throw new TributaryError('OUT_EXISTS', `${out} exists and is not empty`, {
      hint: `Give --out another folder, or --resume ${out} to go on with that run.`,
      exit: EXIT.failed,
    });
  }
}

/** @throws TributaryError TLS_FILES */
export async function tlsKeys(options: TrainOptions): Promise<TlsKeys | null> {
  if (options.tlsCert !== undefined && options.tlsKey !== undefined) return readTls(options.tlsCert, options.tlsKey);
  if (options.tlsCert !== undefined || options.tlsKey !== undefined) {
    throw new TributaryError('TLS_FILES', '--tls-cert and --tls-key belong together', {
      hint: 'Give both, or --tls self-signed.',
      exit: EXIT.usage,
    });
  }
  return options.tls === undefined ? null : selfSigned(options.host);
}

/** A run that came to nothing leaves no empty folder behind. Resolves with whether this one has. */
export async function removeIfEmpty(out: string): Promise<boolean> {
  try {
    await rmdir(out);
    return true;
  } catch (error) {
    // ENOTEMPTY (EEXIST on some systems): there is a run in it. ENOENT: somebody was faster.
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(code))
      process.stderr.write(`${out} is empty and could not be removed (${code})\n`);
    return false;
  }
}

/** @throws TributaryError FILE_NOT_FOUND, QUESTIONS_LINE and the like, naming the file */
export async function readProbeQuestions(file: string | undefined): Promise<QuestionFile | null> {
  return file === undefined ? null : { file, sections: await readParsed(file, parseQuestions) };
}

/** @throws TributaryError FILE_NOT_FOUND, PAIRS_LINE and the like, naming the file */
export function readProbes(files: readonly string[] = []): Promise<ProbeFile[]> {
  return Promise.all(files.map(async (file) => ({ file, pairs: await readParsed(file, parsePairs) })));
}

// What a run keeps in its folder while it has no checkpoint yet: its settings, and beside them what is counted.
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TributaryError } from '../errors.ts';
import { keptCountsIn } from '../ingest/count-store.ts';
import { CHECKPOINT_FORMAT, corruptCheckpoint, otherFormat, wrongTraining } from './checkpoint.ts';
import type { RunConfig } from './config.ts';
import { writeBlocks } from './results.ts';

/** What a run is taken up with. */
export type KeptSettings = Pick<RunConfig, 'training' | 'target'>;

/** Of a run's folder. */
export function countingFolder(out: string): string {
  return join(out, 'counting');
}

const settingsFile = (out: string): string => join(countingFolder(out), 'settings.json');

/** Whether a run began in the folder, and had no checkpoint yet. */
export function wasCounting(out: string): boolean {
  return existsSync(settingsFile(out));
}

/** Whether counting is worth going on with. */
export function hasCounts(out: string): boolean {
  return keptCountsIn(countingFolder(out));
}

/**
 * From here on the run can be taken up.
 * @throws TributaryError CHECKPOINT_UNWRITABLE
 */
export async function keepSettings(out: string, { training, target }: KeptSettings): Promise<void> {
  const text = JSON.stringify({ format: CHECKPOINT_FORMAT, training, target }, null, 2);
  try {
    await mkdir(countingFolder(out), { recursive: true });
    await writeBlocks(settingsFile(out), [Buffer.from(`${text}\n`)]);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TributaryError('CHECKPOINT_UNWRITABLE', `cannot write ${settingsFile(out)}: ${why}`, {
      hint: 'Free space on that disk, or give --out another folder.',
      cause,
    });
  }
}

/** @throws TributaryError CHECKPOINT_FORMAT, CHECKPOINT_CORRUPT */
export async function readSettings(out: string): Promise<KeptSettings> {
  const path = settingsFile(out);
  let read: (Readonly<Partial<Record<keyof KeptSettings, unknown>>> & { readonly format?: unknown }) | null;
  try {
    read = JSON.parse(await readFile(path, 'utf8')) as typeof read;
  } catch (cause) {
    throw corruptCheckpoint(`${path} is missing or no JSON`, cause);
  }
  if (read?.format !== CHECKPOINT_FORMAT) throw otherFormat(path, read?.format);
  const wrong = wrongTraining(read.training);
  if (wrong !== null) throw corruptCheckpoint(`${path} has no settings of a run: ${wrong}`);
  const { training, target } = read as KeptSettings;
  return { training, target };
}

/** There is a checkpoint now, or nothing to go on with. */
export async function forgetCounting(out: string): Promise<void> {
  await rm(countingFolder(out), { recursive: true, force: true });
}

// After a failure: what is trained or counted is kept, and the error says how to go on with it.
import { join } from 'node:path';
import { EXIT, TributaryError } from '../errors.ts';
import { hasCounts } from '../run/counting-folder.ts';
import type { Run } from '../run/run.ts';

/**
 * Errors after which a checkpoint would not match the journal, would replace a good one by noise, or is written; or the
 * folder is no longer this run's, as it was closed.
 */
const NOTHING_TO_KEEP: ReadonlySet<string> = new Set([
  'JOURNAL_UNWRITABLE',
  'DIVERGED',
  'UPLOAD_FAILED',
  'INTERRUPTED',
]);

/** What is trained goes to a checkpoint. Resolves with the error to raise. */
export async function keepWork(run: Run, error: unknown): Promise<unknown> {
  const { out } = run.config;
  const final = error instanceof TributaryError && NOTHING_TO_KEEP.has(error.code);
  if (final) return error;
  if (run.training === null) return error instanceof TributaryError ? keepCounts(error, out) : error;
  const { code, message, hint, exit } =
    error instanceof TributaryError
      ? error
      : { code: 'INTERNAL', message: String((error as Error).stack ?? error), hint: undefined, exit: EXIT.failed };
  let kept: string;
  try {
    await run.checkpoint();
    kept = `The work so far is in ${join(out, 'checkpoint')}: go on with --resume ${out}`;
  } catch (second) {
    kept = `No checkpoint could be written (${second instanceof Error ? second.message : String(second)}); --resume ${out} goes on from the last one, if there is one.`;
  }
  return new TributaryError(code, message, { hint: hint === undefined ? kept : `${hint} ${kept}`, exit, cause: error });
}

/** After a failure while counting that passes, or can be mended. */
function keepCounts(error: TributaryError, out: string): TributaryError {
  const { code, message, hint, exit } = error;
  if (!/^(HDFS_|CORPUS_UNREADABLE$|CORPUS_CORRUPT$)/.test(code) || !hasCounts(out)) return error;
  const kept = `What is counted is kept: go on with --resume ${out}`;
  return new TributaryError(code, message, { hint: hint === undefined ? kept : `${hint} ${kept}`, exit, cause: error });
}

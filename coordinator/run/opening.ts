// The journal's first entry of a process, and what the log says of it.
import type { Bulletin } from './bulletin.ts';
import type { RunConfig } from './config.ts';
import type { ResumedRun } from './resume.ts';
import type { Training } from './training.ts';

export function openJournal(
  { journal, fingerprint, words, totalTokens }: Training,
  config: RunConfig,
  resumed: ResumedRun | null,
  bulletin: Bulletin,
): void {
  if (resumed === null) {
    journal.write({
      kind: 'run',
      version: config.version,
      schedule: config.training.schedule,
      vocabulary: fingerprint,
      words: words.length,
      tokens: totalTokens,
    });
    bulletin.set('preparing', "the first episode's pairs are being made");
    return;
  }
  const { number, journalSeq, tokensDone } = resumed.state;
  journal.write({ kind: 'resumed', checkpoint: number, upTo: journalSeq });
  bulletin.note('info', `resumed from checkpoint ${number} at ${((100 * tokensDone) / totalTokens).toFixed(1)} %`);
}

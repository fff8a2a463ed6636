// What a run tells its volunteers once a second: how far it is.
import type { RunProgress } from '../leases/desk-types.ts';
import type { Training } from './training.ts';

interface Figures {
  readonly tokensDone: number;
  readonly wordsPerSecond: number;
  readonly loss: number | null;
}

export function progressNews(
  { desk, totalTokens }: Training,
  { etaSeconds, loss, ...figures }: Figures & { readonly etaSeconds: number | null; readonly allWords: number },
): RunProgress {
  return {
    ...figures,
    tokensTotal: totalTokens,
    volunteers: desk.willing,
    etaSeconds: etaSeconds ?? Number.NaN,
    loss: loss ?? Number.NaN,
  };
}

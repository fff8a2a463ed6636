// What a run tells once a second: a point of the plots, and how far it is to its volunteers.
import type { HistoryPoint } from '../../protocol/status.ts';
import type { RunProgress } from '../leases/desk-types.ts';
import type { QualityWatch } from './quality-watch.ts';
import type { Training } from './training.ts';

interface Figures {
  readonly tokensDone: number;
  readonly wordsPerSecond: number;
  readonly loss: number | null;
}

export function historyPoint({ desk }: Training, quality: QualityWatch, figures: Figures): HistoryPoint {
  return {
    time: Date.now(),
    tokens: figures.tokensDone,
    loss: figures.loss,
    heldOut: quality.heldOut?.loss ?? null,
    probe: quality.probe.map(({ rho }) => rho),
    wordsPerSecond: figures.wordsPerSecond,
    volunteers: desk.willing,
  };
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

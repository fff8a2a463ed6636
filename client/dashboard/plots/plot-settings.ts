// How the operator likes the plots, remembered by the browser.
import type { Over } from './plot-data.ts';

export interface PlotSettings {
  readonly over: Over;
  /** From 0 to 0.99. */
  readonly smoothing: number;
  readonly logX: boolean;
  readonly logY: boolean;
  readonly marks: boolean;
}

const FIRST: PlotSettings = { over: 'time', smoothing: 0.6, logX: false, logY: false, marks: true };
const STORED = 'tributary.plots';

/** What was kept, each value only where it is one; the first settings for the rest. */
function checked(value: unknown): PlotSettings {
  if (typeof value !== 'object' || value === null) return FIRST;
  const kept: Partial<Record<keyof PlotSettings, unknown>> = value;
  const { over, smoothing, logX, logY, marks } = kept;
  return {
    over: over === 'words' || over === 'time' ? over : FIRST.over,
    smoothing: typeof smoothing === 'number' && smoothing >= 0 && smoothing <= 0.99 ? smoothing : FIRST.smoothing,
    logX: typeof logX === 'boolean' ? logX : FIRST.logX,
    logY: typeof logY === 'boolean' ? logY : FIRST.logY,
    marks: typeof marks === 'boolean' ? marks : FIRST.marks,
  };
}

export const plotSettingsStore = {
  read: (): PlotSettings => {
    try {
      return checked(JSON.parse(localStorage.getItem(STORED) ?? 'null'));
    } catch {
      // Nothing kept that can be read, or a browser that keeps nothing.
      return FIRST;
    }
  },
  keep: (settings: PlotSettings): void => {
    try {
      localStorage.setItem(STORED, JSON.stringify(settings));
    } catch {
      // A browser that keeps nothing: the settings last as long as the page.
    }
  },
};

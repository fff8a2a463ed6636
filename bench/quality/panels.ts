// What the plots show of a sweep: a panel for each metric, points by seed, the sequential run's mean and deviation.
import type { SimulatedResult } from './result.ts';
import type { Scores } from './scores.ts';
import type { CurvePoint } from './simulation.ts';
import type { SweepEntry } from './sweep.ts';

/** One measurement in a panel. */
export interface Series {
  /** Which line it belongs to. */
  readonly series: string;
  /** Of the variant. */
  readonly name: string;
  /** On an axis of numbers. */
  readonly x: number;
  readonly y: number;
}

export interface Panel {
  readonly title: string;
  /** null for an axis of names. */
  readonly axis: {
    readonly label: string;
    readonly scale: 'log' | 'linear';
    readonly ticks: readonly number[] | number;
  } | null;
  readonly points: readonly Series[];
  /** Of the sequential run at its best learning rate. */
  readonly band: { readonly mean: number; readonly deviation: number } | null;
}

interface Metric {
  readonly title: string;
  of(scores: Scores): number | null;
}

/** Panels of a sweep's entries; those that have nothing to show are left out. */
export function panelsOf(entries: readonly SweepEntry[]): Panel[] {
  const metrics = metricsOf(entries);
  const simulated = entries.filter((entry) => entry.simulated !== undefined);
  const byNumber = isByNumber(simulated);
  const numbers = [...new Set(simulated.map(numberOf))].toSorted((a, b) => a - b);
  const axis = byNumber ? ({ label: 'volunteers', scale: 'log', ticks: numbers } as const) : null;
  const pointsOf = (of: (result: SimulatedResult) => number | null): Series[] =>
    simulated.flatMap((entry) => {
      const y = of(entry.simulated!);
      return y === null ? [] : [{ series: seriesOf(entry), name: entry.variant, x: numberOf(entry), y }];
    });
  const band = bestSequential(entries);
  const panels: Panel[] = metrics.map(({ title, of }) => ({
    title,
    axis,
    points: pointsOf(of),
    band: bandOf(band, of),
  }));
  const shares = pointsOf(({ utilisation }) => 100 * utilisation.mean);
  panels.push({ title: "share of the volunteers' time in training, %", axis, points: shares, band: null });
  const bytes = pointsOf(({ bytesPerWord: { down, up } }) => down.total + up.total);
  panels.push({ title: 'bytes a word, down and up', axis, points: bytes, band: null });
  const axisOfTokens = { label: 'million words trained', scale: 'linear', ticks: 5 } as const;
  const curves = [
    { title: 'held-out loss while training', of: ({ heldOutLoss }: CurvePoint) => heldOutLoss },
    {
      title: 'analogies while training, %',
      of: ({ accuracy }: CurvePoint) => (accuracy == null ? null : 100 * accuracy),
    },
  ];
  for (const { title, of } of curves)
    panels.push({ title, axis: axisOfTokens, points: curvePoints(simulated, of), band: null });
  return panels.filter(({ points }) => points.length > 0);
}

function metricsOf(entries: readonly SweepEntry[]): Metric[] {
  const files = new Set(
    entries.flatMap(({ simulated, sequential }) => (simulated ?? sequential)?.similarity.map(({ file }) => file) ?? []),
  );
  return [
    { title: 'held-out loss', of: ({ heldOutLoss }) => heldOutLoss },
    { title: 'analogies, %', of: ({ analogies }) => (analogies?.accuracy == null ? null : 100 * analogies.accuracy) },
    ...Array.from(files, (name): Metric => ({
      title: `ρ of ${name}`,
      of: ({ similarity }) => similarity.find(({ file }) => file === name)?.rho ?? null,
    })),
  ];
}

/** Sequential runs at the learning rate whose analogies (loss, where there are none) are best on average. */
function bestSequential(entries: readonly SweepEntry[]): Scores[] {
  const byAlpha = new Map<string, Scores[]>();
  for (const { variant, sequential } of entries)
    if (sequential !== undefined) byAlpha.set(variant, [...(byAlpha.get(variant) ?? []), sequential]);
  const worth = (all: readonly Scores[]): number =>
    mean(all.map(({ analogies, heldOutLoss }) => analogies?.accuracy ?? -(heldOutLoss ?? Number.POSITIVE_INFINITY)));
  return [...byAlpha.values()].toSorted((a, b) => worth(b) - worth(a))[0] ?? [];
}

function bandOf(runs: readonly Scores[], of: Metric['of']): Panel['band'] {
  const values = runs.map((scores) => of(scores)).filter((value) => value !== null);
  if (values.length === 0) return null;
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return { mean: centre, deviation: values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Variants that differ in the number of volunteers, and only in that, make lines over that number. */
function isByNumber(entries: readonly SweepEntry[]): boolean {
  return new Set(entries.map(numberOf)).size > 2 && entries.every(({ variant }) => / ?N=\d+$/.test(variant));
}

function seriesOf({ variant }: SweepEntry): string {
  return variant.replace(/ ?N=\d+$/, '') || 'volunteers';
}

function numberOf({ config }: SweepEntry): number {
  return config.volunteers.volunteers;
}

function curvePoints(entries: readonly SweepEntry[], of: (point: CurvePoint) => number | null): Series[] {
  const [first] = entries;
  return entries
    .filter(({ seed }) => seed === first!.seed)
    .flatMap(({ variant, simulated }) =>
      simulated!.curve.flatMap((point) => {
        const y = of(point);
        return y === null ? [] : [{ series: variant, name: variant, x: point.tokens / 1e6, y }];
      }),
    );
}

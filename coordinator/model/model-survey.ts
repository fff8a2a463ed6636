// Lengths of all rows of the model as histograms, and the rows that nothing has changed yet: measured in slices.
import type { MatrixStatus, ModelStatus } from '../../protocol/operator.ts';
import { squaredNorm } from '../../rows/plain-rows.ts';
import { hashAt, STREAM, streamKey } from '../../word2vec/random.ts';
import { initialValue } from './model.ts';

/** Values that are read at one go: about a millisecond. */
const SLICE_VALUES = 1 << 19;
const MOST_BINS = 40;

/** What is measured of a model. */
export interface Surveyed {
  readonly rows: number;
  readonly dim: number;
  readonly version: number;
  /** Shape (rows, dim), row-major. */
  readonly input: Float32Array;
  readonly output: Float32Array;
}

export interface SurveyEdges {
  /** What the input rows began with. */
  readonly seed: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Lets other work go on between two slices. */
  readonly breathe: () => Promise<void>;
}

/** Rows change meanwhile: each is measured as it is when its turn comes. */
export async function surveyModel(model: Surveyed, { seed, time, breathe }: SurveyEdges): Promise<ModelStatus> {
  const { rows, dim, version } = model;
  const key = streamKey(seed, STREAM.initial);
  const drawn = (at: number): number => initialValue(hashAt(key, at), dim);
  return {
    modelVersion: version,
    time,
    rows,
    dim,
    input: await surveyMatrix(model.input, { rows, dim }, drawn, breathe),
    output: await surveyMatrix(model.output, { rows, dim }, () => 0, breathe),
  };
}

async function surveyMatrix(
  values: Float32Array,
  { rows, dim }: { rows: number; dim: number },
  initial: (at: number) => number,
  breathe: () => Promise<void>,
): Promise<MatrixStatus> {
  const lengths = new Float64Array(rows);
  const slice = Math.max(1, Math.floor(SLICE_VALUES / dim));
  let untouched = 0;
  for (let row = 0; row < rows; row++) {
    if (row > 0 && row % slice === 0) await breathe();
    lengths[row] = Math.sqrt(squaredNorm(values, row * dim, dim));
    if (isInitial(values, row * dim, dim, initial)) untouched++;
  }
  return { untouched, ...spread(lengths) };
}

/** Ends at the first column that differs, which is the first one of nearly every trained row. */
function isInitial(values: Float32Array, from: number, dim: number, initial: (at: number) => number): boolean {
  for (let at = from; at < from + dim; at++) if (values[at] !== initial(at)) return false;
  return true;
}

/** Lengths that are no numbers, of a run that diverged, are left out. */
function spread(all: Float64Array): Omit<MatrixStatus, 'untouched'> {
  const lengths = all.filter((length) => Number.isFinite(length));
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const sum = lengths.reduce((total, length) => total + length, 0);
  const step = binWidth(longest);
  const counts = Array.from({ length: Math.floor(longest / step) + 1 }, () => 0);
  for (const length of lengths) counts[Math.floor(length / step)]!++;
  return { mean: lengths.length === 0 ? 0 : sum / lengths.length, longest, histogram: { step, counts } };
}

/** 1, 2 or 5 times a power of ten, so that there are at most MOST_BINS bins. */
function binWidth(longest: number): number {
  if (longest === 0) return 1;
  const power = 10 ** Math.floor(Math.log10(longest / MOST_BINS));
  return power * ([1, 2, 5, 10].find((times) => longest / (times * power) < MOST_BINS) ?? 20);
}

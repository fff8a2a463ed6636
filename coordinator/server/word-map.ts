// The most frequent words and their vectors in a byte a column, as maps draw them: made at most every two seconds.
import { encodeWordMap, MOST_VECTORS } from '../../protocol/vectors.ts';
import type { Run } from '../run/run.ts';

/** While rows move, maps are made again at most this often, in ms. */
const MAP_MS = 2000;
/** Rows as they were when the stretch of time began, or when they were first asked for in it. */
interface Kept {
  readonly version: number;
  readonly madeAt: number;
  readonly scales: Float32Array;
  readonly values: Int8Array;
  /** Words that are there; the rest follows when somebody asks for it. */
  count: number;
}

/** What maps are made of. */
interface Words {
  readonly words: readonly string[];
  readonly model: { readonly dim: number; readonly version: number; readonly input: Float32Array };
}

export class WordMaps {
  readonly #run: { readonly training: Words | null };
  readonly #now: () => number;
  #kept: Kept | null = null;

  /** @param now milliseconds on a steady clock */
  constructor(run: Pick<Run, 'training'> | { readonly training: Words | null }, now: () => number) {
    this.#run = run;
    this.#now = now;
  }

  /** null before there is a model. @param top words, 1 to MOST_VECTORS */
  map(top: number): Uint8Array<ArrayBuffer> | null {
    const { training } = this.#run;
    if (training === null) return null;
    const { words, model } = training;
    const count = Math.min(top, MOST_VECTORS, words.length);
    const now = this.#now();
    // Whatever lengths are asked for, each row is rounded once in a stretch: strangers cannot make more work of it.
    let kept = this.#kept;
    if (kept === null || (kept.version !== model.version && now - kept.madeAt >= MAP_MS)) {
      const most = Math.min(MOST_VECTORS, words.length);
      kept = {
        version: model.version,
        madeAt: now,
        scales: new Float32Array(most),
        values: new Int8Array(most * model.dim),
        count: 0,
      };
      this.#kept = kept;
    }
    for (; kept.count < count; kept.count++) quantise(model, kept.count, kept);
    const { version, scales, values } = kept;
    return encodeWordMap({
      modelVersion: version,
      dim: model.dim,
      words: words.slice(0, count),
      scales: scales.subarray(0, count),
      values: values.subarray(0, count * model.dim),
    });
  }
}

/** A row is scaled by its largest magnitude ÷ 127, rounded to the nearest. */
function quantise({ dim, input }: Words['model'], word: number, { scales, values }: Kept): void {
  const at = word * dim;
  let most = 0;
  for (let d = 0; d < dim; d++) most = Math.max(most, Math.abs(input[at + d]!));
  const scale = Math.fround(most / 127);
  // A row of zeros, or of what is no number, is a point at the origin.
  if (!(scale > 0) || !Number.isFinite(scale)) return;
  scales[word] = scale;
  for (let d = 0; d < dim; d++) values[at + d] = Math.max(-127, Math.min(127, Math.round(input[at + d]! / scale)));
}

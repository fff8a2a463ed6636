// The most frequent words and their vectors in a byte a column, as maps draw them: made at most every two seconds.
import { encodeWordMap, MOST_VECTORS } from '../../protocol/vectors.ts';
import type { Run } from '../run/run.ts';

/** While rows move, maps are made again at most this often, in ms. */
const MAP_MS = 2000;
/** Answers of different lengths that are kept. */
const KEPT = 4;

interface Kept {
  readonly version: number;
  readonly madeAt: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What maps are made of. */
interface Words {
  readonly words: readonly string[];
  readonly model: { readonly dim: number; readonly version: number; readonly input: Float32Array };
}

export class WordMaps {
  readonly #run: { readonly training: Words | null };
  readonly #now: () => number;
  /** By number of words, the oldest first. */
  readonly #kept = new Map<number, Kept>();

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
    const known = this.#kept.get(count);
    const now = this.#now();
    if (known !== undefined && (known.version === model.version || now - known.madeAt < MAP_MS)) return known.bytes;
    const bytes = mapOf(words.slice(0, count), model);
    this.#kept.delete(count);
    this.#kept.set(count, { version: model.version, madeAt: now, bytes });
    for (const [oldest] of this.#kept) {
      if (this.#kept.size <= KEPT) break;
      this.#kept.delete(oldest);
    }
    return bytes;
  }
}

/** Each row is scaled by its largest magnitude ÷ 127, rounded to the nearest. */
function mapOf(words: readonly string[], { dim, version, input }: Words['model']): Uint8Array<ArrayBuffer> {
  const scales = new Float32Array(words.length);
  const values = new Int8Array(words.length * dim);
  for (let word = 0; word < words.length; word++) {
    const at = word * dim;
    let most = 0;
    for (let d = 0; d < dim; d++) most = Math.max(most, Math.abs(input[at + d]!));
    const scale = Math.fround(most / 127);
    scales[word] = scale;
    // A row of zeros, or of what is no number, is a point at the origin.
    if (!(scale > 0) || !Number.isFinite(scale)) {
      scales[word] = 0;
      continue;
    }
    for (let d = 0; d < dim; d++) values[at + d] = Math.max(-127, Math.min(127, Math.round(input[at + d]! / scale)));
  }
  return encodeWordMap({ modelVersion: version, dim, words, scales, values });
}

// Leases for benchmarks: skip-gram pairs of the sample corpus, dealt into blocks as a run deals them.
import { drawTable, noiseShares, partNoise } from '../word2vec/noise.ts';
import { dealParts, type Parts } from '../word2vec/parts.ts';
import type { LeaseShape } from '../word2vec/plan.ts';
import { below, hashAt } from '../word2vec/random.ts';
import { sampleText } from './sample-text.ts';

export const WINDOW = 5;
export const NEGATIVE = 5;
export const SAMPLE = 1e-3;
export const MIN_COUNT = 5;

/** The sample corpus as one epoch of pairs. */
interface SamplePairs {
  /** As `sampleText` gives it. */
  readonly text: string;
  /** Words in the vocabulary that the epoch holds, before subsampling. */
  readonly words: number;
  /** Of each word, most frequent first. Shape (V). */
  readonly counts: Float64Array;
  /** Shape (pairs). */
  readonly inputs: Uint32Array;
  readonly outputs: Uint32Array;
}

/** Reads the sample corpus and draws one epoch of pairs: W = 5, s = 1e-3, words seen 5 times or more. */
export async function samplePairs(seed: number): Promise<SamplePairs> {
  const text = await sampleText();
  const sentences = text.split('\n').map((line) => line.split(' '));
  const tally = new Map<string, number>();
  for (const sentence of sentences) for (const word of sentence) tally.set(word, (tally.get(word) ?? 0) + 1);
  const ranked = [...tally].filter(([, count]) => count >= MIN_COUNT).sort((a, b) => b[1] - a[1]);
  const ids = new Map(ranked.map(([word], id) => [word, id]));
  const counts = Float64Array.from(ranked, ([, count]) => count);
  const words = counts.reduce((sum, count) => sum + count, 0);
  const keep = counts.map((count) => (Math.sqrt(count / (SAMPLE * words)) + 1) * ((SAMPLE * words) / count));
  const inputs: number[] = [];
  const outputs: number[] = [];
  let draws = 0;
  for (const sentence of sentences) {
    const kept: number[] = [];
    for (const word of sentence) {
      const id = ids.get(word);
      if (id !== undefined && hashAt(seed, draws++) < keep[id]! * 4294967296) kept.push(id);
    }
    for (let centre = 0; centre < kept.length; centre++) {
      const reach = 1 + below(hashAt(seed, draws++), WINDOW);
      const last = Math.min(kept.length - 1, centre + reach);
      for (let context = Math.max(0, centre - reach); context <= last; context++) {
        if (context === centre) continue;
        inputs.push(kept[context]!);
        outputs.push(kept[centre]!);
      }
    }
  }
  return { text, words, counts, inputs: Uint32Array.from(inputs), outputs: Uint32Array.from(outputs) };
}

/** Block (part, part) of the epoch for P parts, its pairs shuffled and cut into leases of at most `leasePairs`. */
export function sampleLeases(pairs: SamplePairs, parts: number, leasePairs: number, seed: number): LeaseShape[] {
  const input = dealParts(pairs.counts, parts, seed, 'input');
  const output = dealParts(pairs.counts, parts, seed, 'output');
  const part = parts - 1;
  const block = blockPairs(pairs, input, output, part);
  for (let at = block.length - 1; at > 0; at--) {
    const other = below(hashAt(seed, at), at + 1);
    [block[at], block[other]] = [block[other]!, block[at]!];
  }
  const share = noiseShares(pairs.counts, output.members)[part]!;
  const inOutputPart = pairs.outputs.reduce((sum, row) => sum + (output.partOf[row] === part ? 1 : 0), 0);
  const rate = Math.round(((NEGATIVE * share * pairs.inputs.length) / inOutputPart) * 65536);
  const noise = drawTable(partNoise(pairs.counts, output.members[part]!));
  const leases: LeaseShape[] = [];
  for (let start = 0; start < block.length; start += leasePairs) {
    const chosen = block.slice(start, start + leasePairs);
    leases.push({
      seed,
      episode: 0,
      block: part * parts + part,
      firstChunk: start / CHUNK_PAIRS,
      chunkPairs: CHUNK_PAIRS,
      minibatch: 768,
      inputs: Uint32Array.from(chosen, (pair) => input.localOf[pairs.inputs[pair]!]!),
      outputs: Uint32Array.from(chosen, (pair) => output.localOf[pairs.outputs[pair]!]!),
      targets: 'positive',
      inputPartSize: input.members[part]!.length,
      outputPartSize: output.members[part]!.length,
      noise,
      negatives: { kind: 'coupled', rate },
    });
  }
  return leases;
}

const CHUNK_PAIRS = 768 * 10;

function blockPairs(pairs: SamplePairs, input: Parts, output: Parts, part: number): number[] {
  const found: number[] = [];
  for (let at = 0; at < pairs.inputs.length; at++) {
    if (input.partOf[pairs.inputs[at]!] === part && output.partOf[pairs.outputs[at]!] === part) found.push(at);
  }
  return found;
}

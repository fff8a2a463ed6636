// The sequential reference at the speed of SIMD: the same pairs and draws in the same order, up to float rounding.
import { buildHuffman, type HuffmanTree } from './huffman.ts';
import type { ReferenceModel } from './reference.ts';
import { type Draws, SeededDraws } from './sequential-draws.ts';
import { SequentialProgram } from './sequential-program.ts';
import {
  type CentreTrainer,
  checkSequential,
  type SequentialConfig,
  type Sentences,
  walkCorpus,
} from './sequential-walk.ts';

/**
 * As `trainReference`: from the same arguments it trains the same model, up to the rounding of sums in other orders.
 * `sentences` may leave out lines that are held out; `counts` are those of what it yields in one epoch.
 * @throws Word2vecError REFERENCE_CONFIG, REFERENCE_WORD, REFERENCE_MEMORY
 */
export async function trainSequential(
  sentences: Sentences,
  counts: ArrayLike<number>,
  config: SequentialConfig,
  seed: number,
): Promise<ReferenceModel> {
  checkSequential(config, counts);
  const { objective, dim, window, negative } = config;
  const words = counts.length;
  const draws = new SeededDraws(counts, seed);
  const listed = objective === 'cbow' ? 2 * window : 0;
  const outOfRange = objective === 'hs' ? 'skip' : 'clamp';
  const program = await SequentialProgram.create({ words, dim, listed, outOfRange });
  for (let word = 0; word < words; word++) {
    for (let d = 0; d < dim; d++) program.setInput(word, d, (draws.initial() - 0.5) / dim);
  }
  const trainer =
    objective === 'hs'
      ? new HierarchicalSteps(program, buildHuffman(counts))
      : objective === 'cbow'
        ? new BagSteps(program, negative, draws)
        : new SkipGramSteps(program, negative, draws);
  const pairs = await walkCorpus(sentences, counts, config, draws, trainer);
  program.run();
  return { ...program.matrices(), pairs };
}

class SkipGramSteps implements CentreTrainer {
  readonly #program: SequentialProgram;
  readonly #negative: number;
  readonly #draws: Draws;

  constructor(program: SequentialProgram, negative: number, draws: Draws) {
    this.#program = program;
    this.#negative = negative;
    this.#draws = draws;
  }

  trainCentre(sentence: Int32Array, first: number, centre: number, last: number, alpha: number): void {
    const program = this.#program;
    const word = sentence[centre]!;
    for (let context = first; context <= last; context++) {
      if (context === centre) continue;
      program.beginPair(sentence[context]!, alpha);
      targets(program, word, this.#negative, this.#draws);
      program.endPair();
    }
  }
}

class BagSteps implements CentreTrainer {
  readonly #program: SequentialProgram;
  readonly #negative: number;
  readonly #draws: Draws;

  constructor(program: SequentialProgram, negative: number, draws: Draws) {
    this.#program = program;
    this.#negative = negative;
    this.#draws = draws;
  }

  trainCentre(sentence: Int32Array, first: number, centre: number, last: number, alpha: number): void {
    const program = this.#program;
    for (let context = first; context <= last; context++) if (context !== centre) program.listWord(sentence[context]!);
    program.beginBag(alpha);
    targets(program, sentence[centre]!, this.#negative, this.#draws);
    program.endBag();
  }
}

class HierarchicalSteps implements CentreTrainer {
  readonly #program: SequentialProgram;
  readonly #tree: HuffmanTree;

  constructor(program: SequentialProgram, tree: HuffmanTree) {
    this.#program = program;
    this.#tree = tree;
  }

  trainCentre(sentence: Int32Array, first: number, centre: number, last: number, alpha: number): void {
    const program = this.#program;
    const { start, path, codes } = this.#tree;
    const word = sentence[centre]!;
    for (let context = first; context <= last; context++) {
      if (context === centre) continue;
      program.beginPair(sentence[context]!, alpha);
      for (let step = start[word]!; step < start[word + 1]!; step++)
        program.target(path[step]!, codes[step] === 0 ? 1 : 0);
      program.endPair();
    }
  }
}

/** The centre with label 1, then the draws with label 0; one that draws the centre is skipped, not drawn again. */
function targets(program: SequentialProgram, centre: number, negative: number, draws: Draws): void {
  program.target(centre, 1);
  for (let k = 0; k < negative; k++) {
    const drawn = draws.noise();
    if (drawn !== centre) program.target(drawn, 0);
  }
}

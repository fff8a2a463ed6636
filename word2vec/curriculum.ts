// How a run is cut into episodes and parts: pure arithmetic on tokens trained so far.

export interface Curriculum {
  /** In-vocabulary tokens in one epoch, before subsampling. */
  readonly epochTokens: number;
  readonly epochs: number;
  /** Share of what is trained that the next episode may hold, φ. */
  readonly growth: number;
  /** First episode's share of an epoch, E₀. */
  readonly first: number;
  /** Kept tokens per token, after subsampling: turns corpus tokens into training tokens. */
  readonly keptShare: number;
  /** Most kept tokens an episode may hold; bounds the memory of its pairs. */
  readonly maxKept: number;
  /** Kept tokens that a block should hold at least, u; below it, fewer parts are used. */
  readonly blockTokens: number;
  readonly maxParts: number;
  /** Least parts, where the episode is large enough for them. */
  readonly leastParts: number;
  /** Parts for each volunteer. */
  readonly partsPerVolunteer: number;
}

/**
 * End of the episode that starts at `tokens`, in corpus tokens: E = max(E₀, φ·t), cut at `maxKept`; a rest shorter
 * than a fifth of it joins it. docs/architecture.md, "Episodes".
 */
export function episodeEnd(tokens: number, plan: Curriculum): number {
  const total = plan.epochTokens * plan.epochs;
  const bound = Math.max(1, Math.floor(plan.maxKept / plan.keptShare));
  const wanted = Math.max(Math.ceil(plan.first * plan.epochTokens), Math.floor(plan.growth * tokens), 1);
  const length = Math.min(wanted, bound);
  const rest = total - tokens;
  return rest < length * 1.2 ? total : tokens + length;
}

/**
 * Parts for an episode of `tokens` corpus tokens: `partsPerVolunteer` times the volunteers (slack lets fast ones pass
 * slow ones and prefetch), at least `leastParts` so that a newcomer finds a free block, but never so many that a block
 * holds less than `blockTokens`.
 */
export function partCount(tokens: number, volunteers: number, plan: Curriculum): number {
  const affordable = Math.floor(Math.sqrt((tokens * plan.keptShare) / plan.blockTokens));
  const wanted = Math.max(plan.leastParts, Math.ceil(plan.partsPerVolunteer * volunteers));
  return Math.max(1, Math.min(affordable, wanted, plan.maxParts));
}

/** Twice as many leave the root's block the longest, and the others slack to pass each other. */
const PARTS_PER_TARGET = 2;

/**
 * The bounds of a curriculum whose pairs have `targets` dot products each instead of one positive: under hierarchical
 * softmax as many as a path is long. An episode holds so many times fewer tokens for its memory, and a block of so many
 * times fewer is as much work. The root is in every path, so that one lease at a time trains 1/`targets` of all there is:
 * more volunteers than `targets` are never busy, and more than twice as many parts only cut the other blocks smaller.
 */
export function withTargets<Plan extends Pick<Curriculum, 'maxKept' | 'blockTokens' | 'maxParts'>>(
  plan: Plan,
  targets: number,
): Plan {
  return {
    ...plan,
    maxKept: plan.maxKept / targets,
    blockTokens: plan.blockTokens / targets,
    maxParts: Math.max(1, Math.min(plan.maxParts, Math.floor(PARTS_PER_TARGET * targets))),
  };
}

/** Pairs of a minibatch per row of a part, at most: measured in docs/quality.md, "Minibatch and damping". */
const PAIRS_PER_ROW = 0.45;
const MINIBATCHES = [192, 384, 768, 1536, 3072];

/**
 * Pairs per minibatch for P parts of a vocabulary of `words`: a block's rows repeat the more often the fewer they are,
 * so the number of pairs per row is bounded, in steps that divide a chunk.
 */
export function minibatchPairs(parts: number, words: number): number {
  const bound = (PAIRS_PER_ROW * words) / parts;
  return MINIBATCHES.findLast((pairs) => pairs <= bound) ?? MINIBATCHES[0]!;
}

/** Learning rate at `tokens` of `total` corpus tokens: linear from alpha to alpha·1e-4, as in word2vec.c. */
export function learningRate(alpha: number, tokens: number, total: number): number {
  return alpha * Math.max(1e-4, 1 - tokens / total);
}

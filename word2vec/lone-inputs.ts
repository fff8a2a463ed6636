// How often a block of the grid draws negative inputs on their own, so that every output row gets its due.

/** Most negative inputs per pair: a block far poorer in pairs would fill its minibatches with negatives. */
export const MOST_LONE = 8;

/**
 * Negative inputs per pair for the blocks (i, j) of one output part j. The due of block (i, j) is Q_j·n_i of them, each
 * to meet K draws: in all Q_j·n, so that row u of part j meets K·n·q_u draws, as without a grid. A block without pairs
 * cannot draw, and a poor one only MOST_LONE per pair: what they lack goes to the part's other blocks, in proportion
 * to their dues. Only the inputs' side pays for that: those of part i meet fewer rows of part j, others more.
 * @param pairs n_ij, pairs of each block. Shape (P)
 * @param inputPairs n_i, pairs with each input part. Shape (P)
 * @param share Q_j
 * @returns 0 for a block without pairs; MOST_LONE for all others where even that is not enough. Shape (P)
 */
export function loneInputs(pairs: ArrayLike<number>, inputPairs: ArrayLike<number>, share: number): Float64Array {
  const rates = new Float64Array(pairs.length);
  let open: number[] = [];
  let due = 0;
  for (let part = 0; part < pairs.length; part++) {
    due += share * inputPairs[part]!;
    if (pairs[part]! > 0) open.push(part);
  }
  while (open.length > 0) {
    const weight = open.reduce((sum, part) => sum + inputPairs[part]!, 0);
    const factor = due / weight;
    const poor = open.filter((part) => factor * inputPairs[part]! > MOST_LONE * pairs[part]!);
    if (poor.length === 0) {
      for (const part of open) rates[part] = (factor * inputPairs[part]!) / pairs[part]!;
      break;
    }
    for (const part of poor) {
      rates[part] = MOST_LONE;
      due -= MOST_LONE * pairs[part]!;
    }
    open = open.filter((part) => rates[part] === 0);
  }
  return rates;
}

// How evenly a block's pairs fall into g × g sub-blocks: what a grid inside the tab could keep busy of its g workgroups.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { dealParts } from '../word2vec/parts.ts';
import { below, hashAt } from '../word2vec/random.ts';
import { type Circumstances, circumstances, record } from './record.ts';
import { MIN_COUNT, SAMPLE, WINDOW } from './sample-leases.ts';
import { sampleText } from './sample-text.ts';

const SUB_PARTS = [2, 3, 4, 6, 8, 12, 16] as const;
const PARTS = [1, 4, 16] as const;
/** So many of the most frequent words are left out, to be trained in another way. */
const APART = [0, 64, 512] as const;
const SEED = 1;

interface Balance {
  /** P of the run: the block is one of P × P. */
  readonly parts: number;
  /** g: the block is cut into g × g sub-blocks. */
  readonly subParts: number;
  readonly apart: number;
  /** Pairs with neither word among those apart, of all. */
  readonly share: number;
  /** Pairs over g × the sum of the largest sub-block of each of the g rounds; over all blocks. At most 1. */
  readonly utilisation: number;
}

interface Entry extends Circumstances {
  readonly vocabulary: number;
  readonly pairs: number;
  readonly balances: readonly Balance[];
}

/** @param corpus a text file with a sentence per line; the sample corpus when undefined */
export async function benchBalance(options: {
  readonly json: boolean;
  readonly corpus: string | undefined;
}): Promise<void> {
  const about = circumstances();
  const text = options.corpus === undefined ? (await sampleText()).split('\n') : null;
  const lines = (): AsyncIterable<string> | Iterable<string> =>
    text ?? createInterface({ input: createReadStream(options.corpus!), crlfDelay: Infinity });
  const { ids, counts } = await countWords(lines());
  const words = counts.reduce((sum, count) => sum + count, 0);
  const keep = counts.map((count) =>
    Math.min(1, (Math.sqrt(count / (SAMPLE * words)) + 1) * ((SAMPLE * words) / count)),
  );
  const kept = counts.map((count, id) => count * keep[id]!);
  const grids = PARTS.flatMap((parts) => SUB_PARTS.map((subParts) => new SubGrid(kept, parts, subParts)));
  let pairs = 0;
  await eachPair(lines(), ids, keep, (input, output) => {
    pairs++;
    for (const grid of grids) grid.add(input, output);
  });
  const balances = grids.flatMap((grid) => APART.map((_, at) => grid.balance(at, pairs)));
  const entry: Entry = { ...about, vocabulary: counts.length, pairs, balances };
  record('balance', entry);
  if (options.json) process.stdout.write(`${JSON.stringify(entry)}\n`);
  else for (const balance of balances) print(balance);
}

/** Pairs of each cell of the (P·g)² grid, for each number of words apart. */
class SubGrid {
  readonly #parts: number;
  readonly #subParts: number;
  readonly #inputCell: Uint16Array;
  readonly #outputCell: Uint16Array;
  readonly #counts: readonly Float64Array[];

  constructor(weights: Float64Array, parts: number, subParts: number) {
    this.#parts = parts;
    this.#subParts = subParts;
    this.#inputCell = cells(weights, parts, subParts, 'input');
    this.#outputCell = cells(weights, parts, subParts, 'output');
    this.#counts = APART.map(() => new Float64Array((parts * subParts) ** 2));
  }

  add(input: number, output: number): void {
    const at = this.#inputCell[input]! * this.#parts * this.#subParts + this.#outputCell[output]!;
    const rarer = Math.min(input, output);
    for (let set = 0; set < APART.length; set++) if (rarer >= APART[set]!) this.#counts[set]![at]!++;
  }

  balance(set: number, pairs: number): Balance {
    const counts = this.#counts[set]!;
    const [parts, g] = [this.#parts, this.#subParts];
    let total = 0;
    let time = 0;
    for (let block = 0; block < parts * parts; block++) {
      const [row, column] = [Math.floor(block / parts) * g, (block % parts) * g];
      for (let round = 0; round < g; round++) {
        let longest = 0;
        for (let w = 0; w < g; w++) {
          const count = counts[(row + w) * parts * g + column + ((w + round) % g)]!;
          total += count;
          longest = Math.max(longest, count);
        }
        time += g * longest;
      }
    }
    return { parts, subParts: g, apart: APART[set]!, share: total / pairs, utilisation: total / time };
  }
}

/** Of each word the cell part · g + sub-part, both dealt by weight as a run deals its parts. Shape (V). */
function cells(weights: Float64Array, parts: number, subParts: number, matrix: 'input' | 'output'): Uint16Array {
  const whole = dealParts(weights, parts, SEED, matrix);
  const cell = new Uint16Array(weights.length);
  for (const [part, members] of whole.members.entries()) {
    const own = Float64Array.from(members, (id) => weights[id]!);
    const { partOf } = dealParts(own, subParts, SEED + 1 + part, matrix);
    for (const [at, id] of members.entries()) cell[id] = part * subParts + partOf[at]!;
  }
  return cell;
}

async function countWords(
  lines: AsyncIterable<string> | Iterable<string>,
): Promise<{ ids: Map<string, number>; counts: Float64Array }> {
  const tally = new Map<string, number>();
  for await (const line of lines) for (const word of line.split(' ')) tally.set(word, (tally.get(word) ?? 0) + 1);
  tally.delete('');
  const ranked = [...tally].filter(([, count]) => count >= MIN_COUNT).sort((a, b) => b[1] - a[1]);
  return {
    ids: new Map(ranked.map(([word], id) => [word, id])),
    counts: Float64Array.from(ranked, ([, count]) => count),
  };
}

/** One epoch of skip-gram pairs: subsampled, windows of 1 to WINDOW. */
async function eachPair(
  lines: AsyncIterable<string> | Iterable<string>,
  ids: ReadonlyMap<string, number>,
  keep: Float64Array,
  take: (input: number, output: number) => void,
): Promise<void> {
  let draws = 0;
  const kept: number[] = [];
  for await (const line of lines) {
    kept.length = 0;
    for (const word of line.split(' ')) {
      const id = ids.get(word);
      if (id !== undefined && hashAt(SEED, draws++) < keep[id]! * 4294967296) kept.push(id);
    }
    for (let centre = 0; centre < kept.length; centre++) {
      const reach = 1 + below(hashAt(SEED, draws++), WINDOW);
      const last = Math.min(kept.length - 1, centre + reach);
      for (let context = Math.max(0, centre - reach); context <= last; context++) {
        if (context !== centre) take(kept[context]!, kept[centre]!);
      }
    }
  }
}

function print({ parts, subParts, apart, share, utilisation }: Balance): void {
  const percent = (value: number): string => `${(100 * value).toFixed(0)} %`.padStart(6);
  process.stdout.write(
    `P=${String(parts).padEnd(3)} g=${String(subParts).padEnd(3)} ${String(apart).padStart(4)} words apart:` +
      `${percent(utilisation)} of ${subParts} workgroups busy, with${percent(share)} of the pairs\n`,
  );
}

// The options of `bench -- quality`: those of `tributary train` that vectors depend on, the schedule's settings, the
// volunteers and their links, and what to score against.
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { availableParallelism } from 'node:os';
import { wholeNumber } from '../../coordinator/settings/option-values.ts';
import type { DescentRule } from '../../coordinator/descent/descent.ts';
import { DESCENT_RULES } from '../../coordinator/descent/descent.ts';
import { SCHEDULE } from '../../coordinator/run/config.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { RowFormat } from '../../protocol/rows.ts';

/** The sequential run does best near it (docs/quality.md). */
const SEQUENTIAL_ALPHA = 0.05;

export interface QualityOptions {
  readonly corpus: string;
  readonly maxWords: number;
  readonly vocab: string;
  readonly dim: number;
  readonly window: number;
  readonly negative: number;
  readonly sample: number;
  readonly minCount: number;
  readonly maxVocab: number;
  readonly epochs: number;
  readonly seed: number;
  readonly alpha?: number;
  readonly sequentialAlpha: number;
  readonly model: 'skipgram' | 'cbow';
  readonly hs: boolean;
  readonly schedule: 'grid' | 'downpour';
  readonly descent?: DescentRule;
  readonly flightOfRun: number;
  readonly flightOfDone: number;
  readonly batch: number;
  readonly rowsDown: RowFormat;
  readonly rowsUp: RowFormat;
  readonly damping?: number;
  readonly growth: number;
  readonly first: number;
  readonly maxKept: number;
  readonly blockTokens: number;
  readonly leastParts: number;
  readonly maxParts: number;
  readonly partsPerVolunteer: number;
  readonly coupledParts: number;
  readonly partRows: number;
  readonly chunkPairs: number;
  readonly leaseMs: number;
  readonly volunteers: number;
  readonly pairsPerSecond: number;
  readonly speeds: number;
  readonly bandwidth: number;
  readonly rtt: number;
  readonly deaths: number;
  readonly ingestSpeed: number;
  readonly threads: number;
  readonly questions?: string;
  readonly similarity?: readonly string[];
  readonly skipReference: boolean;
  readonly skipVolunteers: boolean;
  readonly reference?: string;
  readonly curve: boolean;
  readonly curveAnalogies: boolean;
  readonly save?: string;
  readonly json: boolean;
}

function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= least && value <= most))
      throw new InvalidArgumentError(`A number from ${least} to ${most} belongs here.`);
    return value;
  };
}

/** npm changes to the project's folder; paths are meant from where the command was given. */
export function path(text: string): string {
  return resolve(process.env['INIT_CWD'] ?? '.', text);
}

export function paths(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), path(text)];
}

export function corpus(text: string): string {
  return text.startsWith('sample:') || text.includes('://') ? text : path(text);
}

/** Fastest over slowest. */
function spread(text: string): number {
  if (text === 'equal') return 1;
  if (text === 'spread') return 4;
  const [, slow, fast] = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  const ratio = Number(fast) / Number(slow);
  if (!(ratio >= 1 && ratio <= 1e6)) throw new InvalidArgumentError('equal, spread or SLOWEST-FASTEST belongs here.');
  return ratio;
}

export function qualityOptions(): Option[] {
  const option = (flags: string, help: string): Option => new Option(flags, help);
  const real = (flags: string, help: string, least: number, most: number, value: number): Option =>
    option(flags, help).argParser(number(least, most)).default(value);
  const whole = (flags: string, help: string, least: number, most: number, value: number): Option =>
    option(flags, help).argParser(wholeNumber(least, most)).default(value);
  const formats = (flags: string, help: string, choices: readonly RowFormat[]): Option =>
    option(flags, help).choices(choices).default('int8');
  return [
    option('--corpus <file>', 'text to train on, as for tributary train').argParser(corpus).makeOptionMandatory(),
    whole('--max-words <n>', 'only the first n words of it; 0: all', 0, 1e12, 0),
    option('--vocab <file>', 'word list that restricts the vocabulary').argParser(path).default('', 'none'),
    whole('--dim <n>', 'dimensions of a vector', 1, LIMITS.dim, 100),
    whole('--window <n>', 'context words on each side, at most', 1, 50, 5),
    whole('--negative <n>', 'negative samples per pair', 1, 25, 5),
    real('--sample <s>', 'subsampling threshold; 0: none', 0, 1, 1e-3),
    whole('--min-count <n>', 'leave out words seen less often', 1, 1e12, 5),
    whole('--max-vocab <n>', 'keep at most so many words', 2, LIMITS.vocabulary, LIMITS.vocabulary),
    whole('--epochs <n>', 'passes over the corpus', 1, 1000, 1),
    whole('--seed <n>', 'seed of everything random', 0, 4294967295, 1),
    option('--alpha <a>', "the volunteers' learning rate at the start (default: that of tributary train)").argParser(
      number(1e-6, 1),
    ),
    real('--sequential-alpha <a>', "the sequential run's", 1e-6, 1, SEQUENTIAL_ALPHA),
    option('--model <name>', 'skipgram or cbow').choices(['skipgram', 'cbow']).default('skipgram'),
    option('--hs', 'hierarchical softmax instead of negatives').default(false),
    option('--schedule <name>', 'grid or downpour').choices(['grid', 'downpour']).default('grid'),
    option('--descent <rule>', 'how downpour merges a stale delta (default: saturation)').choices(DESCENT_RULES),
    real('--flight-of-run <share>', 'downpour: share of all words in training at once', 0, 1, SCHEDULE.flightOfRun),
    real('--flight-of-done <share>', 'downpour: share of the words trained so far', 0, 100, SCHEDULE.flightOfDone),
    whole('--batch <pairs>', 'pairs per minibatch; 0: by the rows of a part', 0, 1e6, 0),
    formats('--rows-down <format>', 'rows to the volunteers', ['f32', 'f16', 'int8']),
    formats('--rows-up <format>', 'deltas from the volunteers', ['f32', 'f16', 'int8', 'int4']),
    option('--damping <h>', "damping of rows hit often in a minibatch (default: the objective's)").argParser(
      number(0, 1000),
    ),
    real('--growth <phi>', 'share of what is trained that the next episode may hold', 0, 1000, SCHEDULE.growth),
    real('--first <share>', "the first episode's share of an epoch", 1e-6, 1, SCHEDULE.first),
    whole('--max-kept <n>', 'most kept tokens of an episode', 1, 1e9, SCHEDULE.maxKept),
    real('--block-tokens <n>', 'kept tokens that a block holds at least', 1, 1e9, SCHEDULE.blockTokens),
    whole('--least-parts <n>', 'least parts, where an episode is large enough', 1, 1024, SCHEDULE.leastParts),
    whole('--max-parts <n>', 'most parts', 1, 1024, SCHEDULE.maxParts),
    real('--parts-per-volunteer <n>', 'parts for each volunteer', 0, 64, SCHEDULE.partsPerVolunteer),
    whole('--coupled-parts <n>', 'most parts with coupled negatives', 0, 1024, SCHEDULE.coupledParts),
    whole('--part-rows <n>', 'rows that a part has at least', 1, 1e6, SCHEDULE.partRows),
    whole('--chunk-pairs <n>', 'pairs per chunk', 1, LIMITS.leasePairs, SCHEDULE.chunkPairs),
    whole('--lease-ms <ms>', 'training that a lease should be', 1, 1e6, SCHEDULE.leaseMs),
    whole('--volunteers <n>', 'virtual volunteers', 1, SCHEDULE.maxVolunteers, 1),
    real('--pairs-per-second <n>', "geometric mean of the volunteers' speeds", 1, 1e9, 1e6),
    option('--speeds <how>', 'equal, spread (1-4), or SLOWEST-FASTEST such as 1-100')
      .argParser(spread)
      .default(4, 'spread'),
    real('--bandwidth <mbit>', 'Mbit/s of each volunteer, each way', 0.001, 1e6, 100),
    real('--rtt <ms>', 'round trip', 0, 60_000, 100),
    real('--deaths <n>', 'deaths of each volunteer in an hour', 0, 3600, 0),
    real('--ingest-speed <n>', 'words that are prepared in a second; 0: four times what is trained', 0, 1e12, 0),
    whole('--threads <n>', 'threads that compute; the result does not depend on it', 1, 256, availableParallelism()),
    option('--questions <file>', 'analogy questions to score with').argParser(path),
    option('--similarity <file...>', 'word pairs with human scores to compare with').argParser(paths),
    option('--skip-reference', 'leave the sequential run out').default(false),
    option('--skip-volunteers', 'the sequential run alone').default(false),
    option('--reference <file>', 'take the sequential run from this earlier result of equal settings').argParser(path),
    option('--curve', 'held-out loss after each episode too').default(false),
    option('--curve-analogies', 'and analogies as well: slow with many words').default(false),
    option('--save <dir>', 'write the vectors there').argParser(path),
    option('--json', 'print one JSON object on stdout').default(false),
  ];
}

export function qualityCommand(act: (options: QualityOptions) => Promise<void>): Command {
  const command = new Command('npm run bench -- quality')
    .description(
      'Trains one corpus twice and scores both alike: by sequential word2vec, and by virtual volunteers on the real ' +
        'scheduler, codec, gate and CPU engine, in simulated time.',
    )
    .showHelpAfterError('(--help shows what there is)');
  for (const option of qualityOptions()) command.addOption(option);
  return command.action(act);
}

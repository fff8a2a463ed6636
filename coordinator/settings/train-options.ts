// The options of `tributary train`: names, defaults, help and checks in one place.
import { InvalidArgumentError, Option } from 'commander';
import { LIMITS } from '../../protocol/limits.ts';
import { AUDIT_RATE } from '../audit/auditor.ts';
import type { DescentRule } from '../descent/descent.ts';
import { DESCENT_RULES } from '../descent/descent.ts';
import type { Normalisation, Sentence } from '../ingest/normalisation.ts';
import { DIGITS, TOKENIZERS } from '../ingest/normalisation.ts';
import { COUNT_MEMORY_MIB, DEFAULT_ALPHA, DOWNPOUR_ALPHA, MOST_COUNT_MEMORY_MIB, SCHEDULE } from '../run/config.ts';
import { type AboutOptions, aboutOptions } from './about-options.ts';
import { type HdfsOptions, hdfsOptions } from './hdfs-options.ts';
import { wholeNumber } from './option-values.ts';

export interface TrainOptions extends HdfsOptions, AboutOptions {
  readonly out?: string;
  readonly dim: number;
  readonly window: number;
  readonly negative: number;
  readonly model: 'skipgram' | 'cbow';
  readonly hs: boolean;
  readonly sample: number;
  readonly minCount: number;
  readonly maxVocab: number;
  readonly epochs: number;
  readonly seed: number;
  readonly alpha?: number;
  readonly vocab: string;
  readonly lowercase: boolean;
  readonly tokenizer: Normalisation['tokenizer'];
  readonly digits: Normalisation['digits'];
  readonly sentence: Sentence;
  readonly countMemory: number;
  readonly schedule: 'grid' | 'downpour';
  readonly descent?: DescentRule;
  readonly batch: number;
  readonly rows: 'f32' | 'f16' | 'int8';
  readonly rowsDown?: 'f32' | 'f16' | 'int8';
  readonly rowsUp?: 'f32' | 'f16' | 'int8' | 'int4';
  readonly host: string;
  readonly port: number;
  readonly tls?: 'self-signed';
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly local: number;
  readonly auditRate: number;
  readonly exit: boolean;
  readonly resume?: string;
  readonly json: boolean;
  readonly operatorTokenFile?: string;
  readonly questions?: string;
  readonly similarity?: readonly string[];
  readonly probe?: readonly string[];
  readonly probeQuestions?: string;
}

/** Options that a resumed run takes from its checkpoint, by their names in TrainOptions. */
export const FIXED_BY_CHECKPOINT = [
  'out',
  'dim',
  'window',
  'negative',
  'model',
  'hs',
  'sample',
  'minCount',
  'maxVocab',
  'epochs',
  'seed',
  'alpha',
  'vocab',
  'lowercase',
  'tokenizer',
  'digits',
  'sentence',
  'schedule',
  'descent',
  'batch',
  'rows',
  'rowsDown',
  'rowsUp',
] as const;

function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= least && value <= most))
      throw new InvalidArgumentError(`A number from ${least} to ${most} belongs here.`);
    return value;
  };
}

const LONGEST_SENTENCE = 1000;

function sentence(text: string): Sentence {
  if (text === 'line') return text;
  const words = Number(text);
  if (!/^\d+$/.test(text) || words < 2 || words > LONGEST_SENTENCE)
    throw new InvalidArgumentError(`The word "line" or a whole number from 2 to ${LONGEST_SENTENCE} belongs here.`);
  return words;
}

export function trainOptions(): Option[] {
  const option = (flags: string, help: string): Option => new Option(flags, help);
  return [
    option(
      '--out <dir>',
      'folder for the results, or webhdfs://HOST:PORT/path; new or empty (default: runs/<UTC time>)',
    ),
    option('--dim <n>', 'dimensions of a vector, D').argParser(wholeNumber(1, LIMITS.dim)).default(100),
    option('--window <n>', 'context words on each side, at most').argParser(wholeNumber(1, 50)).default(5),
    option('--negative <n>', 'negative samples per pair').argParser(wholeNumber(1, 25)).default(5),
    option(
      '--model <name>',
      'skipgram: each word of a window predicts the centre; cbow: their mean does, with --schedule downpour and on the CPU engine alone, not under WebGPU',
    )
      .choices(['skipgram', 'cbow'])
      .default('skipgram'),
    option(
      '--hs',
      'hierarchical softmax, instead of negative samples; about 10 volunteers at most train at once',
    ).default(false, 'negative samples'),
    option('--sample <s>', 'subsampling threshold of frequent words; 0: none').argParser(number(0, 1)).default(1e-3),
    option('--min-count <n>', 'leave out words seen less often').argParser(wholeNumber(1)).default(5),
    option('--max-vocab <n>', 'keep at most so many words')
      .argParser(wholeNumber(2, LIMITS.vocabulary))
      .default(LIMITS.vocabulary, 'no limit below 2,000,000'),
    option('--epochs <n>', 'passes over the corpus').argParser(wholeNumber(1, 1000)).default(5),
    option('--seed <n>', 'seed of everything random').argParser(wholeNumber(0, 4294967295)).default(1),
    option(
      '--alpha <a>',
      `learning rate at the start, falling linearly (default: ${DEFAULT_ALPHA}; downpour ${DOWNPOUR_ALPHA.saturation}, with sum ${DOWNPOUR_ALPHA.sum})`,
    ).argParser(number(1e-6, 1)),
    option(
      '--vocab <path>',
      "words that restrict the vocabulary; or words with their counts, as a cluster's word count writes them, used instead of counting: a file, directory or glob, local or webhdfs://",
    ).default('', 'none'),
    option('--lowercase', 'lower-case words, by Unicode alone, in every language').default(false, 'words as they are'),
    option(
      '--tokenizer <name>',
      'whitespace: words are what stands between blanks; unicode: the letters, marks and numbers in it, without punctuation',
    )
      .choices(TOKENIZERS)
      .default('whitespace'),
    option('--digits <rule>', 'zero: each digit becomes 0; drop: leave out words of digits without letters')
      .choices(DIGITS)
      .default('keep'),
    option(
      '--sentence <n>',
      'a sentence per line, or every so many words of a file, whatever its lines: line, or 2 to 1000',
    )
      .argParser(sentence)
      .default('line'),
    option('--count-memory <mib>', 'memory for counting words; when it is full, rare words are forgotten')
      .argParser(wholeNumber(16, MOST_COUNT_MEMORY_MIB))
      .default(COUNT_MEMORY_MIB, `${COUNT_MEMORY_MIB}, for about 4 million different words`),
    option(
      '--schedule <name>',
      'how work is scheduled: grid gives each volunteer rows of its own; downpour gives all the same rows and merges what they made of them, which costs quality',
    )
      .choices(['grid', 'downpour'])
      .default('grid'),
    option('--descent <rule>', 'how downpour merges a stale delta (default: saturation)').choices(DESCENT_RULES),
    option('--batch <pairs>', 'pairs per minibatch')
      .argParser(wholeNumber(1, SCHEDULE.chunkPairs))
      .default(0, '192 to 3,072, by rows of a part'),
    option('--rows <format>', 'row values on the wire, both ways').choices(['f32', 'f16', 'int8']).default('int8'),
    option('--rows-down <format>', 'rows to volunteers (default: --rows)').choices(['f32', 'f16', 'int8']),
    option('--rows-up <format>', 'changes from volunteers (default: --rows)').choices(['f32', 'f16', 'int8', 'int4']),
    option('--host <address>', 'address to listen on').default('127.0.0.1'),
    option('--port <n>', 'port to listen on; 0: any free one').argParser(wholeNumber(0, 65535)).default(8080),
    option('--tls <how>', 'make a certificate for this start').choices(['self-signed']),
    option('--tls-cert <file>', 'certificate chain, PEM'),
    option('--tls-key <file>', 'key of the certificate, PEM'),
    option('--local <n>', 'volunteers in this process, on the CPU (npm start: 1)')
      .argParser(wholeNumber(0, 64))
      .default(0),
    option('--audit-rate <share>', "share of volunteers' results that are checked by replay; 0: none")
      .argParser(number(0, 1))
      .default(AUDIT_RATE),
    option('--exit', 'end when trained, instead of serving on').default(false, 'serves on'),
    option('--resume <dir>', 'go on with the interrupted run in this folder'),
    option(
      '--json',
      'one JSON object a line on stdout: listening, vocabulary, progress, done; logs go to stderr',
    ).default(false),
    option('--operator-token-file <file>', "file with the operator's token (default: a new one, printed once)"),
    option('--questions <file>', 'analogy questions to score the vectors with at the end'),
    option('--similarity <file...>', 'word pairs with human scores to compare the vectors with at the end'),
    option('--probe <file...>', 'word pairs with human scores to follow while training'),
    option('--probe-questions <file>', 'analogy questions to follow while training, 200 of them at most'),
    ...aboutOptions(),
    ...hdfsOptions(),
  ];
}

// Runs one benchmark by name: `npm run bench -- NAME [options]`.
import { parseArgs } from 'node:util';
import { type Command, CommanderError } from 'commander';
import { EXIT, TributaryError } from '../coordinator/errors.ts';

const USAGE = `usage: npm run bench -- engines [--gpu] [--json]
       npm run bench -- kernel [--gpu] [--json]
       npm run bench -- balance [--corpus FILE] [--json]
       npm run bench -- ingest [--corpus FILE] [--json]
       npm run bench -- run [--similarity FILE] [--json]
       npm run bench -- parity --corpus FILE [--help for the rest] [--json]
       npm run bench -- quality --corpus FILE --volunteers N [--help for the rest] [--json]
       npm run bench -- sweep NAME --corpus FILE [--help for the rest]
       npm run bench -- plot [--help for the rest]

engines  every engine on the same leases, in Node and in a Chromium tab, beside word2vec.c
         --gpu: the machine's GPU instead of Chromium's software adapter
kernel   the WGSL kernels as a ladder at D = 100, 300 and 900, with the memory bandwidth they reach; --gpu as above
balance  how evenly a block falls into g x g sub-blocks: the case for or against a grid inside the tab
         --corpus FILE: text with a sentence per line, instead of the sample corpus
ingest   reading a corpus from a test cluster of HDFS, counting and encoding it, beside curl and wc -w; memory
         --corpus FILE: text that is repeated to 384 MiB, instead of the sample corpus
run      whole runs on the sample corpus with one and two local volunteers, beside word2vec.c
         --similarity FILE: score the vectors with these word pairs, such as wordsim353.tsv
parity   the sequential reference beside word2vec.c and gensim on one corpus, over seeds, by one scorer
quality  virtual volunteers on the real scheduler, codec and CPU engine, beside the sequential run
sweep    a list of such measurements, kept in bench/results/quality.json
plot     draws what the sweeps left there
--json   print one JSON object instead of a table; all but quality append to bench/results/
`;

const OPTIONS = {
  json: { type: 'boolean' },
  gpu: { type: 'boolean' },
  similarity: { type: 'string' },
  corpus: { type: 'string' },
} as const;

/** Benchmarks are loaded when asked for: browsers and plots are large, and what collects garbage walks all of it. */
const load = {
  parity: async () =>
    (await import('./parity/options.ts')).parityCommand((await import('./parity/parity.ts')).runParity),
  quality: async () =>
    (await import('./quality/options.ts')).qualityCommand((await import('./quality/report.ts')).runQuality),
  plot: async () => (await import('./quality/plot.ts')).plotCommand(),
  sweep: async () => (await import('./quality/sweep.ts')).sweepCommand(),
} as const;

/** The benchmark that the arguments name, or what is wrong with them. */
function chosen(args: readonly string[]): (() => Promise<void>) | string {
  try {
    const command = Object.entries(load).find(([name]) => name === args[0]);
    if (command !== undefined) return async () => obey(await command[1](), args);
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    const { json = false, gpu, similarity, corpus } = values;
    const [name = 'a name', ...more] = positionals;
    if (more.length > 0) return `one benchmark at a time, not also ${more.join(' ')}`;
    if (name === 'balance' && gpu === undefined && similarity === undefined)
      return async () => (await import('./balance.ts')).benchBalance({ json, corpus });
    if (name === 'ingest' && gpu === undefined && similarity === undefined)
      return async () => (await import('./ingest.ts')).benchIngest({ json, corpus });
    if (corpus !== undefined) return `only balance and ingest take a corpus`;
    if (name === 'engines' && similarity === undefined)
      return async () => (await import('./engines.ts')).benchEngines({ json, gpu: gpu ?? false });
    if (name === 'kernel' && similarity === undefined)
      return async () => (await import('./kernel.ts')).benchKernel({ json, gpu: gpu ?? false });
    if (name === 'run' && gpu === undefined)
      return async () => (await import('./run.ts')).benchRun({ json, similarity });
    return ['balance', 'engines', 'ingest', 'kernel', 'run'].includes(name)
      ? `${name} has no such option`
      : `no benchmark of that name: ${name}`;
  } catch (error) {
    return (error as Error).message;
  }
}

function printUsage(): Promise<void> {
  process.stdout.write(USAGE);
  return Promise.resolve();
}

/** Options that are too many for a line of usage are read by a command of their own. */
async function obey(command: Command, args: readonly string[]): Promise<void> {
  await command.exitOverride().parseAsync(args.slice(1), { from: 'user' });
}

const args = process.argv.slice(2);
const asked = args[0] === '--help' || args[0] === '-h';
const benchmark = asked ? printUsage : chosen(args);
if (typeof benchmark === 'string') {
  process.stderr.write(`bench: ${benchmark}\n${USAGE}`);
  process.exitCode = 2;
} else {
  try {
    await benchmark();
  } catch (error) {
    // Commander has printed its message already; help is no failure.
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : EXIT.usage);
    if (!(error instanceof TributaryError)) throw error;
    process.stderr.write(
      `bench: ${error.code}: ${error.message}\n${error.hint === undefined ? '' : `  ${error.hint}\n`}`,
    );
    process.exitCode = error.exit;
  }
}

// Runs one benchmark by name: `npm run bench -- NAME [options]`.
import { parseArgs } from 'node:util';
import { TributaryError } from '../coordinator/errors.ts';
import { benchEngines } from './engines.ts';
import { benchKernel } from './kernel.ts';
import { benchRun } from './run.ts';

const USAGE = `usage: npm run bench -- engines [--gpu] [--json]
       npm run bench -- kernel [--gpu] [--json]
       npm run bench -- run [--similarity FILE] [--json]

engines  every engine on the same leases, in Node and in a Chromium tab, beside word2vec.c
         --gpu: the machine's GPU instead of Chromium's software adapter
kernel   the WGSL kernels as a ladder at D = 100, 300 and 900, with the memory bandwidth they reach; --gpu as above
run      whole runs on the sample corpus with one and two local volunteers, beside word2vec.c
         --similarity FILE: score the vectors with these word pairs, such as wordsim353.tsv
--json   print one JSON object instead of a table; both append to bench/results/
`;

const OPTIONS = { json: { type: 'boolean' }, gpu: { type: 'boolean' }, similarity: { type: 'string' } } as const;

/** The benchmark that the arguments name, or what is wrong with them. */
function chosen(args: readonly string[]): (() => Promise<void>) | string {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    const { json = false, gpu, similarity } = values;
    const [name = 'a name', ...more] = positionals;
    if (more.length > 0) return `one benchmark at a time, not also ${more.join(' ')}`;
    if (name === 'engines' && similarity === undefined) return () => benchEngines({ json, gpu: gpu ?? false });
    if (name === 'kernel' && similarity === undefined) return () => benchKernel({ json, gpu: gpu ?? false });
    if (name === 'run' && gpu === undefined) return () => benchRun({ json, similarity });
    return ['engines', 'kernel', 'run'].includes(name)
      ? `${name} has no such option`
      : `no benchmark of that name: ${name}`;
  } catch (error) {
    return (error as Error).message;
  }
}

const benchmark = chosen(process.argv.slice(2));
if (typeof benchmark === 'string') {
  process.stderr.write(`bench: ${benchmark}\n${USAGE}`);
  process.exitCode = 2;
} else {
  try {
    await benchmark();
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error;
    process.stderr.write(
      `bench: ${error.code}: ${error.message}\n${error.hint === undefined ? '' : `  ${error.hint}\n`}`,
    );
    process.exitCode = error.exit;
  }
}

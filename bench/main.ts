// Runs one benchmark by name: `tsx bench/main.ts NAME [--json]`.
import { benchEngines } from './engines.ts';

const BENCHMARKS: Readonly<Record<string, (json: boolean) => Promise<void>>> = { engines: benchEngines };

const [name = '', ...flags] = process.argv.slice(2);
const benchmark = BENCHMARKS[name];
if (benchmark === undefined || flags.some((flag) => flag !== '--json')) {
  process.stderr.write(`usage: bench NAME [--json], NAME one of: ${Object.keys(BENCHMARKS).join(', ')}\n`);
  process.exitCode = 2;
} else {
  await benchmark(flags.includes('--json'));
}

// tributary doctor: examines what a run needs on this machine and, hop by hop, the corpus.

import { createServer } from 'node:net';
import type { Command } from 'commander';
import { webGpuAdapter } from '../browser/adapter.ts';
import { findChromium, launchChromium } from '../browser/chromium.ts';
import { examineCorpus, type Finding } from '../corpus/doctor.ts';
import { EXIT, TributaryError } from '../errors.ts';
import { type Access, readAccess, type HdfsOptions, hdfsOptions } from './hdfs-options.ts';
import { wholeNumber } from './option-values.ts';

interface DoctorOptions extends HdfsOptions {
  readonly host: string;
  readonly port: number;
  readonly gpu: boolean;
  readonly json?: true;
}

/** The oldest Node that runs the coordinator. */
const NODE_LEAST = [20, 19] as const;
const PORT_MAX = 65_535;

export function register(program: Command): void {
  const command = program
    .command('doctor')
    .summary('examine this machine and a corpus')
    .description(
      'Checks Node, Chromium, its WebGPU adapter and the port, then each hop to the corpus (for HDFS: the name node, ' +
        'every data node by the name it is redirected to, permissions), and says what to change. Exit code 1 if anything failed.',
    )
    .argument('[corpus...]', 'as for tributary train: webhdfs://host:port/path, a file, directory or glob, or sample:')
    .option('--host <address>', 'address that the coordinator would listen on', '127.0.0.1')
    .option('--port <n>', 'port that the coordinator would listen on', wholeNumber(0, PORT_MAX), 8080)
    .option('--gpu', "look for this machine's GPU instead of the software adapter", false)
    .option('--json', 'print {"ok", "steps": [{"step", "ok", "detail", "hint"}]}')
    .addHelpText(
      'after',
      '\nExample:\n  tributary doctor webhdfs://namenode:9870/corpus --hdfs-host-map dn1:9864=10.0.0.5:9864',
    )
    .action(doctor);
  for (const option of hdfsOptions()) command.addOption(option);
}

async function doctor(corpus: readonly string[], options: DoctorOptions): Promise<void> {
  const findings: Finding[] = [];
  for await (const finding of examine(corpus, options, await readAccess(options))) {
    findings.push(finding);
    if (!options.json) process.stdout.write(`${findingText(finding, process.stdout.isTTY)}\n`);
  }
  const failed = findings.filter(({ ok }) => !ok).length;
  if (options.json) process.stdout.write(`${JSON.stringify({ ok: failed === 0, steps: findings })}\n`);
  else if (failed === 0) process.stdout.write(`all ${findings.length} checks passed\n`);
  if (failed === 0) return;
  // What failed is the result, not an error of this command: a second JSON object on stdout would spoil the first.
  process.exitCode = EXIT.failed;
  process.stderr.write(`${failed} of ${findings.length} checks failed\n`);
}

async function* examine(corpus: readonly string[], options: DoctorOptions, access: Access): AsyncGenerator<Finding> {
  yield examineNode(process.versions.node);
  yield* examineBrowser(options.gpu);
  yield await examinePort(options.host, options.port);
  if (corpus.length === 0) return;
  for (const warning of access.warnings) yield { step: 'files of secrets', ok: false, detail: warning };
  yield* examineCorpus(corpus, access.options);
}

/** Whether this version of Node can run the coordinator. */
export function examineNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const ok = major > NODE_LEAST[0] || (major === NODE_LEAST[0] && minor >= NODE_LEAST[1]);
  const least = NODE_LEAST.join('.');
  return { step: 'Node', ok, detail: version, ...(ok ? {} : { hint: `Install Node ${least} or newer.` }) };
}

async function* examineBrowser(gpu: boolean): AsyncGenerator<Finding> {
  let executable: string;
  try {
    executable = await findChromium();
  } catch (error) {
    yield failure('Chromium', error);
    return;
  }
  let browser;
  try {
    browser = await launchChromium({ executable, gpu });
  } catch (error) {
    yield failure('Chromium', error);
    return;
  }
  try {
    yield { step: 'Chromium', ok: true, detail: `${browser.version()} at ${executable}` };
    const adapter = await webGpuAdapter(browser);
    const kind = gpu ? 'GPU' : 'software';
    yield adapter === undefined
      ? {
          step: 'WebGPU adapter',
          ok: false,
          detail: `none (${kind})`,
          hint: gpu
            ? 'Update the graphics driver, or leave --gpu away.'
            : 'Update Chromium to 113 or newer, or join with --engine cpu.',
        }
      : { step: 'WebGPU adapter', ok: true, detail: `${adapter} (${kind})` };
  } finally {
    await browser.close();
  }
}

/** Whether the coordinator could listen there; listens for a moment to know. */
async function examinePort(host: string, port: number): Promise<Finding> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, resolve);
    });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    const hint =
      code === 'EADDRINUSE'
        ? 'End what listens there, or pass another --port (0: any free one).'
        : 'Pass another --host or --port.';
    return { step: 'port', ok: false, detail: `${host}:${port}: ${code}`, hint };
  }
  await new Promise((resolve) => server.close(resolve));
  return { step: 'port', ok: true, detail: port === 0 ? `${host}: any free one` : `${host}:${port} is free` };
}

/** A finding as lines for the terminal: ✓ or ✗, the step, what was found, and what to change. */
function findingText({ step, ok, detail, hint }: Finding, colour: boolean): string {
  const paint = (code: number, text: string): string => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const mark = ok ? paint(32, '✓') : paint(31, '✗');
  return `${mark} ${step}: ${detail}${hint === undefined ? '' : `\n  → ${hint}`}`;
}

function failure(step: string, error: unknown): Finding {
  if (!(error instanceof TributaryError)) throw error;
  return { step, ok: false, detail: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
}

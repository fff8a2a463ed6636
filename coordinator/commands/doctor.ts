// tributary doctor: examines what a run needs on this machine and, hop by hop, the corpus.

import { createServer } from 'node:net';
import type { Command } from 'commander';
import { webGpuAdapter } from '../browser/adapter.ts';
import { findChromium, launchChromium } from '../browser/chromium.ts';
import { examineCorpus } from '../corpus/doctor.ts';
import { failed, type Finding, passed, refused, since } from '../corpus/doctor/finding.ts';
import { EXIT } from '../errors.ts';
import { DoctorReport } from './doctor-report.ts';
import { type Access, readAccess, type HdfsOptions, hdfsOptions } from '../settings/hdfs-options.ts';
import { wholeNumber } from '../settings/option-values.ts';

interface DoctorOptions extends HdfsOptions {
  readonly host: string;
  readonly port: number;
  readonly gpu: boolean;
  readonly json?: true;
}

/** The oldest Node that runs the coordinator. */
const NODE_LEAST = [20, 19] as const;
const PORT_MAX = 65_535;
const MACHINE = 'this machine';

export function register(program: Command): void {
  const command = program
    .command('doctor')
    .summary('examine this machine and a corpus')
    .description(
      'Checks Node, Chromium, its WebGPU adapter and the port, then each hop to the corpus (for HDFS: each name node, ' +
        'TLS, clocks, access, permissions, blocks, and every data node by the name it is redirected to), and says what ' +
        'to change. Exit code 1 if anything failed; warnings (!) do not count.',
    )
    .argument('[corpus...]', 'as for tributary train: webhdfs://host:port/path, a file, directory or glob, or sample:')
    .option('--host <address>', 'address that the coordinator would listen on', '127.0.0.1')
    .option('--port <n>', 'port that the coordinator would listen on', wholeNumber(0, PORT_MAX), 8080)
    .option('--gpu', "look for this machine's GPU instead of the software adapter", false)
    .option('--json', 'print {"ok", "steps": [{"group", "step", "ok", "warning", "detail", "hint", "ms"}]}')
    .addHelpText(
      'after',
      '\nExample:\n  tributary doctor webhdfs://namenode:9870/corpus --hdfs-host-map dn1:9864=10.0.0.5:9864',
    )
    .action(doctor);
  for (const option of hdfsOptions()) command.addOption(option);
}

async function doctor(corpus: readonly string[], options: DoctorOptions): Promise<void> {
  const findings: Finding[] = [];
  const report = new DoctorReport(process.stdout.isTTY);
  for await (const finding of examine(corpus, options, await readAccess(options))) {
    findings.push(finding);
    if (!options.json) process.stdout.write(report.lines(finding));
  }
  const failures = findings.filter(({ ok }) => !ok).length;
  if (options.json) process.stdout.write(`${JSON.stringify({ ok: failures === 0, steps: findings })}\n`);
  else process.stdout.write(report.summary(findings));
  if (failures === 0) return;
  // What failed is the result, not an error of this command: a second JSON object on stdout would spoil the first.
  process.exitCode = EXIT.failed;
  process.stderr.write(`${failures} of ${findings.length} checks failed\n`);
}

async function* examine(corpus: readonly string[], options: DoctorOptions, access: Access): AsyncGenerator<Finding> {
  yield examineNode(process.versions.node);
  yield* examineBrowser(options.gpu);
  yield await examinePort(options.host, options.port);
  if (corpus.length === 0) return;
  for (const warning of access.warnings) yield refused(MACHINE, 'secret file', warning, undefined);
  yield* examineCorpus(corpus, access.options);
}

/** Whether this version of Node can run the coordinator. */
export function examineNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const ok = major > NODE_LEAST[0] || (major === NODE_LEAST[0] && minor >= NODE_LEAST[1]);
  const least = NODE_LEAST.join('.');
  return ok ? passed(MACHINE, 'Node', version) : refused(MACHINE, 'Node', version, `Install Node ${least} or newer.`);
}

async function* examineBrowser(gpu: boolean): AsyncGenerator<Finding> {
  const began = performance.now();
  let executable: string;
  let browser;
  try {
    executable = await findChromium();
    browser = await launchChromium({ executable, gpu });
  } catch (error) {
    yield failed(MACHINE, 'Chromium', error);
    return;
  }
  try {
    yield passed(MACHINE, 'Chromium', `${browser.version()} at ${executable}`, since(began));
    const asked = performance.now();
    const adapter = await webGpuAdapter(browser);
    const kind = gpu ? 'GPU' : 'software';
    const hint = gpu
      ? 'Update the graphics driver, or leave --gpu away.'
      : 'Update Chromium to 113 or newer, or join with --engine cpu.';
    yield adapter === undefined
      ? refused(MACHINE, 'WebGPU adapter', `none (${kind})`, hint, since(asked))
      : passed(MACHINE, 'WebGPU adapter', `${adapter} (${kind})`, since(asked));
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
    return refused(MACHINE, 'port', `${host}:${port}: ${code}`, hint);
  }
  await new Promise((resolve) => server.close(resolve));
  return passed(MACHINE, 'port', port === 0 ? `${host}: any free one` : `${host}:${port} is free`);
}

// tributary join: headless browser tabs on this machine that volunteer for a run.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { Browser } from 'playwright-core';
import { CHROMIUM_VARIABLE, findChromium, launchChromium } from '../browser/chromium.ts';
import {
  type EngineChoice,
  openVolunteers,
  type Power,
  POWERS,
  type TabStatus,
  type VolunteerTab,
} from '../browser/volunteers.ts';
import { EXIT, TributaryError } from '../errors.ts';
import { webAddress, wholeNumber } from '../settings/option-values.ts';

interface JoinOptions {
  readonly tabs: number;
  readonly engine?: EngineChoice;
  readonly power: Power;
  readonly gpu: boolean;
  readonly json?: true;
}

const STATUS_EVERY_MS = 1_000;
/** Without a terminal the line is printed when the tabs' states change, and this often otherwise. */
const QUIET_LINE_EVERY_MS = 30_000;
/** All tabs seeking the coordinator for so long means that it is gone for good. */
const LOST_AFTER_MS = 120_000;
const TABS_MAX = 256;

export function register(program: Command): void {
  program
    .command('join')
    .summary('volunteer with headless browser tabs on this machine')
    .description(
      'Opens headless Chromium tabs on the page of a coordinator, starts them, and shows what they do until the run is ' +
        'done. Without --gpu they compute on the software adapter of Chromium: the same WGSL on any machine, but slow.',
    )
    .argument('<url>', 'address that tributary train prints', webAddress)
    .option('--tabs <n>', 'how many tabs, each a volunteer of its own', wholeNumber(1, TABS_MAX), 1)
    .addOption(
      new Option('--engine <engine>', 'force the engine; the page takes WebGPU where it can unless told').choices([
        'webgpu',
        'cpu',
      ]),
    )
    .addOption(
      new Option('--power <power>', 'how busy each tab keeps its engine: low 30 %, balanced 60 %, full all of the time')
        .choices(POWERS)
        .default('full'),
    )
    .option('--gpu', "use this machine's GPU instead of the software adapter", false)
    .option('--json', 'print one JSON object a second and line: {"event": "joined" | "status" | "done", …}')
    .addHelpText(
      'after',
      `\nChromium or Chrome is looked for on PATH and in the usual places; ${CHROMIUM_VARIABLE} names another one.` +
        '\n\nExample:\n  tributary join http://127.0.0.1:8080 --tabs 4 --engine cpu',
    )
    .action(join);
}

async function join(url: URL, options: JoinOptions): Promise<void> {
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  let browser: Browser | undefined;
  try {
    browser = await launchChromium({ executable: await findChromium(), gpu: options.gpu });
    const running = volunteer(browser, url, options, interruption.signal);
    await Promise.race([running, aborted(interruption.signal)]);
  } catch (error) {
    // Closing tabs under way fails whatever they were doing; the interruption is the reason, not that failure.
    if (!interruption.signal.aborted) throw error;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    await browser?.close();
  }
  if (interruption.signal.aborted) {
    process.stderr.write('\ninterrupted: the tabs are closed, their unfinished work goes to others\n');
    process.exitCode = EXIT.interrupted;
  }
}

async function volunteer(browser: Browser, url: URL, options: JoinOptions, signal: AbortSignal): Promise<void> {
  const tabs = await openVolunteers(browser, {
    url,
    tabs: options.tabs,
    engine: options.engine,
    power: options.power,
  });
  const report = options.json ? reportJson : lineReporter(process.stdout);
  if (options.json) writeJson({ event: 'joined', url: url.href, tabs: tabs.length });
  let connectedAt = Date.now();
  let told = false;
  for (;;) {
    const statuses = await Promise.all(tabs.map((tab) => tab.status()));
    if (signal.aborted) return;
    report(statuses);
    // A tab that must have WebGPU fails without it; it takes the CPU for one reason alone.
    if (!told && options.engine === 'webgpu' && statuses.some(({ engine }) => engine === 'cpu')) {
      told = true;
      process.stderr.write('the run trains CBOW, which the WebGPU engine does not: the CPU engine is used\n');
    }
    if (tabs.every((tab) => tab.ended)) return end(tabs, statuses, options);
    if (!statuses.every(({ state }) => ENDED_OR_SEEKING.has(state))) connectedAt = Date.now();
    else if (Date.now() - connectedAt > LOST_AFTER_MS)
      throw new TributaryError('COORDINATOR_LOST', `no tab has reached ${url.origin} for ${LOST_AFTER_MS / 1000} s`, {
        hint: 'Start the coordinator again (--resume DIR) and join again.',
      });
    await sleep(STATUS_EVERY_MS, undefined, { signal });
  }
}

const ENDED_OR_SEEKING: ReadonlySet<string> = new Set(['connecting', 'done', 'left', 'error']);

/** Says how it ended. Throws VOLUNTEERS_FAILED where every tab ended in an error. */
function end(tabs: readonly VolunteerTab[], statuses: readonly TabStatus[], options: JoinOptions): void {
  const failed = statuses.filter(({ state }) => state === 'error');
  const accepted = total(statuses, ({ accepted: pieces }) => pieces);
  if (failed.length === tabs.length)
    throw new TributaryError('VOLUNTEERS_FAILED', `every tab ended in an error: ${reasonOf(failed[0]!)}`, {
      hint: '"tributary doctor" examines the browser; --engine cpu needs no WebGPU.',
    });
  for (const status of failed) process.stderr.write(`a tab failed: ${reasonOf(status)}\n`);
  if (options.json) writeJson({ event: 'done', tabs: tabs.length, failed: failed.length, accepted });
  else
    process.stdout.write(
      `\nthe run is done: ${accepted} pieces of work accepted from ${tabs.length} ${tabs.length === 1 ? 'tab' : 'tabs'}\n`,
    );
}

/** One line of text for all tabs. */
function statusLine(statuses: readonly TabStatus[]): string {
  const states = new Map<string, number>();
  for (const { state } of statuses) states.set(state, (states.get(state) ?? 0) + 1);
  const counts = [...states].map(([state, count]) => `${count} ${state}`).join(', ');
  const engines = [...new Set(statuses.map(({ engine }) => engine).filter((engine) => engine !== ''))].join(', ');
  const waiting = statuses.find(({ state, reason }) => state !== 'training' && state !== 'done' && reason !== '');
  return [
    `${statuses.length} ${statuses.length === 1 ? 'tab' : 'tabs'}${engines === '' ? '' : ` (${engines})`}: ${counts}`,
    `${Math.round(total(statuses, (status) => status.wordsPerSecond)).toLocaleString('en')} words/s`,
    `${total(statuses, (status) => status.accepted).toLocaleString('en')} accepted`,
    ...(waiting === undefined ? [] : [reasonOf(waiting)]),
  ].join(' · ');
}

/** Prints the line in place on a terminal; elsewhere when the states change and now and then. */
function lineReporter(out: NodeJS.WriteStream): (statuses: readonly TabStatus[]) => void {
  let states = '';
  let printedAt = 0;
  return (statuses) => {
    const line = statusLine(statuses);
    if (out.isTTY) {
      out.write(`\r${line.slice(0, Math.max(20, out.columns - 1))}\x1b[K`);
      return;
    }
    const now = statuses.map(({ state }) => state).join();
    if (now === states && Date.now() - printedAt < QUIET_LINE_EVERY_MS) return;
    states = now;
    printedAt = Date.now();
    out.write(`${line}\n`);
  };
}

function reportJson(statuses: readonly TabStatus[]): void {
  writeJson({
    event: 'status',
    wordsPerSecond: total(statuses, (status) => status.wordsPerSecond),
    accepted: total(statuses, (status) => status.accepted),
    tabs: statuses,
  });
}

function writeJson(event: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function total(statuses: readonly TabStatus[], figure: (status: TabStatus) => number): number {
  return statuses.reduce((sum, status) => sum + figure(status), 0);
}

function reasonOf({ error, reason, state }: TabStatus): string {
  return error || reason || state;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

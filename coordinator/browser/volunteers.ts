// Volunteer tabs in a headless browser: opened on a coordinator's page, started, and watched.

import type { Browser, Page } from 'playwright-core';
import { TributaryError } from '../errors.ts';
import { DESCRIBE_ADAPTER } from './adapter.ts';

export type EngineChoice = 'webgpu' | 'cpu';
export const POWERS = ['low', 'balanced', 'full'] as const;
export type Power = (typeof POWERS)[number];

/** What a tab says of itself (window.tributary of the volunteer page). */
export interface TabStatus {
  readonly state: string; // idle, connecting, training, waiting, paused, leaving, left, done or error
  readonly reason: string; // why it is in that state, in words
  readonly engine: string; // empty until it is chosen
  readonly device: string;
  readonly wordsPerSecond: number;
  readonly accepted: number; // pieces of work
  readonly rejected: number;
  readonly error: string; // empty while all is well
}

export interface VolunteersOptions {
  readonly url: URL; // of the volunteer page
  readonly tabs: number;
  readonly engine?: EngineChoice | undefined; // the page chooses unless told
  readonly power?: Power; // share of the time that a tab computes; full unless told
}

const OPEN_MS = 30_000; // to load the page
const START_BUTTON_MS = 10_000; // from there to a start button
const STATUS_MS = 5_000; // a page that does not answer for so long keeps its last status
const UNANSWERED_MAX = 12; // questions in a row, after which the tab is given up

const NOTHING_YET: TabStatus = {
  state: 'idle',
  reason: '',
  engine: '',
  device: '',
  wordsPerSecond: 0,
  accepted: 0,
  rejected: 0,
  error: '',
};

const ENDED: ReadonlySet<string> = new Set(['done', 'left', 'error']);

/** One tab in a browser context of its own, so that tabs are strangers to each other, as real volunteers are. */
export class VolunteerTab {
  readonly #page: Page;
  #status = NOTHING_YET;
  #crashed = false;
  #unanswered = 0; // questions in a row without an answer
  #failure = 'no reply in time'; // of the last question that failed

  constructor(page: Page) {
    this.#page = page;
    page.on('crash', () => (this.#crashed = true));
  }

  get ended(): boolean {
    return ENDED.has(this.#status.state);
  }

  /** The tab's status now, or the last known where the page did not answer this time. */
  async status(): Promise<TabStatus> {
    const answer = this.#crashed ? undefined : await withinTime(this.#ask(), STATUS_MS);
    this.#unanswered = answer === undefined ? this.#unanswered + 1 : 0;
    if (answer !== undefined) this.#status = answer;
    else if (this.#crashed) this.#status = failed(this.#status, 'the tab crashed');
    else if (this.#unanswered >= UNANSWERED_MAX)
      this.#status = failed(this.#status, `the tab no longer answers: ${this.#failure}`);
    return this.#status;
  }

  async #ask(): Promise<TabStatus | undefined> {
    try {
      return statusOf(await this.#page.evaluate<unknown>('({ ...window.tributary })'));
    } catch (error) {
      this.#failure = (error as Error).message.split('\n', 1)[0]!; // counted, and told once it is too much
      return undefined;
    }
  }
}

function failed(status: TabStatus, error: string): TabStatus {
  return { ...status, state: 'error', wordsPerSecond: 0, error };
}

/**
 * Opens the tabs one after the other and starts each. Throws URL_UNREACHABLE, NOT_A_VOLUNTEER_PAGE, or
 * WEBGPU_UNAVAILABLE where the engine is `webgpu` and the page gets no adapter. The caller closes the browser.
 */
export async function openVolunteers(browser: Browser, options: VolunteersOptions): Promise<VolunteerTab[]> {
  const address = new URL(options.url);
  if (options.engine !== undefined) address.searchParams.set('engine', options.engine);
  address.searchParams.set('power', options.power ?? 'full');
  // Nobody sits in front of these tabs: whoever starts them has decided.
  address.searchParams.set('battery', 'ignore');
  const tabs: VolunteerTab[] = [];
  for (let tab = 0; tab < options.tabs; tab++) tabs.push(await openTab(browser, address, options.engine));
  return tabs;
}

async function openTab(browser: Browser, address: URL, engine: EngineChoice | undefined): Promise<VolunteerTab> {
  // A self-signed certificate on this very machine is no risk; elsewhere it may be someone in between.
  const context = await browser.newContext({ ignoreHTTPSErrors: isLoopback(address.hostname) });
  const page = await context.newPage();
  const tab = new VolunteerTab(page);
  await open(page, address);
  const start = page.locator('#start');
  try {
    await start.waitFor({ state: 'visible', timeout: START_BUTTON_MS });
  } catch (error) {
    throw notAPage(`${address.origin} shows no volunteer page with a start button`, error);
  }
  if (engine === 'webgpu') await requireAdapter(page, address);
  await start.click();
  return tab;
}

async function open(page: Page, address: URL): Promise<void> {
  let status: number | undefined;
  try {
    const response = await page.goto(address.href, { timeout: OPEN_MS, waitUntil: 'domcontentloaded' });
    status = response?.status();
  } catch (error) {
    const reason = /net::\w+|Timeout \d+ms exceeded/.exec((error as Error).message)?.[0] ?? 'no answer';
    if (reason === 'net::ERR_HTTP_RESPONSE_CODE_FAILURE')
      throw notAPage(`${address.href} answers with an error and no page`, error);
    const certificate = reason.includes('CERT');
    throw new TributaryError('URL_UNREACHABLE', `${address.origin} cannot be opened: ${reason}`, {
      hint: certificate
        ? 'Give the coordinator a certificate that this machine trusts (--tls-cert, --tls-key).'
        : 'Check that the coordinator runs, that it listens on that address (--host, --port), and http against https.',
      cause: error,
    });
  }
  if (status !== undefined && status >= 400) throw notAPage(`${address.href} answers with HTTP status ${status}`);
}

function notAPage(message: string, cause?: unknown): TributaryError {
  return new TributaryError('NOT_A_VOLUNTEER_PAGE', message, {
    hint: 'Pass the URL that tributary train prints.',
    cause,
  });
}

async function requireAdapter(page: Page, address: URL): Promise<void> {
  if (!(await page.evaluate<boolean>('isSecureContext')))
    throw new TributaryError('WEBGPU_UNAVAILABLE', `${address.origin} is no secure context, so it has no WebGPU`, {
      hint: 'Serve it over https (--tls-cert or --tls self-signed), use localhost, or join with --engine cpu.',
    });
  if ((await page.evaluate<string | null>(DESCRIBE_ADAPTER)) === null)
    throw new TributaryError('WEBGPU_UNAVAILABLE', 'this Chromium has no WebGPU adapter', {
      hint: 'Leave --gpu away for the software adapter, update Chromium, or join with --engine cpu.',
    });
}

/** Whether the host can only be this machine. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(\.\d+){3}$/.test(hostname)
  );
}

/** The status from what the page handed over, which is trusted no further than its types. */
function statusOf(said: unknown): TabStatus {
  const fields = (typeof said === 'object' && said !== null ? said : {}) as Readonly<Record<string, unknown>>;
  const text = (name: string): string => (typeof fields[name] === 'string' ? fields[name] : '');
  const number = (name: string): number =>
    typeof fields[name] === 'number' && Number.isFinite(fields[name]) ? fields[name] : 0;
  return {
    state: text('state') || 'idle',
    reason: text('reason'),
    engine: text('engine'),
    device: text('device'),
    wordsPerSecond: number('wordsPerSecond'),
    accepted: number('accepted'),
    rejected: number('rejected'),
    error: text('error'),
  };
}

/** The result, or undefined once `ms` have passed. */
async function withinTime<T>(result: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
}

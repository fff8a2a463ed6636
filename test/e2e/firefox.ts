// A real Firefox, headless, driven by WebDriver BiDi, with a profile of its own that goes with it.
import { existsSync } from 'node:fs';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';

const PATHS = ['/usr/bin/firefox-esr', '/usr/bin/firefox'];

/** @throws Error where there is none: a missing browser is a failure and not a reason to skip */
function firefoxPath(): string {
  const named = process.env['TRIBUTARY_FIREFOX'];
  const path = named ?? PATHS.find((one) => existsSync(one));
  if (path === undefined || !existsSync(path))
    throw new Error(
      `no Firefox${named === undefined ? '' : ` at ${named}`}: install firefox-esr, or name it in TRIBUTARY_FIREFOX`,
    );
  return path;
}

export function launchFirefox(): Promise<Browser> {
  return puppeteer.launch({ browser: 'firefox', executablePath: firefoxPath(), headless: true, timeout: 90_000 });
}

/** A page that notes what it complains of, and which addresses it asks for. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings of the console, exceptions, and violations of the content security policy. */
  readonly complaints: string[];
  readonly requests: string[];
}

export async function watchedPage(browser: Browser): Promise<WatchedPage> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warn')
      complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${String(error)}`));
  page.on('request', (request) => requests.push(request.url()));
  // Firefox tells violations in its own console, which WebDriver does not pass on: the page's event does.
  await page.evaluateOnNewDocument(() => {
    addEventListener('securitypolicyviolation', (event) =>
      console.error(`policy: ${event.effectiveDirective} refused ${event.blockedURI}`),
    );
  });
  return { page, complaints, requests };
}

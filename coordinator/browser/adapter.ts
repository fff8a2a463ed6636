// The WebGPU adapter that pages of a browser get, found by really asking for one.

import type { Browser } from 'playwright-core';

/** Localhost is a secure context without TLS; the address is answered here and never connected to. */
const PROBE_ADDRESS = 'http://localhost/tributary-adapter-probe';

/** Runs in a page: a description of the adapter, or null where there is none. */
export const DESCRIBE_ADAPTER = `(async () => {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) return null;
  const { vendor, architecture, device, description } = adapter.info;
  return description || [vendor, architecture, device].filter(Boolean).join(' ') || 'unnamed adapter';
})()`;

/** Name of the adapter, or undefined where the browser has none. */
export async function webGpuAdapter(browser: Browser): Promise<string | undefined> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.route(PROBE_ADDRESS, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
    await page.goto(PROBE_ADDRESS);
    return (await page.evaluate<string | null>(DESCRIBE_ADAPTER)) ?? undefined;
  } finally {
    await context.close();
  }
}

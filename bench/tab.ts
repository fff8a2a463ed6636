// A headless Chromium tab that trains leases: a Vite server on the benchmark's page, and the browser that opens it.
import { fileURLToPath } from 'node:url';
import { createServer, type Plugin, type ViteDevServer } from 'vite';
import type { Page } from 'playwright-core';
import { webGpuAdapter } from '../coordinator/browser/adapter.ts';
import { findChromium, launchChromium } from '../coordinator/browser/chromium.ts';
import { TributaryError } from '../coordinator/errors.ts';
import type { LeaseShape } from '../word2vec/plan.ts';
import type { Adapter } from './browser/adapter.ts';
import type { TabRequest, TabTrial } from './browser/engines.ts';
import type { GridRequest } from './browser/grid.ts';
import { packLeases } from './lease-pack.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGE = '/bench/browser/engines.html';
const LEASES = '/bench-leases/';

export interface Tab {
  /** Version of the browser. */
  readonly chromium: string;
  /**
   * Trains the leases of one `leaseSets` entry.
   * @throws TributaryError TAB_FAILED, with the page's own words; NO_HARDWARE_ADAPTER where a GPU was asked for and the
   * adapter computes on the processor
   */
  train(set: number, request: Omit<TabRequest, 'leases'>): Promise<TabTrial>;
  /** @throws TributaryError TAB_FAILED, NO_HARDWARE_ADAPTER */
  adapter(): Promise<Adapter>;
  /** Pairs a second of a grid inside the tab, on the first lease of a set. @throws TributaryError TAB_FAILED */
  grid(set: number, request: Omit<GridRequest, 'leases'>): Promise<number>;
  /** Processor time that the browser's GPU process has taken so far, in ms; a software adapter computes there. */
  gpuProcessorMs(): Promise<number>;
  close(): Promise<void>;
}

/** @throws TributaryError CHROMIUM_NOT_FOUND, CHROMIUM_FAILED, NO_ADAPTER, TAB_FAILED */
export async function openTab(leaseSets: readonly (readonly LeaseShape[])[], gpu: boolean): Promise<Tab> {
  const executable = await findChromium();
  const server = await createServer({
    root: ROOT,
    configFile: false,
    logLevel: 'warn',
    appType: 'mpa',
    // Nothing is edited meanwhile, and an engine must not be replaced in mid-measurement.
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    plugins: [leasePlugin(leaseSets.map(packLeases))],
  });
  const closers: (() => Promise<unknown>)[] = [() => server.close()];
  const close = async (): Promise<void> => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    await server.listen(0);
    const browser = await launchChromium({ executable, gpu });
    closers.push(() => browser.close());
    if ((await webGpuAdapter(browser)) === undefined) throw noAdapter(executable, gpu);
    const page = await browser.newPage();
    await load(page, server);
    const train: Tab['train'] = async (set, request) => {
      const whole = { ...request, leases: `${LEASES}${set}` };
      const trial = await page.evaluate((given) => window.trainLeases(given), whole).catch(tabFailed);
      if (gpu && trial.software) throw noHardware(trial.device);
      return trial;
    };
    const adapter: Tab['adapter'] = async () => {
      const found = await page.evaluate(() => window.describeAdapter()).catch(tabFailed);
      if (gpu && found.software) throw noHardware(adapterName(found));
      return found;
    };
    const grid: Tab['grid'] = (set, request) =>
      page.evaluate((given) => window.timeGrid(given), { ...request, leases: `${LEASES}${set}` }).catch(tabFailed);
    const session = await browser.newBrowserCDPSession();
    const gpuProcessorMs: Tab['gpuProcessorMs'] = async () => {
      const { processInfo } = await session.send('SystemInfo.getProcessInfo');
      return 1000 * processInfo.reduce((sum, { type, cpuTime }) => sum + (type === 'GPU' ? cpuTime : 0), 0);
    };
    return { chromium: browser.version(), train, adapter, grid, gpuProcessorMs, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function leasePlugin(packed: readonly Uint8Array[]): Plugin {
  return {
    name: 'bench-leases',
    configureServer: ({ middlewares }) => {
      middlewares.use((request, response, next) => {
        const bytes = request.url?.startsWith(LEASES) ? packed[Number(request.url.slice(LEASES.length))] : undefined;
        if (bytes === undefined) next();
        else response.setHeader('Content-Type', 'application/octet-stream').end(bytes);
      });
    },
  };
}

async function load(page: Page, server: ViteDevServer): Promise<void> {
  const address = server.httpServer?.address();
  if (typeof address !== 'object' || address === null) throw new TributaryError('TAB_FAILED', 'the page has no server');
  try {
    await page.goto(`http://127.0.0.1:${address.port}${PAGE}`);
    await page.waitForFunction(() => 'trainLeases' in window, undefined, { timeout: 20_000 });
  } catch (error) {
    tabFailed(error);
  }
}

function tabFailed(cause: unknown): never {
  const message = (cause as Error).message.split('\n', 1)[0]!.replace('page.evaluate: ', '');
  throw new TributaryError('TAB_FAILED', `the tab could not train: ${message}`, {
    hint: 'npm run tributary -- doctor looks at Chromium and its WebGPU adapter.',
    cause,
  });
}

/** As the engine names it. */
export function adapterName({ description, vendor, architecture }: Adapter): string {
  return description || `${vendor} ${architecture}`.trim() || 'unnamed GPU';
}

function noAdapter(executable: string, gpu: boolean): TributaryError {
  return new TributaryError('NO_ADAPTER', `${executable} has no WebGPU adapter${gpu ? ' on this GPU' : ''}`, {
    hint: gpu ? 'Leave --gpu away to measure the software adapter.' : 'Update Chromium.',
  });
}

function noHardware(device: string): TributaryError {
  return new TributaryError('NO_HARDWARE_ADAPTER', `--gpu got ${device}, which computes on the processor`, {
    hint: 'Leave --gpu away to measure the software adapter, or install the driver of the GPU.',
  });
}

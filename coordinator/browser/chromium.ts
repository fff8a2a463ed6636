// Finds Chromium or Chrome on this machine, and starts it headless with WebGPU.

import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { TributaryError } from '../errors.ts';

/** Names the executable to use, before all others. */
export const CHROMIUM_VARIABLE = 'TRIBUTARY_CHROMIUM';

/** The part of the environment that the search depends on. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const NAMES: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  win32: ['chrome.exe', 'chromium.exe', 'msedge.exe'],
};
const UNIX_NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
];

const MAC_PATHS = ['Google Chrome', 'Chromium', 'Microsoft Edge'].flatMap((name) => [
  `/Applications/${name}.app/Contents/MacOS/${name}`,
  `~/Applications/${name}.app/Contents/MacOS/${name}`,
]);
const LINUX_PATHS = [
  '/usr/bin/chromium',
  '/usr/lib/chromium/chromium',
  '/opt/google/chrome/chrome',
  '/snap/bin/chromium',
];
const WINDOWS_PATHS = ['Google\\Chrome', 'Chromium', 'Microsoft\\Edge'];

const INSTALL: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'Install it (Debian, Ubuntu: apt install chromium; Fedora: dnf install chromium)',
  darwin: 'Install Google Chrome (brew install --cask google-chrome)',
  win32: 'Install Google Chrome (winget install Google.Chrome)',
};

/**
 * Path of the executable: the one TRIBUTARY_CHROMIUM names, else the first on PATH, in the usual places, or among
 * Playwright's downloads. Throws CHROMIUM_NOT_FOUND.
 */
export async function findChromium(machine: Machine = process): Promise<string> {
  const named = machine.env[CHROMIUM_VARIABLE];
  if (named !== undefined && named !== '') {
    if (await isExecutable(named)) return named;
    throw new TributaryError('CHROMIUM_NOT_FOUND', `${CHROMIUM_VARIABLE} names ${named}, which is no executable file`, {
      hint: `Set ${CHROMIUM_VARIABLE} to the path of Chromium or Chrome, or unset it.`,
    });
  }
  for (const path of candidates(machine)) if (await isExecutable(path)) return path;
  throw new TributaryError('CHROMIUM_NOT_FOUND', 'no Chromium or Chrome was found on this machine', {
    hint: `${INSTALL[machine.platform] ?? 'Install Chromium or Chrome'}, or set ${CHROMIUM_VARIABLE} to its path.`,
  });
}

function* candidates({ platform, env }: Machine): Generator<string> {
  const folders = (env['PATH'] ?? env['Path'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  for (const name of NAMES[platform] ?? UNIX_NAMES) for (const folder of folders) yield join(folder, name);
  if (platform === 'darwin') yield* MAC_PATHS.map((path) => path.replace('~', env['HOME'] ?? '~'));
  else if (platform === 'win32') {
    for (const variable of ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA']) {
      const root = env[variable];
      const executable = (name: string): string => (name.endsWith('Edge') ? 'msedge.exe' : 'chrome.exe');
      if (root !== undefined) for (const name of WINDOWS_PATHS) yield join(root, name, 'Application', executable(name));
    }
  } else yield* LINUX_PATHS;
  if (platform === process.platform) yield chromium.executablePath();
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false, // absent or not ours to run: either way the next candidate is tried, and none left is an error
  );
}

export interface LaunchOptions {
  readonly executable: string; // path, as findChromium gives it
  /**
   * false: Chromium's software adapter (SwiftShader), which every machine has and which never competes with the
   * desktop for the GPU. true: this machine's GPU, with Chromium's block list of drivers set aside.
   */
  readonly gpu: boolean;
}

/** Starts it headless. Throws CHROMIUM_FAILED. The caller closes the browser, also on signals. */
export async function launchChromium({ executable, gpu }: LaunchOptions): Promise<Browser> {
  try {
    return await chromium.launch({
      executablePath: executable,
      headless: true,
      args: chromiumFlags(gpu),
      chromiumSandbox: process.getuid?.() !== 0, // it refuses to run as root; for everybody else it stays
      handleSIGINT: false, // whoever launched decides how to end
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
  } catch (error) {
    const lines = (error as Error).message.split('\n').map((line) => line.trim());
    const reason =
      lines.find((line) => /error while loading|cannot open|ERROR:|No usable sandbox/i.test(line)) ?? lines[0];
    throw new TributaryError('CHROMIUM_FAILED', `${executable} did not start: ${reason}`, {
      hint: `Start it once by hand (${executable} --headless --version), or set ${CHROMIUM_VARIABLE} to another one.`,
      cause: error,
    });
  }
}

function chromiumFlags(gpu: boolean): string[] {
  const flags = [
    '--enable-unsafe-webgpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
    '--disable-quic',
  ];
  if (!gpu) flags.push('--use-webgpu-adapter=swiftshader');
  else {
    flags.push('--ignore-gpu-blocklist');
    if (process.platform === 'linux') flags.push('--enable-features=Vulkan', '--use-angle=vulkan');
  }
  return flags;
}

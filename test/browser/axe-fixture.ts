// What every page is held to: axe finds nothing, and nothing is wider than the window, in a theme and at each width.
import axe from 'axe-core';
import { expect } from 'vitest';
import { cdp, page } from 'vitest/browser';

export type Theme = 'light' | 'dark';
export const THEMES: readonly Theme[] = ['light', 'dark'];

/** As the browser's user prefers it; null: as before. */
export async function prefer(theme: Theme | null): Promise<void> {
  const features = theme === null ? [] : [{ name: 'prefers-color-scheme', value: theme }];
  await cdp().send('Emulation.setEmulatedMedia', { features });
  if (theme !== null) await expect.poll(() => matchMedia(`(prefers-color-scheme: ${theme})`).matches).toBe(true);
}

/** @param draw draws the page anew at each width, until it is complete */
export async function expectAccessible(root: HTMLElement, draw: () => unknown): Promise<void> {
  for (const width of [390, 1280]) {
    await page.viewport(width, 900);
    await draw();
    root.querySelectorAll('details').forEach((one) => (one.open = true));
    const { violations } = await axe.run(root, { resultTypes: ['violations'] });
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)).toEqual([]);
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(width);
  }
}

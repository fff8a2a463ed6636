// Colours of the style sheet for what is drawn on a canvas, and the moments at which they change.

export function cssColor(name: `--${string}`): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Calls back when the reader switches between light and dark; returns the way to stop. */
export function onThemeChange(run: () => void): () => void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', run);
  return () => dark.removeEventListener('change', run);
}

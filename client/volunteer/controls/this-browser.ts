// The browser that the page runs in, as the controls ask it: each of these is missing somewhere.
import type { WakeLockLike } from './keep-awake.ts';
import type { BatteryLike, BrowserFacts, IdleDetection } from './surroundings.ts';

declare global {
  interface Navigator {
    /** Chromium alone, on secure pages. */
    getBattery?: () => Promise<BatteryLike>;
  }
  interface Window {
    /** Chromium alone, on secure pages. */
    IdleDetector?: IdleDetection;
  }
}

export function browserFacts(): BrowserFacts {
  return {
    getBattery: navigator.getBattery?.bind(navigator),
    idleDetection: window.IdleDetector,
    now: () => new Date(),
  };
}

export function browserWakeLock(): WakeLockLike | undefined {
  // Typed as always there, but absent on pages without https and in older browsers.
  const wakeLock: WakeLock | undefined = navigator.wakeLock;
  return wakeLock;
}

// Settings in the page's address, for tabs that nobody sits in front of: ?power=full&battery=ignore.
import { isPower, type Settings } from './settings.ts';

/** What the address sets; anything that it misspells is left to the page. */
export function settingsInAddress(search: string): Partial<Settings> {
  const asked = new URLSearchParams(search);
  const power = asked.get('power');
  return {
    ...(isPower(power) ? { power } : {}),
    ...(asked.get('battery') === 'ignore' ? { pauseOnBattery: false } : {}),
  };
}

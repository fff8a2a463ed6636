// Numbers as people read them: counts, bytes, durations, shares and clock times.

const NBSP = '\u00a0';
const grouped = new Intl.NumberFormat('en');
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** Three significant digits with a suffix from `suffixes`, each `step` times the one before. */
function scaled(value: number, step: number, suffixes: readonly string[]): string {
  let rest = value;
  let at = 0;
  // 999.5 would print as 1000: it belongs to the next suffix.
  while (rest >= step * 0.9995 && at < suffixes.length - 1) {
    rest /= step;
    at++;
  }
  const digits = rest >= 100 ? 0 : rest >= 10 ? 1 : 2;
  return `${rest.toFixed(digits)}${NBSP}${suffixes[at] ?? ''}`;
}

/** A count: exact up to 9,999, then three digits with k, M or G. */
export function count(value: number): string {
  const whole = Math.round(value);
  return whole < 10_000 ? grouped.format(whole) : scaled(whole / 1000, 1000, ['k', 'M', 'G', 'T']);
}

/** Bytes in MB (10^6) and up. */
export function bytes(value: number): string {
  const mega = value / 1e6;
  return mega < 10 ? `${mega.toFixed(1)}${NBSP}MB` : scaled(mega, 1000, ['MB', 'GB', 'TB']);
}

/** Seconds as the two largest units that matter: 42 s, 3 min 20 s, 1 h 05 min, 2 d 3 h. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  if (whole < 60) return `${whole}${NBSP}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}${NBSP}min ${two(whole % 60)}${NBSP}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}${NBSP}h ${two(Math.floor((whole % 3600) / 60))}${NBSP}min`;
  return `${Math.floor(whole / 86_400)}${NBSP}d ${Math.floor((whole % 86_400) / 3600)}${NBSP}h`;
}

/** An estimate: seconds are left out from ten minutes on, such as "about 34 min". */
export function estimate(seconds: number): string {
  const rough = seconds >= 600 && seconds < 3570 ? `${Math.round(seconds / 60)}${NBSP}min` : duration(seconds);
  return `about${NBSP}${rough}`;
}

/** A share of 1 as a percentage; shares below 10 % keep two digits, and a small share is never shown as none. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.01) return `<${NBSP}0.01${NBSP}%`;
  // Rounded down: 100 % means all of it.
  if (value >= 99.9 && value < 100) return `99.9${NBSP}%`;
  return `${value === 0 || value === 100 ? value : value.toFixed(value < 10 ? 2 : 1)}${NBSP}%`;
}

/** The share done, held to 0 … 1; 0 while the total is unknown. */
export function share(done: number, total: number): number {
  return total > 0 ? Math.min(1, Math.max(0, done / total)) : 0;
}

/** Time of day, local, of milliseconds since 1970. */
export function timeOfDay(time: number): string {
  return clock.format(time);
}

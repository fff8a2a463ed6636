// How much was transferred today: a count that begins anew at local midnight.

export interface DayTraffic {
  /** Local date, such as 2026-11-23. */
  readonly day: string;
  readonly bytes: number;
}

export function dayOf(date: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The count after `bytes` more on `day`. */
export function addTraffic(traffic: DayTraffic | null, day: string, bytes: number): DayTraffic {
  return { day, bytes: (traffic?.day === day ? traffic.bytes : 0) + bytes };
}

// Who the virtual volunteers are: how fast each trains, and when it dies and comes back.
import { hashAt, STREAM, streamKey } from '../../word2vec/random.ts';

export interface FleetRules {
  readonly volunteers: number;
  /** Geometric mean of their speeds, in pairs per second. */
  readonly pairsPerSecond: number;
  /** Fastest over slowest. */
  readonly spread: number;
  /** Mbit/s each way. */
  readonly bandwidth: number;
  /** Round trip, ms. */
  readonly rtt: number;
  /** Deaths of each volunteer in an hour of simulated time. */
  readonly deaths: number;
  readonly seed: number;
}

export interface Death {
  /** ms from one joining to the death. */
  readonly after: number;
  /** A connection that closes is noticed at once; one that falls silent only by its silence. */
  readonly silent: boolean;
  /** ms from the death to the next joining. */
  readonly absence: number;
}

/** Draws of a volunteer, by number. */
const ORDER = 0;
const DEATHS = 1;

/** ms of absence: from a page that is loaded anew to a lid that was closed for a minute. */
const ABSENCE = { least: 5000, most: 65_000 } as const;

/** Pairs per second of each volunteer: evenly spaced on a logarithmic scale, in an order drawn from the seed. */
export function speeds({ volunteers, pairsPerSecond, spread, seed }: FleetRules): number[] {
  const key = streamKey(seed, STREAM.simulator, ORDER);
  const order = Array.from({ length: volunteers }, (_, k) => k).sort(
    (a, b) => hashAt(key, a) - hashAt(key, b) || a - b,
  );
  return order.map((place) => pairsPerSecond * spread ** ((place + 0.5) / volunteers - 0.5));
}

/** Death number `count` of a volunteer, from 0; null where volunteers live for ever. */
export function death({ deaths, seed }: FleetRules, volunteer: number, count: number): Death | null {
  if (deaths <= 0) return null;
  const key = streamKey(seed, STREAM.simulator, DEATHS, volunteer);
  const uniform = (draw: number): number => (hashAt(key, count * 3 + draw) + 0.5) / 4294967296;
  return {
    after: (-Math.log(uniform(0)) * 3_600_000) / deaths,
    silent: uniform(1) < 0.5,
    absence: ABSENCE.least + uniform(2) * (ABSENCE.most - ABSENCE.least),
  };
}

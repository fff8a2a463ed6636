// Every volunteer that is here, and for a while those who have gone: rows for the operator, and the history of each.
import type { CheckCounts, LeaseEntry, VolunteerHistory, VolunteerLine } from '../../protocol/operator.ts';
import type { Volunteer } from '../leases/volunteer.ts';
import { ThinnedSeries } from './thinned-series.ts';

/** Leases kept of each volunteer. */
const LEASES = 50;
/** Samples kept of each volunteer, and milliseconds between two at first. */
const SAMPLES = 240;
const SAMPLE_MS = 5000;
/** How long those who have gone are kept, in ms, and how many at most. */
const GONE_MS = 3_600_000;
const MOST_GONE = 500;

interface Sample {
  readonly time: number;
  readonly wordsPerSecond: number;
  readonly roundTripMs: number | null;
  readonly acceptedWords: number;
}

interface Entries {
  readonly joined: number;
  readonly leases: LeaseEntry[];
  readonly series: ThinnedSeries<Sample>;
  expired: number;
  returned: number;
  refused: number;
}

/**
 * A volunteer, or the row that it left behind: it is let go itself, since it holds the versions of its rows, 8 bytes a
 * word of the vocabulary.
 */
type Book = Entries &
  ({ readonly volunteer: Volunteer; readonly last: null } | { readonly volunteer: null; readonly last: VolunteerLine });

/** Times are milliseconds since 1970. */
export class Roster {
  readonly #books = new Map<number, Book>();
  /** Steady clock to milliseconds since 1970. */
  readonly #wall: (steady: number) => number;

  /** @param wall what time of day a time of the desk's clock was */
  constructor(wall: (steady: number) => number) {
    this.#wall = wall;
  }

  joined(volunteer: Volunteer, time: number): void {
    this.#books.set(volunteer.id, {
      volunteer,
      joined: time,
      leases: [],
      series: new ThinnedSeries(SAMPLES, SAMPLE_MS),
      expired: 0,
      returned: 0,
      refused: 0,
      last: null,
    });
  }

  /** A lease was granted, or is now as `entry` says. */
  lease(entry: LeaseEntry): void {
    const book = this.#books.get(entry.session);
    if (book === undefined) return;
    const { leases } = book;
    const at = leases.findIndex(({ lease }) => lease === entry.lease);
    if (at >= 0) leases[at] = entry;
    else leases.push(entry);
    if (leases.length > LEASES) leases.shift();
    if (entry.outcome === 'expired') book.expired++;
    if (entry.outcome === 'returned') book.returned++;
    if (entry.outcome === 'rejected') book.refused++;
  }

  gone(volunteer: Volunteer, time: number, reason: string): void {
    const book = this.#books.get(volunteer.id);
    if (book === undefined) return;
    const line = this.#line(book, volunteer);
    const ended = { left: time, leaseSince: null, held: 0, wordsPerSecond: 0 };
    // Its place in the order is that of its leaving.
    this.#books.delete(volunteer.id);
    this.#books.set(volunteer.id, { ...book, volunteer: null, last: { ...line, state: 'gone', reason, ...ended } });
  }

  /** Samples everybody, and forgets who is gone for long. */
  tick(time: number): void {
    let gone = 0;
    for (const { last } of this.#books.values()) if (last !== null) gone++;
    for (const [id, { volunteer, series, last }] of this.#books) {
      if (volunteer === null) {
        if (gone > MOST_GONE || time - last.left! > GONE_MS) {
          this.#books.delete(id);
          gone--;
        }
      } else if (series.isDue(time)) {
        const { wordsPerSecond, roundTripMs, acceptedWords } = volunteer;
        series.add({ time, wordsPerSecond, roundTripMs, acceptedWords });
      }
    }
  }

  lines(): VolunteerLine[] {
    const lines: VolunteerLine[] = [];
    for (const book of this.#books.values()) lines.push(this.#row(book));
    return lines;
  }

  /** null for a session that is not kept. */
  history(id: number): VolunteerHistory | null {
    const book = this.#books.get(id);
    if (book === undefined) return null;
    const { samples } = book.series;
    return {
      volunteer: this.#row(book),
      leases: [...book.leases],
      series: {
        time: samples.map(({ time }) => time),
        wordsPerSecond: samples.map(({ wordsPerSecond }) => Math.round(wordsPerSecond)),
        roundTripMs: samples.map(({ roundTripMs }) => (roundTripMs === null ? null : Math.round(roundTripMs))),
        acceptedWords: samples.map(({ acceptedWords }) => Math.round(acceptedWords)),
      },
    };
  }

  #row(book: Book): VolunteerLine {
    return book.last === null ? this.#line(book, book.volunteer) : book.last;
  }

  #line({ joined, expired, returned, refused }: Entries, one: Volunteer): VolunteerLine {
    const { engine, device, name, browser } = one.greeting!;
    const ended = one.accepted + expired + returned + refused;
    const head = one.leases[0];
    return {
      id: one.id,
      engine,
      device,
      name,
      browser,
      local: one.local,
      state: stateOf(one),
      reason: reasonOf(one),
      conditionReason: one.conditionReason,
      duty: one.duty,
      hidden: one.hidden,
      wordsPerSecond: Math.round(one.wordsPerSecond),
      accepted: one.accepted,
      acceptedWords: Math.round(one.acceptedWords),
      rejected: one.rejected,
      expired,
      returned,
      acceptedShare: ended === 0 ? null : one.accepted / ended,
      bytesDown: one.traffic.down,
      bytesUp: one.traffic.up,
      roundTripMs: one.roundTripMs === null ? null : Math.round(one.roundTripMs),
      joined,
      left: null,
      leaseSince: head === undefined ? null : Math.round(this.#wall(head.grantedAt)),
      held: one.leases.length,
      checks: checksOf(one),
      standing: one.standing,
    };
  }
}

function checksOf({ checks: { passed, failed }, checking }: Volunteer): CheckCounts | null {
  const pending = checking.length;
  return passed + failed + pending === 0 ? null : { passed, failed, pending };
}

export function stateOf(one: Volunteer): 'leaving' | 'training' | 'paused' | 'waiting' {
  return one.leaving ? 'leaving' : one.leases.length > 0 ? 'training' : one.paused ? 'paused' : 'waiting';
}

const PAUSES: Readonly<Record<Volunteer['conditionReason'], string>> = {
  none: 'paused by its volunteer',
  user: 'paused by its volunteer',
  hidden: 'paused while its tab is hidden',
  battery: 'paused on battery',
  'idle-only': 'paused while its machine is used',
  schedule: 'paused outside its hours',
  'data-cap': 'paused at its limit of data',
  power: 'paused to save power',
};

/** Why it is not training, or trains on after it was paused; '' where there is nothing to say. */
export function reasonOf(one: Volunteer): string {
  if (one.paused) return PAUSES[one.conditionReason];
  return stateOf(one) === 'waiting' ? one.idleReason : '';
}

// Which volunteers the table shows, and in which order: filter, sort and page as plain functions.
import type { VolunteerLine } from '../../../protocol/operator.ts';

export const SORT_KEYS = {
  id: (line: VolunteerLine) => line.id,
  name: (line: VolunteerLine) => line.name.toLowerCase(),
  device: (line: VolunteerLine) => line.device.toLowerCase(),
  browser: (line: VolunteerLine) => line.browser.toLowerCase(),
  tab: (line: VolunteerLine) => (line.hidden ? 1 : 0),
  state: (line: VolunteerLine) => stateWord(line),
  speed: (line: VolunteerLine) => line.wordsPerSecond,
  roundTrip: (line: VolunteerLine) => line.roundTripMs,
  /** Older leases were granted earlier: a larger age is a smaller time. */
  lease: (line: VolunteerLine) => (line.leaseSince === null ? null : -line.leaseSince),
  accepted: (line: VolunteerLine) => line.acceptedShare,
  words: (line: VolunteerLine) => line.acceptedWords,
  rejected: (line: VolunteerLine) => line.rejected,
  checks: (line: VolunteerLine) => (line.checks === null ? null : line.checks.failed * 1e9 + line.checks.passed),
  connected: (line: VolunteerLine) => -line.joined,
} satisfies Record<string, (line: VolunteerLine) => number | string | null>;

export type SortKey = keyof typeof SORT_KEYS;

export interface Order {
  readonly key: SortKey;
  readonly descending: boolean;
}

export const FILTERS = [
  'everybody',
  'training',
  'waiting',
  'paused',
  'leaving',
  'gone',
  'hidden',
  'drained',
  'quarantined',
  'banned',
] as const;

export type Filter = (typeof FILTERS)[number];

/** The state in one word: what the operator decided goes before what the volunteer does. */
export function stateWord(line: VolunteerLine): string {
  return line.standing === 'free' || line.state === 'gone' ? line.state : line.standing;
}

function passes(line: VolunteerLine, filter: Filter): boolean {
  switch (filter) {
    case 'everybody':
      return true;
    case 'hidden':
      return line.hidden;
    case 'drained':
    case 'quarantined':
    case 'banned':
      return line.standing === filter;
    default:
      return line.state === filter;
  }
}

/** Those whose name, device, browser, number or reason has every word of `text`, whatever the case. */
export function filtered(lines: Iterable<VolunteerLine>, text: string, filter: Filter): VolunteerLine[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return [...lines].filter((line) => {
    if (!passes(line, filter)) return false;
    if (words.length === 0) return true;
    const all = `${line.id} ${line.name} ${line.device} ${line.browser} ${line.reason}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** What is not known comes last in either direction; equals stand in the order of their numbers. */
export function sorted(lines: readonly VolunteerLine[], { key, descending }: Order): VolunteerLine[] {
  const value = SORT_KEYS[key] as (line: VolunteerLine) => number | string | null;
  const sign = descending ? -1 : 1;
  return lines
    .map((line) => ({ line, by: value(line) }))
    .sort((a, b) => {
      if (a.by === null || b.by === null) return Number(a.by === null) - Number(b.by === null) || a.line.id - b.line.id;
      return (a.by < b.by ? -sign : a.by > b.by ? sign : 0) || a.line.id - b.line.id;
    })
    .map(({ line }) => line);
}

/** The lines of `ids` in that order, as far as they are still there. */
export function inOrder(lines: readonly VolunteerLine[], ids: readonly number[]): VolunteerLine[] {
  const byId = new Map(lines.map((line) => [line.id, line]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

// Books what happens at the lease desk: journal first, then counters, loss and the people's log.
import type { RunEventLevel } from '../../protocol/status.ts';
import { TributaryError } from '../errors.ts';
import type { DeskEvent } from '../leases/desk-types.ts';
import { Traffic } from '../leases/traffic.ts';
import type { LeaseRecord } from '../leases/lease-builder.ts';
import type { Journal, JournalPlace } from './journal.ts';
import type { EventSource, LossMeter, Stopwatch } from './meters.ts';

/** Length that no row of a model that learns comes near: they stay below about 40. */
const DIVERGED_NORM = 1000;

/** What is counted over the whole process; `tokensDone` over the whole run. */
export interface Books {
  /** Corpus tokens whose chunks are applied. */
  tokensDone: number;
  /** Length of the longest row that was leased since this was last set to 0. */
  longestRow: number;
  /** Since the start of this process. */
  readonly leases: {
    granted: number;
    applied: number;
    expired: number;
    returned: number;
    rejected: number;
    late: number;
  };
  /** `tokensDone` when this process began. */
  readonly tokensBefore: number;
  /** Bytes of volunteers that have gone. */
  readonly trafficGone: Traffic;
}

export function newBooks(tokensDone: number): Books {
  return {
    tokensDone,
    longestRow: 0,
    leases: { granted: 0, applied: 0, expired: 0, returned: 0, rejected: 0, late: 0 },
    tokensBefore: tokensDone,
    trafficGone: new Traffic(),
  };
}

export interface RecorderParts {
  readonly journal: Journal;
  readonly books: Books;
  readonly loss: LossMeter;
  readonly clock: Stopwatch;
  note(level: RunEventLevel, text: string, source: EventSource): void;
}

export class Recorder {
  readonly #parts: RecorderParts;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  /** @throws TributaryError JOURNAL_UNWRITABLE, nothing is counted then; DIVERGED */
  record(event: DeskEvent): void {
    const { journal, books, loss, clock, note } = this.#parts;
    const { volunteer } = event;
    const who = `volunteer ${volunteer.id}`;
    switch (event.kind) {
      case 'joined': {
        const { engine, device } = volunteer.greeting!;
        journal.write({ kind: 'joined', session: volunteer.id, engine, local: volunteer.local });
        note(
          'info',
          `volunteer ${volunteer.id} joined: ${device === '' ? 'unnamed device' : device}${engine === 'webgpu' ? ' (WebGPU)' : ''}`,
          { category: 'volunteer', who },
        );
        return;
      }
      case 'gone':
        journal.write({ kind: 'gone', session: volunteer.id, reason: event.reason });
        books.trafficGone.add(volunteer.traffic);
        note('info', `volunteer ${volunteer.id} left: ${event.reason}`, { category: 'volunteer', who });
        return;
      case 'granted':
        journal.write({ kind: 'granted', ...place(event) });
        books.leases.granted++;
        clock.start();
        books.longestRow = Math.max(books.longestRow, longestRow(event.record));
        refuseDivergence(books.longestRow);
        return;
      case 'applied':
        journal.write({ kind: 'applied', ...place(event) });
        books.leases.applied++;
        books.tokensDone += event.record.words;
        loss.add(event.loss, event.record.pairs);
        return;
      case 'ended': {
        const { cause, reason, record } = event;
        journal.write({ kind: cause, reason, ...place(event) });
        books.leases[cause]++;
        note('warning', `lease ${record.grant.lease} of volunteer ${volunteer.id} ${cause}: ${reason}`, {
          category: 'lease',
          who,
        });
        return;
      }
      case 'late':
        journal.write({ kind: 'late', lease: event.lease, session: volunteer.id });
        books.leases.late++;
        return;
      case 'standing': {
        const { standing, reason } = event;
        const text = standing === 'free' ? 'released' : `${standing}: ${reason}`;
        note(standing === 'free' ? 'info' : 'warning', `volunteer ${volunteer.id} is ${text}`, {
          category: 'volunteer',
          who,
        });
        return;
      }
      case 'checking':
      case 'checked':
        return;
    }
  }
}

function place(event: Extract<DeskEvent, { record: unknown }>): JournalPlace {
  const { lease, episode, parts, inputPart, outputPart, firstChunk, chunks } = event.record.grant;
  return { lease, session: event.volunteer.id, episode, parts, i: inputPart, j: outputPart, firstChunk, chunks };
}

function longestRow({ inputPeak, outputPeak }: LeaseRecord): number {
  return Math.max(inputPeak, outputPeak);
}

/** Whether a leased row has grown as only training that diverges lets it. */
export function isDivergent(record: LeaseRecord): boolean {
  return !(longestRow(record) < DIVERGED_NORM);
}

/** Training that diverges does not come back: vectors of noise are worth less than an early word. */
function refuseDivergence(peak: number): void {
  if (peak < DIVERGED_NORM) return;
  throw new TributaryError('DIVERGED', `a row of the model has grown to length ${peak.toPrecision(3)}`, {
    hint: 'Start a new run with a lower --alpha.',
  });
}

// What a run remembers of itself for the people who watch it: samples once a second, and what the last minute was like.
import type { LeaseOutcome } from '../../protocol/operator.ts';
import type { HistoryPoint } from '../../protocol/status.ts';
import type { DeskEvent } from '../leases/desk-types.ts';
import type { Volunteer } from '../leases/volunteer.ts';
import { FunnelBook } from './funnel.ts';
import { HEALTH_WINDOW_MS, type HealthFigures, HUNGRY_MS } from './health.ts';
import { LeaseTimeline } from './lease-timeline.ts';
import type { QualityWatch } from './quality-watch.ts';
import type { Books } from './recorder.ts';
import { Roster } from './roster.ts';
import { ServiceMeter } from './service-meter.ts';
import type { Training } from './training.ts';

/** What a sample is made of. */
export interface Observed {
  readonly training: Training;
  readonly quality: QualityWatch;
  readonly books: Books;
  readonly wordsPerSecond: number;
  readonly loss: number | null;
  readonly alpha: number;
}

interface Sample {
  readonly time: number;
  readonly lagMs: number;
  readonly applied: number;
  readonly expired: number;
  readonly rejected: number;
}

export class Observatory {
  readonly timeline = new LeaseTimeline();
  readonly roster: Roster;
  readonly funnel = new FunnelBook();
  readonly service: ServiceMeter;
  readonly #now: () => number;
  /** Of the last minute, oldest first. */
  readonly #samples: Sample[] = [];

  /** @param now milliseconds on a steady clock */
  constructor(now: () => number) {
    this.#now = now;
    this.service = new ServiceMeter(now());
    this.roster = new Roster((steady) => Date.now() - now() + steady);
  }

  /** What happened at the desk, after it was booked. */
  record(event: DeskEvent): void {
    const time = Date.now();
    const { timeline, roster } = this;
    switch (event.kind) {
      case 'joined':
        roster.joined(event.volunteer, time);
        return;
      case 'gone':
        roster.gone(event.volunteer, time, event.reason);
        return;
      case 'granted':
        roster.lease(timeline.granted(event.volunteer.id, event.record, time));
        return;
      case 'applied':
        this.#ended(event, 'applied', '', time);
        return;
      case 'ended':
        this.#ended(event, event.cause, event.reason, time);
        this.funnel.ended(event.cause, event.reason, event.record.grant.chunks);
        return;
      case 'checking':
      case 'checked':
      case 'standing':
      case 'late':
        return;
    }
  }

  #ended(
    { record }: Extract<DeskEvent, { record: unknown }>,
    outcome: LeaseOutcome,
    reason: string,
    time: number,
  ): void {
    this.roster.lease(this.timeline.ended(record.grant.lease, time, outcome, reason));
  }

  /** Once a second. Answers the point of the plots. */
  tick({ training, quality, books, wordsPerSecond, loss, alpha }: Observed): HistoryPoint {
    const time = this.#now();
    const { desk } = training;
    this.roster.tick(Date.now());
    this.funnel.tick(training, time);
    const { lagMs, bytesDown, bytesUp, memory } = this.service.sample(time, desk.trafficWith(books.trafficGone));
    const { applied, expired, rejected } = books.leases;
    this.#samples.push({ time, lagMs: lagMs.p99, applied, expired, rejected });
    while (time - this.#samples[0]!.time > HEALTH_WINDOW_MS) this.#samples.shift();
    return {
      time: Date.now(),
      tokens: books.tokensDone,
      loss,
      heldOut: quality.heldOut?.loss ?? null,
      probe: quality.probe.map(({ rho }) => rho),
      analogies: quality.analogies?.share ?? null,
      wordsPerSecond,
      volunteers: desk.willing,
      bytesDown,
      bytesUp,
      alpha,
      lagMs: lagMs.p99,
      memory: memory.resident,
    };
  }

  /** What health is judged by, as far as it is measured here. */
  recent(volunteers: readonly Volunteer[]): Pick<HealthFigures, 'lagMs' | 'ended' | 'hungry'> {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    const since = (name: 'applied' | 'expired' | 'rejected'): number => (last?.[name] ?? 0) - (first?.[name] ?? 0);
    const now = this.#now();
    const isHungry = ({ wantsLease, leases, hungrySince }: Volunteer): boolean =>
      wantsLease && leases.length === 0 && now - hungrySince > HUNGRY_MS;
    return {
      lagMs: median(this.#samples.map(({ lagMs }) => lagMs)),
      ended: { applied: since('applied'), expired: since('expired'), rejected: since('rejected') },
      hungry: volunteers.filter(isHungry).length,
    };
  }

  close(): void {
    this.service.close();
  }
}

/** 0 of nothing; the lower of two in the middle. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1] ?? 0;
}

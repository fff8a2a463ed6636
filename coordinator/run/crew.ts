// What the operator does with single volunteers: by session while they are here, by address when they come back.
import { TributaryError } from '../errors.ts';
import type { LeaseDesk } from '../leases/lease-desk.ts';
import type { Volunteer } from '../leases/volunteer.ts';
import { type Ban, Bans, rangeOf } from './bans.ts';

/** Sessions that were banned and can be released by their number. */
const REMEMBERED = 1000;

export class Crew {
  readonly #bans: Bans;
  readonly #desk: () => LeaseDesk;
  readonly #now: () => number;
  /** Banned range of each session that was sent away with it, oldest first. */
  readonly #banned = new Map<number, string>();

  /** @param path of the list of bans @param now milliseconds since 1970 @throws TributaryError BANS_UNREADABLE */
  constructor(path: string, desk: () => LeaseDesk, now: () => number) {
    this.#bans = new Bans(path);
    this.#desk = desk;
    this.#now = now;
  }

  get bans(): readonly Ban[] {
    return this.#bans.list;
  }

  /** Why an address is refused; null where it is not. */
  refusal(address: string): string | null {
    const ban = this.#bans.of(address);
    return ban === null ? null : ban.reason;
  }

  /** @throws TributaryError NO_SUCH_VOLUNTEER */
  drain(id: number, reason: string): void {
    this.#desk().drain(this.#find(id), reason);
  }

  /** @throws TributaryError NO_SUCH_VOLUNTEER */
  quarantine(id: number, reason: string): void {
    this.#desk().quarantine(this.#find(id), reason);
  }

  /**
   * Sends away everybody who comes from this volunteer's address, now and later. Answers how many went.
   * @param all whether others may go with it
   * @throws TributaryError NO_SUCH_VOLUNTEER, LOCAL_VOLUNTEER, ADDRESS_SHARED, BANS_FULL, BANS_UNWRITABLE
   */
  ban(id: number, reason: string, all: boolean): number {
    // It went with another one that was chosen together with it.
    if (this.#banned.has(id)) return 0;
    const one = this.#find(id);
    const { address } = one.channel;
    if (one.local || address === '') {
      throw new TributaryError(
        'LOCAL_VOLUNTEER',
        `volunteer ${id} is a thread of the coordinator, without an address`,
        {
          hint: 'Drain or quarantine it.',
        },
      );
    }
    const range = rangeOf(address);
    const together = this.#desk().volunteers.filter(
      (other) => !other.local && rangeOf(other.channel.address) === range,
    );
    if (together.length > 1 && !all) {
      throw new TributaryError(
        'ADDRESS_SHARED',
        `${together.length - 1} other volunteers come from ${range} too: one network, or a proxy in front`,
        { hint: 'Quarantine this one instead, or give {"all": true} to ban them all.' },
      );
    }
    this.#bans.add(address, reason, this.#now());
    for (const other of together) {
      this.#banned.set(other.id, range);
      this.#desk().dismiss(other, reason);
    }
    for (const session of [...this.#banned.keys()].slice(0, -REMEMBERED)) this.#banned.delete(session);
    return together.length;
  }

  /** Undoes what was decided about a session. @throws TributaryError NO_SUCH_VOLUNTEER, BANS_UNWRITABLE */
  release(id: number): void {
    const range = this.#banned.get(id);
    if (range !== undefined) {
      this.#bans.remove(range);
      for (const [session, other] of this.#banned) if (other === range) this.#banned.delete(session);
      return;
    }
    this.#desk().release(this.#find(id));
  }

  /** @throws TributaryError NOT_BANNED, BANS_UNWRITABLE */
  unban(address: string): void {
    if (this.#bans.remove(address)) return;
    throw new TributaryError('NOT_BANNED', `${address} is not banned`, { hint: 'GET /api/bans lists those that are.' });
  }

  #find(id: number): Volunteer {
    const one = this.#desk().volunteers.find((candidate) => candidate.id === id);
    if (one !== undefined && one.greeting !== null) return one;
    throw new TributaryError('NO_SUCH_VOLUNTEER', `no volunteer ${id} is here`, {
      hint: 'It may have left: a volunteer that comes back has another number.',
    });
  }
}

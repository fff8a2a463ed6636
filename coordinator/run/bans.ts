// Addresses whose volunteers are refused: a short list in the run's folder, so that a restart keeps it.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { TributaryError } from '../errors.ts';

export interface Ban {
  /** An IPv4 address, or the /64 of an IPv6 one, which is what one connection to the internet has. */
  readonly address: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly reason: string;
}

const MOST_BANS = 1000;

export class Bans {
  readonly #path: string;
  readonly #bans = new Map<string, Ban>();

  /** @throws TributaryError BANS_UNREADABLE: to go on without them would let everybody back in */
  constructor(path: string) {
    this.#path = path;
    if (!existsSync(path)) return;
    for (const ban of readBans(path)) this.#bans.set(ban.address, ban);
  }

  get list(): readonly Ban[] {
    return [...this.#bans.values()];
  }

  /** The ban that an address falls under, or null. */
  of(address: string): Ban | null {
    return this.#bans.get(rangeOf(address)) ?? null;
  }

  /** @throws TributaryError BANS_FULL, BANS_UNWRITABLE; nothing is banned then */
  add(address: string, reason: string, time: number): Ban {
    const range = rangeOf(address);
    if (!this.#bans.has(range) && this.#bans.size >= MOST_BANS) {
      throw new TributaryError('BANS_FULL', `${MOST_BANS} addresses are banned already`, {
        hint: 'Release some, or keep such addresses out with a firewall.',
      });
    }
    const ban = { address: range, time, reason };
    this.#write([...this.list.filter((one) => one.address !== range), ban]);
    this.#bans.set(range, ban);
    return ban;
  }

  /** Answers whether it was banned. @throws TributaryError BANS_UNWRITABLE; it stays banned then */
  remove(address: string): boolean {
    const range = rangeOf(address);
    if (!this.#bans.has(range)) return false;
    this.#write(this.list.filter((one) => one.address !== range));
    return this.#bans.delete(range);
  }

  #write(bans: readonly Ban[]): void {
    try {
      writeFileSync(`${this.#path}.tmp`, `${JSON.stringify(bans, null, 2)}\n`);
      renameSync(`${this.#path}.tmp`, this.#path);
    } catch (cause) {
      const message = `cannot write ${this.#path}: ${cause instanceof Error ? cause.message : String(cause)}`;
      throw new TributaryError('BANS_UNWRITABLE', message, { hint: 'Free space on that disk, and try again.', cause });
    }
  }
}

/** What a ban of an address covers. */
export function rangeOf(address: string): string {
  if (address.endsWith('/64')) return address;
  const [plain = ''] = address.split('%');
  if (!isIPv6(plain) || plain === '::1') return plain;
  const [head = '', tail = ''] = plain.toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  // An IPv4 address at the end stands for two groups.
  const groups = right.length + (right.at(-1)?.includes('.') === true ? 1 : 0);
  const zeros = plain.includes('::') ? Math.max(0, 8 - left.length - groups) : 0;
  const whole = [...left, ...Array.from({ length: zeros }, () => '0'), ...right];
  return `${whole
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

function readBans(path: string): Ban[] {
  try {
    const bans = JSON.parse(readFileSync(path, 'utf8')) as unknown;
    if (Array.isArray(bans) && bans.length <= MOST_BANS && bans.every(isBan)) return bans;
  } catch (cause) {
    throw unreadable(path, cause);
  }
  throw unreadable(path, null);
}

function isBan(value: unknown): value is Ban {
  const { address, time, reason } = (value ?? {}) as Partial<Record<keyof Ban, unknown>>;
  return typeof address === 'string' && Number.isFinite(time) && typeof reason === 'string';
}

function unreadable(path: string, cause: unknown): TributaryError {
  return new TributaryError('BANS_UNREADABLE', `${path} is no list of bans`, {
    hint: 'Mend it, or remove it and ban anew.',
    cause,
  });
}

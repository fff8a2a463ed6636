// Holds the desk's events to what the schedule promises.
import type { DeskEvent } from '../../../coordinator/leases/desk-types.ts';
import type { Grant } from '../../../coordinator/schedule/scheduler.ts';

/** Fails as soon as an event breaks what the schedule promises. */
export class EventChecker {
  readonly events: DeskEvent[] = [];
  readonly #exclusive: boolean;
  readonly #open = new Map<number, Extract<DeskEvent, { kind: 'granted' }>>();
  readonly #applied = new Map<string, number>();

  /** @param exclusive whether no two volunteers may train the same rows at once */
  constructor(exclusive: boolean) {
    this.#exclusive = exclusive;
  }

  note(event: DeskEvent): void {
    this.events.push(event);
    switch (event.kind) {
      case 'granted':
        this.#granted(event);
        return;
      case 'applied': {
        const { episode, inputPart, outputPart, firstChunk, chunks } = this.#end(event);
        for (let chunk = firstChunk; chunk < firstChunk + chunks; chunk++) {
          const key = `${episode}/${inputPart}/${outputPart}/${chunk}`;
          if (this.#applied.has(key)) throw new Error(`chunk ${key} is applied twice`);
          this.#applied.set(key, event.record.grant.lease);
        }
        return;
      }
      case 'ended':
        this.#end(event);
        return;
      default:
    }
  }

  #granted(event: Extract<DeskEvent, { kind: 'granted' }>): void {
    const { grant } = event.record;
    for (const other of this.#open.values()) {
      const held = other.record.grant;
      const apart = this.#exclusive
        ? held.session === grant.session || partsApart(held, grant)
        : runsApart(held, grant);
      if (!apart) throw new Error(`leases ${held.lease} and ${grant.lease} overlap`);
    }
    if (this.#open.has(grant.lease)) throw new Error(`lease ${grant.lease} is granted twice`);
    this.#open.set(grant.lease, event);
  }

  #end(event: Extract<DeskEvent, { kind: 'applied' | 'ended' }>): Grant {
    const { grant } = event.record;
    if (!this.#open.delete(grant.lease)) throw new Error(`lease ${grant.lease} ends and was not held`);
    return grant;
  }

  kinds(kind: DeskEvent['kind']): number {
    return this.events.filter((event) => event.kind === kind).length;
  }

  /** Chunks applied; each was applied once. */
  get chunksApplied(): number {
    return this.#applied.size;
  }

  /** Chunks of leases that are neither applied nor ended. */
  get openChunks(): number {
    return [...this.#open.values()].reduce((sum, { record }) => sum + record.grant.chunks, 0);
  }

  get open(): number {
    return this.#open.size;
  }
}

function partsApart(a: Grant, b: Grant): boolean {
  return a.parts === b.parts && a.inputPart !== b.inputPart && a.outputPart !== b.outputPart;
}

function runsApart(a: Grant, b: Grant): boolean {
  return a.episode !== b.episode || a.start >= b.end || b.start >= a.end;
}

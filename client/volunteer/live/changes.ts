// What changed between two looks at the same word's neighbours.
import type { Neighbour } from '../../../protocol/status.ts';

export interface Changes {
  readonly came: ReadonlySet<string>;
  readonly went: readonly string[];
}

export const NO_CHANGES: Changes = { came: new Set(), went: [] };

/** Where the set of words stays the same, the last changes stay in view. */
export function changesBetween(before: readonly Neighbour[], now: readonly Neighbour[], last: Changes): Changes {
  const old = new Set(before.map(({ word }) => word));
  const fresh = new Set(now.map(({ word }) => word));
  const came = new Set([...fresh].filter((word) => !old.has(word)));
  const went = [...old].filter((word) => !fresh.has(word));
  return came.size === 0 && went.length === 0 ? last : { came, went };
}

// Who has done how much: the places of volunteers by the words accepted from them.
import type { Volunteer } from './volunteer.ts';

type Ranked = Pick<Volunteer, 'id' | 'acceptedWords'>;

/** Places from 1, by session; equal words share a place. Who had nothing accepted has none. */
export function placesOf(volunteers: Iterable<Ranked>): ReadonlyMap<number, number> {
  const sorted = [...volunteers]
    .filter(({ acceptedWords }) => acceptedWords > 0)
    .sort((a, b) => b.acceptedWords - a.acceptedWords);
  const places = new Map<number, number>();
  let place = 0;
  for (const [at, one] of sorted.entries()) {
    if (one.acceptedWords !== sorted[at - 1]?.acceptedWords) place = at + 1;
    places.set(one.id, place);
  }
  return places;
}

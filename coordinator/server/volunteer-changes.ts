// What changed in the rows of volunteers since they were last told, in as few fields as possible.
import type { VolunteerLine, VolunteerPatch, VolunteersChange } from '../../protocol/operator.ts';

/** Counters that move with every frame: told with the next change of anything else. */
const QUIET: ReadonlySet<keyof VolunteerLine> = new Set(['bytesDown', 'bytesUp']);

export class VolunteerChanges {
  #known = new Map<number, VolunteerLine>();

  /** Everything, as it was last told. */
  whole(): VolunteersChange {
    return { whole: true, rows: [...this.#known.values()], removed: [] };
  }

  /** null when nothing changed. @param lines all rows as they are now */
  update(lines: readonly VolunteerLine[]): VolunteersChange | null {
    const next = new Map<number, VolunteerLine>();
    const rows: VolunteerPatch[] = [];
    for (const line of lines) {
      const before = this.#known.get(line.id);
      const patch = before === undefined ? line : patchOf(before, line);
      // Quiet counters stay as they were told, so that the next change has them.
      next.set(line.id, patch === null ? before! : line);
      if (patch !== null) rows.push(patch);
    }
    const removed = [...this.#known.keys()].filter((id) => !next.has(id));
    this.#known = next;
    return rows.length === 0 && removed.length === 0 ? null : { whole: false, rows, removed };
  }
}

/** null when nothing but quiet fields changed. */
function patchOf(before: VolunteerLine, line: VolunteerLine): VolunteerPatch | null {
  let changed = false;
  const patch: Record<string, unknown> = { id: line.id };
  for (const name of Object.keys(line) as (keyof VolunteerLine)[]) {
    if (isSame(before[name], line[name])) continue;
    patch[name] = line[name];
    changed ||= !QUIET.has(name);
  }
  return changed ? (patch as unknown as VolunteerPatch) : null;
}

/** Fields are plain values, or small objects of them (`checks`). */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  return JSON.stringify(a) === JSON.stringify(b);
}

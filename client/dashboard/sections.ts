// The dashboard's sections: their names in addresses and on the page, and which one an address means.
import type { DashboardState } from './dashboard-state.ts';
import type { Operator } from './operator/operator.ts';

export const SECTIONS = [
  { id: 'overview', title: 'Overview' },
  { id: 'grid', title: 'Grid' },
  { id: 'volunteers', title: 'Volunteers' },
  { id: 'model', title: 'Model' },
  { id: 'corpus', title: 'Corpus' },
  { id: 'service', title: 'Service' },
  { id: 'log', title: 'Log' },
] as const;

export type SectionId = (typeof SECTIONS)[number]['id'];

/** Where in the dashboard: `#volunteers/12` is the section volunteers and the path `12`. */
export interface Place {
  readonly section: SectionId;
  /** What comes after the section's name; '' for the section itself. */
  readonly path: string;
}

/** What every section is given. */
export interface SectionProps {
  readonly state: DashboardState;
  readonly operator: Operator;
  readonly path: string;
}

/** The place that the hash of an address names; null when it names none. */
export function placeOf(hash: string): Place | null {
  const [, name = '', path = ''] = /^#([a-z]+)(?:\/(.*))?$/.exec(hash) ?? [];
  const section = SECTIONS.find(({ id }) => id === name);
  return section === undefined ? null : { section: section.id, path };
}

const STORED = 'tributary.dashboard-section';

/** The section that was open last, for an address that names none. */
export const sectionStore = {
  read: (): SectionId => {
    try {
      return placeOf(`#${localStorage.getItem(STORED) ?? ''}`)?.section ?? 'overview';
    } catch {
      // A browser set to keep nothing refuses even to look.
      return 'overview';
    }
  },
  keep: (section: SectionId): void => {
    try {
      localStorage.setItem(STORED, section);
    } catch {
      // Refused as above: the next visit begins with the overview.
    }
  },
};

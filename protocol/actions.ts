// What an operator can do to a live run: one table, which the coordinator's routes and the page's dialogs follow.

/** A value that an action takes, in the JSON object of its request. */
export type ActionField = NumberField | TextField | FlagField;

interface FieldFacts {
  readonly name: string;
  /** For people: what it is, with its unit. */
  readonly label: string;
  /** May be left out. */
  readonly optional: boolean;
}

export interface NumberField extends FieldFacts {
  readonly kind: 'number';
  readonly least: number;
  readonly most: number;
  /** `least` itself is refused. */
  readonly above: boolean;
}

export interface TextField extends FieldFacts {
  readonly kind: 'text';
  /** Characters, at most. */
  readonly longest: number;
}

export interface FlagField extends FieldFacts {
  readonly kind: 'flag';
}

export interface OperatorAction {
  /** Last part of its address: `POST /api/run/NAME`, or `POST /api/volunteers/ID/NAME`. */
  readonly name: string;
  /** Button and title. */
  readonly title: string;
  /** What happens, for the confirmation; one or two sentences. */
  readonly does: string;
  readonly fields: readonly ActionField[];
}

export const RUN_ACTIONS: readonly OperatorAction[] = [
  {
    name: 'pause',
    title: 'Pause',
    does: 'Nobody gets new work until you resume; what is in training ends as usual.',
    fields: [],
  },
  { name: 'resume', title: 'Resume', does: 'Work is handed out again.', fields: [] },
  {
    name: 'checkpoint',
    title: 'Checkpoint',
    does: 'The state of the run is written to disk now; training goes on meanwhile.',
    fields: [],
  },
  {
    name: 'stop',
    title: 'Stop',
    does: 'The run ends early: leases in training may end, then the vectors are written as they are. This cannot be undone.',
    fields: [],
  },
  {
    name: 'alpha',
    title: 'Learning rate',
    does: 'From the next lease on the learning rate is what it would be had the run begun with this one: it still falls linearly to the end. Kept in checkpoints and told in run.json.',
    fields: [
      {
        kind: 'number',
        name: 'alpha',
        label: 'Rate at the start of the decay',
        optional: false,
        least: 0,
        most: 1,
        above: true,
      },
    ],
  },
  {
    name: 'budget',
    title: 'Budget in flight',
    does: 'How much may be in training at once; only --schedule downpour has such a budget. More keeps more volunteers busy, and rows get staler. Kept in checkpoints and told in run.json.',
    fields: [
      {
        kind: 'number',
        name: 'run',
        label: 'Share of the whole run',
        optional: true,
        least: 0,
        most: 1,
        above: true,
      },
      {
        kind: 'number',
        name: 'done',
        label: 'Share of what is trained so far',
        optional: true,
        least: 0,
        most: 1,
        above: true,
      },
    ],
  },
  {
    name: 'audit',
    title: 'Audit rate',
    does: "So many of volunteers' results are trained again by the coordinator before they count; 0 turns it off. Until it is restarted.",
    fields: [
      {
        kind: 'number',
        name: 'rate',
        label: 'Share of results, from 0 to 1',
        optional: false,
        least: 0,
        most: 1,
        above: false,
      },
    ],
  },
  {
    name: 'unban',
    title: 'Lift a ban',
    does: 'Volunteers from this address may come again.',
    fields: [
      { kind: 'text', name: 'address', label: 'Address, as GET /api/bans lists it', optional: false, longest: 64 },
    ],
  },
];

const REASON: TextField = {
  kind: 'text',
  name: 'reason',
  label: 'Reason, which its volunteer is told',
  optional: true,
  longest: 100,
};

export const VOLUNTEER_ACTIONS: readonly OperatorAction[] = [
  {
    name: 'drain',
    title: 'Drain',
    does: 'It finishes the work that it holds, gets nothing more, and is then sent away with the reason.',
    fields: [REASON],
  },
  {
    name: 'quarantine',
    title: 'Quarantine',
    does: 'The work that it holds goes to others at once. It stays connected and gets nothing until you release it.',
    fields: [REASON],
  },
  {
    name: 'ban',
    title: 'Ban',
    does: 'It is sent away, and whoever comes from its address is refused from now on, also after a restart. An address may be a whole network or a proxy: others may be behind it.',
    fields: [REASON, { kind: 'flag', name: 'all', label: 'Also others who come from that address', optional: true }],
  },
  { name: 'release', title: 'Release', does: 'Undoes drain, quarantine or ban.', fields: [] },
];

export type ActionValues = Readonly<Record<string, number | string | boolean>>;

/** Checks a request's JSON against an action's fields. Answers its values, or what is wrong with them as a sentence. */
export function readActionValues({ name, fields }: OperatorAction, body: unknown): ActionValues | string {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return `${name} takes a JSON object`;
  const given = new Map<string, unknown>(Object.entries(body));
  const known = fields.map((field) => field.name);
  const stray = [...given.keys()].find((key) => !known.includes(key));
  if (stray !== undefined)
    return `${name} takes no ${JSON.stringify(stray.slice(0, 40))}${known.length === 0 ? '' : `, only ${known.join(', ')}`}`;
  const values: Record<string, number | string | boolean> = {};
  for (const field of fields) {
    const value = given.get(field.name);
    if (value === undefined && field.optional) continue;
    const problem = wrongValue(field, value);
    if (problem !== null) return `${field.name} ${problem}, not ${shown(value)}`;
    values[field.name] = value as number | string | boolean;
  }
  return values;
}

function wrongValue(field: ActionField, value: unknown): string | null {
  switch (field.kind) {
    case 'number': {
      const { least, most, above } = field;
      const fits = typeof value === 'number' && value <= most && (above ? value > least : value >= least);
      return fits ? null : `must be a number ${above ? `above ${least}, at most ${most}` : `from ${least} to ${most}`}`;
    }
    case 'text': {
      const fits = typeof value === 'string' && value.length >= 1 && value.length <= field.longest;
      return fits ? null : `must be a text of 1 to ${field.longest} characters`;
    }
    case 'flag':
      return typeof value === 'boolean' ? null : 'must be true or false';
  }
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 60);
}

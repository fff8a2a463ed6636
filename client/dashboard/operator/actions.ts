// When an action on the run makes no sense, and what was typed as the values that it takes. Pure.
import {
  type ActionField,
  type ActionValues,
  type OperatorAction,
  readActionValues,
} from '../../../protocol/actions.ts';
import type { RunState } from '../../../protocol/status.ts';

/** Why an action makes no sense in a state of the run; null when it does. */
export function whyNot(name: string, state: RunState): string | null {
  if (state === 'done' || state === 'failed') return 'the run is over';
  if (state === 'stopping') return 'the run is being stopped';
  if (name === 'pause') return state === 'paused' ? 'the run is paused already' : null;
  if (name === 'resume') return state === 'paused' ? null : 'the run is not paused';
  return state === 'counting' ? 'words are still being counted: there is nothing to keep or change yet' : null;
}

/** As typed, by the field's name; a flag is 'true' or ''. */
export type Typed = Readonly<Record<string, string>>;

function valueOf({ kind }: ActionField, text: string): number | string | boolean | undefined {
  if (kind === 'flag') return text === 'true';
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  return kind === 'number' && Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
}

/** The request's values, or what is wrong with them as a sentence. */
export function valuesOf(action: OperatorAction, typed: Typed): ActionValues | string {
  const given = action.fields.map((field) => [field.name, valueOf(field, typed[field.name] ?? '')] as const);
  return readActionValues(action, Object.fromEntries(given.filter(([, value]) => value !== undefined)));
}

/** What the coordinator answered beside the run's state, as text: `checkpoint 12, alpha 0.03`. */
export function answerText(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null) return '';
  return Object.entries(answer)
    .filter(([key, value]) => key !== 'state' && key !== 'reason' && ['number', 'string'].includes(typeof value))
    .map(([key, value]) => `${key} ${String(value)}`)
    .join(', ');
}

// What an operator can decide about volunteers: the words for what came of it, and the requests.
import type { ActionValues, OperatorAction } from '../../../protocol/actions.ts';
import type { CallFailure } from '../../ui/coordinator-call.ts';
import type { Operator } from '../operator/operator.ts';

const DONE: Readonly<Record<string, string>> = {
  drain: 'drained',
  quarantine: 'quarantined',
  ban: 'banned',
  release: 'released',
};

export interface StandingResult {
  readonly action: OperatorAction;
  readonly done: readonly number[];
  readonly failed: readonly { readonly id: number; readonly failure: CallFailure }[];
}

/** What was done to them, as a participle. */
export function doneWord({ name }: OperatorAction): string {
  return DONE[name] ?? `${name}: accepted`;
}

/** One after the other, so that the coordinator's log has them in order; a refusal does not stop the rest. */
export async function decide(
  operator: Operator,
  action: OperatorAction,
  { ids, values }: { ids: readonly number[]; values: ActionValues },
): Promise<StandingResult> {
  const done: number[] = [];
  const failed: { id: number; failure: CallFailure }[] = [];
  for (const id of ids) {
    const path = `api/volunteers/${id}/${action.name}`;
    const result = await operator.call<unknown>(path, { method: 'POST', body: values });
    if (result.ok) done.push(id);
    else failed.push({ id, failure: result.failure });
  }
  return { action, done, failed };
}

// What an operator can decide about volunteers: words for the dialog, and the requests.
import type { CallFailure } from '../../ui/coordinator-call.ts';
import type { Operator } from '../operator/operator.ts';

export type StandingAction = 'drain' | 'quarantine' | 'ban' | 'release';

export const STANDING_ACTIONS: readonly StandingAction[] = ['drain', 'quarantine', 'ban', 'release'];

export const STANDING_TEXTS: Readonly<
  Record<StandingAction, { readonly name: string; readonly consequence: string; readonly done: string }>
> = {
  drain: {
    name: 'Drain',
    consequence: 'They get no more work; what they have in hand is finished and applied.',
    done: 'drained',
  },
  quarantine: {
    name: 'Quarantine',
    consequence: 'They get no work that counts for the model, until they are released.',
    done: 'quarantined',
  },
  ban: {
    name: 'Ban',
    consequence: 'They are sent away, and their work in hand goes to others. They may not come back until released.',
    done: 'banned',
  },
  release: { name: 'Release', consequence: 'They get work again like everybody else.', done: 'released' },
};

export interface StandingResult {
  readonly action: StandingAction;
  readonly done: readonly number[];
  readonly failed: readonly { readonly id: number; readonly failure: CallFailure }[];
}

/** One after the other, so that the coordinator's log has them in order; a refusal does not stop the rest. */
export async function decide(
  operator: Operator,
  action: StandingAction,
  ids: readonly number[],
): Promise<StandingResult> {
  const done: number[] = [];
  const failed: { id: number; failure: CallFailure }[] = [];
  for (const id of ids) {
    const result = await operator.call<unknown>(`api/volunteers/${id}/${action}`, { method: 'POST', body: {} });
    if (result.ok) done.push(id);
    else failed.push({ id, failure: result.failure });
  }
  return { action, done, failed };
}

// The operator's requests: a POST with the token in a header, never in an address.
import type { RunState } from '../../protocol/status.ts';
import { type CallResult, callCoordinator, type Fetch } from '../ui/coordinator-call.ts';

export type OperatorAction = 'pause' | 'resume' | 'checkpoint' | 'stop';

export function callOperator(action: OperatorAction, token: string, send?: Fetch): Promise<CallResult<unknown>> {
  return callCoordinator<unknown>(
    `api/run/${action}`,
    { method: 'POST', headers: { authorization: `Bearer ${token}` } },
    send,
  );
}

/** What can be asked for in a state. */
export function possibleActions(state: RunState): ReadonlySet<OperatorAction> {
  switch (state) {
    case 'counting':
      // There is nothing to keep yet, and the coordinator refuses the rest.
      return new Set<OperatorAction>(['pause']);
    case 'preparing':
    case 'training':
    case 'starved':
      return new Set<OperatorAction>(['pause', 'checkpoint', 'stop']);
    case 'paused':
      return new Set<OperatorAction>(['resume', 'checkpoint', 'stop']);
    case 'stopping':
    case 'done':
    case 'failed':
      return new Set();
  }
}

const STORED = 'tributary.operator-token';

/** The token for this tab's life, kept only when the operator ticked so. */
export const tokenStore = {
  read: (): string => {
    try {
      return sessionStorage.getItem(STORED) ?? '';
    } catch {
      // A browser set to keep nothing refuses even to look: then nothing was kept.
      return '';
    }
  },
  /** Whether the browser kept it. */
  keep: (token: string): boolean => {
    try {
      sessionStorage.setItem(STORED, token);
      return true;
    } catch {
      // Refused as above: the tick box stays empty, which tells the operator.
      return false;
    }
  },
  forget: (): void => {
    if (tokenStore.read() !== '') sessionStorage.removeItem(STORED);
  },
};

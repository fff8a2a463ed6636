// The operator's actions on the run, each confirmed, with its result.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RunState } from '../../../protocol/status.ts';
import type { CallFailure } from '../../ui/coordinator-call.ts';
import { ACTION_TEXTS, ACTIONS, type OperatorAction, whyNot } from './actions.ts';
import { Confirmation } from './confirmation.tsx';
import type { Operator } from './operator.ts';
import { SignIn } from './sign-in.tsx';

type Outcome =
  | { readonly kind: 'none' }
  | { readonly kind: 'asking'; readonly action: OperatorAction }
  | { readonly kind: 'accepted'; readonly action: OperatorAction }
  | { readonly kind: 'failed'; readonly action: OperatorAction; readonly failure: CallFailure };

function OutcomeLine({ outcome }: { outcome: Outcome }): JSX.Element | null {
  switch (outcome.kind) {
    case 'none':
      return null;
    case 'asking':
      return <p class="muted">Asking for {outcome.action}…</p>;
    case 'accepted':
      return <p>{ACTION_TEXTS[outcome.action].accepted}</p>;
    case 'failed':
      return (
        <p class="failure">
          {ACTION_TEXTS[outcome.action].name} failed: {outcome.failure.message} <code>{outcome.failure.code}</code>
        </p>
      );
  }
}

export function OperatorPanel({ state, operator }: { state: RunState; operator: Operator }): JSX.Element {
  const [asked, setAsked] = useState<OperatorAction | null>(null);
  const [outcome, setOutcome] = useState<Outcome>({ kind: 'none' });

  if (!operator.signedIn) return <SignIn operator={operator} purpose="Sign in to pause, resume or stop the run." />;

  async function act(action: OperatorAction): Promise<void> {
    setAsked(null);
    setOutcome({ kind: 'asking', action });
    const result = await operator.call<unknown>(`api/run/${action}`, { method: 'POST' });
    setOutcome(result.ok ? { kind: 'accepted', action } : { kind: 'failed', action, failure: result.failure });
  }

  const refused = ACTIONS.map((action) => ({ action, why: whyNot(action, state) }));
  return (
    <div class="operator">
      <div class="buttons">
        {refused.map(({ action, why }) => (
          <button
            key={action}
            type="button"
            class={`button${action === 'stop' ? ' button-danger' : ''}`}
            disabled={why !== null || outcome.kind === 'asking'}
            title={why === null ? '' : `Not now: ${why}.`}
            onClick={() => setAsked(action)}
          >
            {ACTION_TEXTS[action].name}…
          </button>
        ))}
      </div>
      <div role="status">
        <OutcomeLine outcome={outcome} />
      </div>
      {asked === null ? null : (
        <Confirmation
          question={ACTION_TEXTS[asked].question}
          confirm={ACTION_TEXTS[asked].confirm}
          dangerous={asked === 'stop'}
          onConfirm={() => void act(asked)}
          onDecline={() => setAsked(null)}
        >
          <p>{ACTION_TEXTS[asked].consequence}</p>
        </Confirmation>
      )}
    </div>
  );
}

// The operator's actions on the run, each confirmed, with its result.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type ActionValues, type OperatorAction, RUN_ACTIONS } from '../../../protocol/actions.ts';
import type { RunState } from '../../../protocol/status.ts';
import type { CallFailure } from '../../ui/coordinator-call.ts';
import { ActionDialog } from './action-dialog.tsx';
import { answerText, whyNot } from './actions.ts';
import type { Operator } from './operator.ts';
import { SignIn } from './sign-in.tsx';

/** Actions that cannot be taken back. */
const DANGEROUS: ReadonlySet<string> = new Set(['stop', 'rollback']);

type Outcome =
  | { readonly kind: 'none' }
  | { readonly kind: 'asking'; readonly title: string }
  | { readonly kind: 'accepted'; readonly title: string; readonly answer: string }
  | { readonly kind: 'failed'; readonly title: string; readonly failure: CallFailure };

function OutcomeLine({ outcome }: { outcome: Outcome }): JSX.Element | null {
  switch (outcome.kind) {
    case 'none':
      return null;
    case 'asking':
      return <p class="muted">{outcome.title}: asking the coordinator…</p>;
    case 'accepted':
      return (
        <p>
          {outcome.title}: accepted{outcome.answer === '' ? '' : ` (${outcome.answer})`}. The log says who and when.
        </p>
      );
    case 'failed':
      return (
        <p class="failure">
          {outcome.title} failed: {outcome.failure.message} <code>{outcome.failure.code}</code>
        </p>
      );
  }
}

/** Why some buttons are off: a tooltip alone tells nothing to who has no mouse. */
function WhyDisabled({ state }: { state: RunState }): JSX.Element | null {
  const reasons = new Map<string, string[]>();
  for (const { name, title } of RUN_ACTIONS) {
    const why = whyNot(name, state);
    if (why !== null) reasons.set(why, [...(reasons.get(why) ?? []), title]);
  }
  if (reasons.size === 0) return null;
  const said = [...reasons].map(([why, titles]) => `${titles.join(', ')} (${why})`);
  return <p class="muted">Not now: {said.join('; ')}.</p>;
}

export function OperatorPanel({ state, operator }: { state: RunState; operator: Operator }): JSX.Element {
  const [asked, setAsked] = useState<OperatorAction | null>(null);
  const [outcome, setOutcome] = useState<Outcome>({ kind: 'none' });

  if (!operator.signedIn) {
    return <SignIn operator={operator} purpose="Sign in to pause, resume, change or stop the run." />;
  }

  async function act({ name, title }: OperatorAction, body: ActionValues): Promise<void> {
    setAsked(null);
    setOutcome({ kind: 'asking', title });
    const result = await operator.call<unknown>(`api/run/${name}`, { method: 'POST', body });
    setOutcome(
      result.ok
        ? { kind: 'accepted', title, answer: answerText(result.body) }
        : { kind: 'failed', title, failure: result.failure },
    );
  }

  return (
    <div class="operator">
      <div class="buttons">
        {RUN_ACTIONS.map((action) => {
          const why = whyNot(action.name, state);
          return (
            <button
              key={action.name}
              type="button"
              class={`button${DANGEROUS.has(action.name) ? ' button-danger' : ''}`}
              disabled={why !== null || outcome.kind === 'asking'}
              title={why === null ? action.does : `Not now: ${why}.`}
              onClick={() => setAsked(action)}
            >
              {action.title}…
            </button>
          );
        })}
      </div>
      <WhyDisabled state={state} />
      <div role="status">
        <OutcomeLine outcome={outcome} />
      </div>
      {asked === null ? null : (
        <ActionDialog
          action={asked}
          dangerous={DANGEROUS.has(asked.name)}
          onConfirm={(values) => void act(asked, values)}
          onDecline={() => setAsked(null)}
        />
      )}
    </div>
  );
}

// Pause, resume, checkpoint and stop, with the operator's token.
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { RunState } from '../../protocol/status.ts';
import type { CallFailure, Fetch } from '../ui/coordinator-call.ts';
import { callOperator, type OperatorAction, possibleActions, tokenStore } from './operator-call.ts';

type Outcome =
  | { readonly kind: 'none' }
  | { readonly kind: 'asking'; readonly action: OperatorAction }
  | { readonly kind: 'accepted'; readonly action: OperatorAction }
  | { readonly kind: 'failed'; readonly failure: CallFailure };

const ACCEPTED: Readonly<Record<OperatorAction, string>> = {
  pause: 'Accepted: no new leases are granted.',
  resume: 'Accepted: leases are granted again.',
  checkpoint: 'Accepted: a checkpoint is written.',
  stop: 'Accepted: the run ends with a checkpoint.',
};

function OutcomeLine({ outcome }: { outcome: Outcome }): JSX.Element | null {
  switch (outcome.kind) {
    case 'none':
      return null;
    case 'asking':
      return <p class="muted">Asking for {outcome.action}…</p>;
    case 'accepted':
      return <p>{ACCEPTED[outcome.action]}</p>;
    case 'failed':
      return (
        <p class="failure">
          {outcome.failure.message} <code>{outcome.failure.code}</code>
        </p>
      );
  }
}

function TokenField(props: {
  token: string;
  kept: boolean;
  onToken(token: string): void;
  onKept(kept: boolean): void;
}): JSX.Element {
  return (
    <div class="token">
      <label for="operator-token">Operator token</label>
      {/* Without a name the field is never part of a submitted form, so the token cannot reach an address. */}
      <input
        id="operator-token"
        type="password"
        autocomplete="off"
        spellcheck={false}
        value={props.token}
        aria-describedby="operator-token-hint"
        onInput={(event) => props.onToken(event.currentTarget.value)}
      />
      <label class="check">
        <input type="checkbox" checked={props.kept} onChange={(event) => props.onKept(event.currentTarget.checked)} />
        Keep it until this tab is closed
      </label>
      <p id="operator-token-hint" class="muted">
        The coordinator printed it when it started.
      </p>
    </div>
  );
}

export function OperatorPanel({ state, send }: { state: RunState; send?: Fetch }): JSX.Element {
  const [token, setToken] = useState(() => tokenStore.read());
  const [kept, setKept] = useState(() => tokenStore.read() !== '');
  const [outcome, setOutcome] = useState<Outcome>({ kind: 'none' });
  const confirmation = useRef<HTMLDialogElement>(null);
  const possible = possibleActions(state);

  function changeToken(next: string): void {
    setToken(next);
    if (kept) setKept(tokenStore.keep(next));
  }

  function changeKept(next: boolean): void {
    setKept(next && tokenStore.keep(token));
    if (!next) tokenStore.forget();
  }

  async function act(action: OperatorAction): Promise<void> {
    confirmation.current?.close();
    if (token.trim() === '') {
      setOutcome({ kind: 'failed', failure: { code: 'NO_TOKEN', message: 'Enter the operator token first.' } });
      return;
    }
    setOutcome({ kind: 'asking', action });
    const result = await callOperator(action, token.trim(), send);
    setOutcome(result.ok ? { kind: 'accepted', action } : { kind: 'failed', failure: result.failure });
  }

  const button = (action: OperatorAction, text: string, press: () => void): JSX.Element => (
    <button
      type="button"
      class={`button${action === 'stop' ? ' button-danger' : ''}`}
      disabled={!possible.has(action) || outcome.kind === 'asking'}
      onClick={press}
    >
      {text}
    </button>
  );

  return (
    <form class="operator" onSubmit={(event) => event.preventDefault()}>
      <TokenField token={token} kept={kept} onToken={changeToken} onKept={changeKept} />
      <div class="buttons">
        {state === 'paused'
          ? button('resume', 'Resume', () => void act('resume'))
          : button('pause', 'Pause', () => void act('pause'))}
        {button('checkpoint', 'Checkpoint', () => void act('checkpoint'))}
        {button('stop', 'Stop…', () => confirmation.current?.showModal())}
      </div>
      <div role="status">
        <OutcomeLine outcome={outcome} />
      </div>
      <dialog ref={confirmation} class="dialog" aria-labelledby="stop-title">
        <h2 id="stop-title">Stop the run?</h2>
        <p>
          Work in hand is finished, a checkpoint is written, and volunteers are sent home. The run can be continued
          later with <code>--resume</code>.
        </p>
        <div class="buttons">
          <button type="button" class="button button-danger" onClick={() => void act('stop')}>
            Stop the run
          </button>
          <button type="button" class="button" autofocus onClick={() => confirmation.current?.close()}>
            Keep it running
          </button>
        </div>
      </dialog>
    </form>
  );
}

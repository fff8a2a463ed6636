// Where the operator gives the token that the coordinator printed.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CallFailure } from '../../ui/coordinator-call.ts';
import type { Operator } from './operator.ts';

const NO_TOKEN: CallFailure = { code: 'NO_TOKEN', message: 'Enter the operator token first.' };

export function SignIn({ operator, purpose }: { operator: Operator; purpose: string }): JSX.Element {
  const [token, setToken] = useState('');
  const [kept, setKept] = useState(false);
  const [missing, setMissing] = useState(false);
  const failure = missing ? NO_TOKEN : operator.refusal;
  return (
    <form
      class="sign-in"
      onSubmit={(event) => {
        event.preventDefault();
        setMissing(token.trim() === '');
        if (token.trim() !== '') operator.signIn(token, kept);
      }}
    >
      <p>{purpose}</p>
      <label for="operator-token">Operator token</label>
      {/* Without a name the field is never part of a submitted form, so the token cannot reach an address. */}
      <div class="field-row">
        <input
          id="operator-token"
          type="password"
          autocomplete="off"
          spellcheck={false}
          value={token}
          aria-describedby="operator-token-hint"
          aria-invalid={missing}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <button type="submit" class="button button-primary">
          Sign in
        </button>
      </div>
      <label class="check">
        <input type="checkbox" checked={kept} onChange={(event) => setKept(event.currentTarget.checked)} />
        Keep it until this tab is closed
      </label>
      <p id="operator-token-hint" class="muted">
        The coordinator printed it when it started, or reads it from its --operator-token-file.
      </p>
      <div role="alert">
        {failure === null ? null : (
          <p class="failure">
            {failure.message} <code>{failure.code}</code>
          </p>
        )}
      </div>
    </form>
  );
}

// An optional name, shown to others beside this tab's work; kept in the browser only where the volunteer says so.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

export const MOST_CHARACTERS = 40;
const KEY = 'tributary.nickname';

/** '' where none is kept or the browser keeps nothing for this page. */
export function keptNickname(storage: () => Storage): string {
  try {
    return (storage().getItem(KEY) ?? '').slice(0, MOST_CHARACTERS);
  } catch {
    // Storage is switched off: there is nothing to remember, which is a legal state.
    return '';
  }
}

/** Whether it was done: a browser may refuse to keep anything. */
export function keepNickname(storage: () => Storage, name: string | null): boolean {
  try {
    if (name === null || name === '') storage().removeItem(KEY);
    else storage().setItem(KEY, name);
    return true;
  } catch {
    return false;
  }
}

export interface NicknameProps {
  readonly name: string;
  readonly storage: () => Storage;
  readonly onName: (name: string) => void;
}

export function Nickname({ name, storage, onName }: NicknameProps): JSX.Element {
  const [kept, setKept] = useState(() => keptNickname(storage) !== '');
  const [refused, setRefused] = useState(false);
  const keep = (wanted: boolean, text: string): void => {
    const done = keepNickname(storage, wanted ? text : null);
    setRefused(!done);
    setKept(wanted && done);
  };
  return (
    <details class="nickname">
      <summary>{name === '' ? 'Add a nickname (optional)' : 'Your nickname'}</summary>
      <div class="nickname-fields">
        <label for="nickname">
          Name beside your work, seen by everybody who sees the run. Leave it empty to stay nameless.
        </label>
        <input
          id="nickname"
          type="text"
          autocomplete="off"
          maxLength={MOST_CHARACTERS}
          value={name}
          onInput={(event) => {
            const text = event.currentTarget.value;
            onName(text.trim());
            if (kept) keep(true, text.trim());
          }}
        />
        <label class="check">
          <input type="checkbox" checked={kept} onChange={(event) => keep(event.currentTarget.checked, name)} />
          Remember it in this browser
        </label>
        {refused ? <p class="failure">This browser keeps nothing for this page.</p> : null}
      </div>
    </details>
  );
}

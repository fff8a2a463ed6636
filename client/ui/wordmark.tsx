// The name and its mark: streams that become one.
import type { JSX } from 'preact';

export function Wordmark(): JSX.Element {
  return (
    <span class="wordmark">
      <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
        <path d="M6 5c0 8 10 8 10 15v7M26 5c0 8-10 8-10 15M16 5v8" />
      </svg>
      Tributary
    </span>
  );
}

// A figure with its name, inside a <dl class="figures">.
import type { JSX } from 'preact';

export function Figure({ name, value, note }: { name: string; value: string; note?: string }): JSX.Element {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        {value}
        {note === undefined ? null : <span class="figure-note">{note}</span>}
      </dd>
    </div>
  );
}

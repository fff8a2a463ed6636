// What helping costs the volunteer and what it leaves alone: said before the start, kept in reach afterwards.
import type { JSX } from 'preact';

const TERMS: readonly { readonly name: string; readonly text: string }[] = [
  {
    name: 'What it does',
    text: 'Fetches a small piece of work, trains it for a few seconds, sends the result back, takes the next.',
  },
  {
    name: 'What it costs you',
    text: 'The power and warmth of a busy computer, and data: often tens of MB a minute, counted below. Only while it runs.',
  },
  {
    name: 'What it leaves alone',
    text: 'Nothing is installed, none of your files or pages are read, and nothing is kept when you close the tab, unless you ask it to remember your choices.',
  },
  {
    name: 'Who sees you',
    text: 'No account, no advertising, no other site is contacted. The coordinator sees your address, browser and GPU name, as with any page.',
  },
];

/** @param open all of it in view; otherwise folded away under its heading */
export function Terms({ open }: { open: boolean }): JSX.Element {
  const list = (
    <dl class="terms">
      {TERMS.map(({ name, text }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
  if (open) return list;
  return (
    <details class="panel terms-folded">
      <summary>What it does, what it costs, what it leaves alone</summary>
      {list}
    </details>
  );
}

// The list of sections: links, so that keyboard, history and "open in a new tab" work as everywhere.
import type { JSX } from 'preact';
import { type SectionId, SECTIONS } from './sections.ts';

export function Navigation({ current }: { current: SectionId }): JSX.Element {
  return (
    <nav class="sections" aria-label="Sections">
      <ul>
        {SECTIONS.map(({ id, title }) => (
          <li key={id}>
            <a href={`#${id}`} {...(id === current ? { 'aria-current': 'page' as const } : {})}>
              {title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

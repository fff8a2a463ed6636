// The list of sections: links, so that keyboard, history and "open in a new tab" work as everywhere.
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { type SectionId, SECTIONS } from './sections.ts';

export function Navigation({ current }: { current: SectionId }): JSX.Element {
  const list = useRef<HTMLElement>(null);
  // On a phone the list is wider than the screen: the section that is shown stays in view.
  useEffect(() => {
    const link = list.current?.querySelector<HTMLElement>('[aria-current]');
    if (list.current && link)
      list.current.scrollLeft = link.offsetLeft - (list.current.clientWidth - link.offsetWidth) / 2;
  }, [current]);
  return (
    <nav class="sections" aria-label="Sections" ref={list}>
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

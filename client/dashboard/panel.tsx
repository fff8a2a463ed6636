// A titled part of a section.
import type { ComponentChildren, JSX } from 'preact';

export function Panel(props: {
  /** Id of the title, unique on the page. */
  id: string;
  title: string;
  /** Area of the section's layout. */
  area?: string;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <section class={`panel${props.area === undefined ? '' : ` area-${props.area}`}`} aria-labelledby={props.id}>
      <h2 id={props.id}>{props.title}</h2>
      {props.children}
    </section>
  );
}

// Who trains, and where to read more: the operator's own words, on the volunteer's page and on /status.
import type { JSX } from 'preact';
import type { About } from '../../protocol/status.ts';

/** The address to link to: only http and https, as anything else could run code. */
export function safeLink(link: string): URL | null {
  if (!URL.canParse(link)) return null;
  const url = new URL(link);
  return url.protocol === 'https:' || url.protocol === 'http:' ? url : null;
}

export function ForWhom({ about }: { about: About }): JSX.Element | null {
  const link = safeLink(about.link);
  if (about.operator === '' && link === null) return null;
  return (
    <p class="for-whom">
      {about.operator === '' ? null : (
        <span>
          For <bdi class="operator-name">{about.operator}</bdi>
        </span>
      )}
      {link === null ? null : (
        <a href={link.href} rel="noopener noreferrer external" target="_blank">
          More at <bdi>{link.host}</bdi>
          <span class="visually-hidden"> (opens in a new tab)</span>
        </a>
      )}
    </p>
  );
}

// What the operator says of the run to those who open its pages: options, and what they make.
import { InvalidArgumentError, Option } from 'commander';
import type { About } from '../../protocol/status.ts';
import { VERSION } from '../version.ts';

export interface AboutOptions {
  readonly title: string;
  readonly operator: string;
  readonly purpose: string;
  readonly link: string;
}

/** Characters of a title, a name, a text. */
const LONGEST = { title: 80, operator: 80, purpose: 1000, link: 500 } as const;

function plainText(longest: number): (text: string) => string {
  return (text) => {
    const plain = text.replaceAll(/\p{Cc}+/gu, ' ').trim();
    if ([...plain].length > longest) throw new InvalidArgumentError(`At most ${longest} characters belong here.`);
    return plain;
  };
}

function link(text: string): string {
  // A page makes a link of it: no other scheme may run there.
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.href.length > LONGEST.link)
    throw new InvalidArgumentError(
      `An http:// or https:// address of at most ${LONGEST.link} characters belongs here.`,
    );
  return url.href;
}

export function aboutOptions(): Option[] {
  const option = (flags: string, help: string): Option => new Option(flags, help);
  return [
    option('--title <text>', 'what is trained, as the pages show it')
      .argParser(plainText(LONGEST.title))
      .default('', 'none'),
    option('--operator <name>', 'who runs this, as the pages show it')
      .argParser(plainText(LONGEST.operator))
      .default('', 'none'),
    option('--purpose <text>', 'what the vectors are for: volunteers read it before they start')
      .argParser(plainText(LONGEST.purpose))
      .default('', 'none'),
    option('--link <url>', 'address where people can read more').argParser(link).default('', 'none'),
  ];
}

export function aboutRun({ title, operator, purpose, link: address }: AboutOptions): About {
  return { title, operator, purpose, link: address, version: VERSION };
}

// Values of command-line options, checked where they are read, so that a wrong one is bad usage and not a crash.

import { InvalidArgumentError } from 'commander';

/** A whole number from `least` to `most`, for commander's option parsers. */
export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text.trim()) || value < least || value > most)
      throw new InvalidArgumentError(
        most === Number.MAX_SAFE_INTEGER
          ? `A whole number of at least ${least} belongs here.`
          : `A whole number from ${least} to ${most} belongs here.`,
      );
    return value;
  };
}

/** An http or https address. */
export function webAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new InvalidArgumentError('An address like http://127.0.0.1:8080 belongs here.');
  return url;
}

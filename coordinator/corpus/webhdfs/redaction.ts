// The one place where secrets are taken out of what people and files get to see.
//
// Delegation tokens travel in addresses, so every message, hint and cause of an HdfsError passes through here,
// and so does what the command line prints of an unexpected error.

const HIDDEN = '***';

/** Shapes in which secrets appear: in queries (`_` is Knox's encrypted one), in headers, before an `@`. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/((?:^|[?&;\s"'(,\\])(?:delegation|_|token|hadoop\.auth)=)[^&\s"'<>)\\]+/gi, `$1${HIDDEN}`],
  [/(delegation(?:%3d|%253d))[^&%\s"'<>]+/gi, `$1${HIDDEN}`],
  [/\b((?:proxy-)?authorization:?\s*(?:basic|bearer|negotiate)?)\s+[\w+/=.~-]{4,}/gi, `$1 ${HIDDEN}`],
  [/\b(basic|bearer|negotiate)\s+(?=[\w+/=.~-]*[\d+/=.])[\w+/=.~-]{8,}/gi, `$1 ${HIDDEN}`],
  [/((?:set-)?cookie:\s*)[^\r\n]+/gi, `$1${HIDDEN}`],
  [/(\/\/)[^/\s@]*:[^/\s@]*@/g, `$1${HIDDEN}@`],
];

/** Secrets read from files by this thread: hidden wherever they appear, whatever is around them. */
const known = new Set<string>();

/** Shorter ones would blot out ordinary words. */
const LEAST_SECRET = 4;

export function rememberSecret(secret: string): void {
  if (secret.length < LEAST_SECRET) return;
  known.add(secret);
  known.add(encodeURIComponent(secret));
  known.add(Buffer.from(secret).toString('base64'));
}

/** The text without anything that is, or looks like, a secret. */
export function redact(text: string): string {
  let clean = text;
  for (const secret of known) clean = clean.replaceAll(secret, HIDDEN);
  for (const [shape, instead] of SHAPES) clean = clean.replace(shape, instead);
  return clean;
}

/**
 * What may stay of a cause: name, message, code and stack, without secrets. Its other properties go, because Node
 * keeps whole addresses (`input`) and raw packets there, which debuggers and crash reports print.
 */
export function scrub(cause: unknown): unknown {
  if (typeof cause === 'string') return redact(cause);
  if (!(cause instanceof Error)) return undefined;
  const clean = new Error(redact(cause.message));
  clean.name = cause.name;
  clean.stack = redact(cause.stack ?? clean.message);
  if ('code' in cause && typeof cause.code === 'string') Object.assign(clean, { code: cause.code });
  const deeper = cause.cause === undefined ? undefined : scrub(cause.cause);
  if (deeper !== undefined) clean.cause = deeper;
  return clean;
}

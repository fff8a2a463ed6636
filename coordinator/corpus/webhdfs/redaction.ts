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

/** Secrets that are good for one request each, oldest first: more than may be under way at a time. */
const passing: string[] = [];
const MOST_PASSING = 64;

function formsOf(secret: string): readonly string[] {
  return [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
}

/** A secret that is used again and again, such as a password. */
export function rememberSecret(secret: string): void {
  if (secret.length < LEAST_SECRET) return;
  for (const form of formsOf(secret)) known.add(form);
}

/** A secret of one request, as Kerberos has them: the last ones alone are kept, for there are as many as requests. */
export function rememberPassingSecret(secret: string): void {
  rememberSecret(secret);
  passing.push(secret);
  const [oldest] = passing.length > MOST_PASSING ? passing.splice(0, 1) : [];
  if (oldest !== undefined) for (const form of formsOf(oldest)) known.delete(form);
}

/** How many texts are looked for. */
export function knownSecrets(): number {
  return known.size;
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

// An error as it crosses the boundary of a thread, where classes are lost.
import { redact } from '../corpus/webhdfs/redaction.ts';
import { TributaryError } from '../errors.ts';

/** Structured-cloneable. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly exit: number;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof TributaryError) {
    const { code, message, hint, exit } = error;
    return { code, message: redact(message), hint, exit };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'INTERNAL', message: redact(message), hint: undefined, exit: 1 };
}

export function errorOf({ code, message, hint, exit }: Failure): TributaryError {
  return new TributaryError(code, message, hint === undefined ? { exit } : { exit, hint });
}

// The one error class of the coordinator: a stable code, what happened, and what to do about it.

/** Exit codes promised by the command line. */
export const EXIT = { trained: 0, failed: 1, usage: 2, interrupted: 130 } as const;

export interface ErrorDetails {
  /** What the operator can change to get past this; one sentence, shown after the message. */
  readonly hint?: string;
  /** Process exit code when this ends the command; 1 unless told. */
  readonly exit?: number;
  readonly cause?: unknown;
}

/** An error the operator can act on. `code` is UPPER_SNAKE, stable, and listed in docs/errors.md. */
export class TributaryError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly exit: number;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'TributaryError';
    this.code = code;
    this.hint = details.hint;
    this.exit = details.exit ?? EXIT.failed;
  }
}

// The one error class of the mathematics: a stable code, what is wrong with the input, and what to do.

/** An error about the input of a pure function. `code` is UPPER_SNAKE, stable, and listed in docs/errors.md. */
export class Word2vecError extends Error {
  readonly code: string;
  /** What the caller can change to get past this; one sentence. */
  readonly hint: string | undefined;

  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.name = 'Word2vecError';
    this.code = code;
    this.hint = hint;
  }
}

// Who looks at the dashboard: whether they are signed in as the operator, and the requests they make as such.
import { type CallFailure, type CallResult, callCoordinator, type Fetch } from '../../ui/coordinator-call.ts';
import { tokenStore } from './token-store.ts';

export interface OperatorRequest {
  readonly method: 'GET' | 'POST';
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

export interface Operator {
  readonly signedIn: boolean;
  /** Why the coordinator did not accept the token; null while nothing is wrong. */
  readonly refusal: CallFailure | null;
  /** `path` is relative to the page. Failures are values; only an abort throws. */
  call<T>(path: string, request: OperatorRequest): Promise<CallResult<T>>;
  signIn(token: string, keep: boolean): void;
  signOut(): void;
}

/** The token goes into a header, never into an address, and is kept beyond the page only when asked. */
export class OperatorSession implements Operator {
  readonly #onChange: () => void;
  readonly #send: Fetch | undefined;
  #token: string;
  #refusal: CallFailure | null = null;

  constructor(onChange: () => void, send?: Fetch) {
    this.#onChange = onChange;
    this.#send = send;
    this.#token = tokenStore.read();
  }

  get signedIn(): boolean {
    return this.#token !== '';
  }

  get refusal(): CallFailure | null {
    return this.#refusal;
  }

  signIn(token: string, keep: boolean): void {
    this.#token = token.trim();
    this.#refusal = null;
    if (keep) tokenStore.keep(this.#token);
    else tokenStore.forget();
    this.#onChange();
  }

  signOut(): void {
    this.#token = '';
    this.#refusal = null;
    tokenStore.forget();
    this.#onChange();
  }

  async call<T>(path: string, { method, body, signal }: OperatorRequest): Promise<CallResult<T>> {
    const result = await callCoordinator<T>(
      path,
      {
        method,
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      },
      this.#send,
    );
    // A token that is not accepted is no use: better asked for again than refused at each step.
    if (!result.ok && result.failure.code === 'TOKEN_REQUIRED') {
      this.#token = '';
      this.#refusal = result.failure;
      tokenStore.forget();
      this.#onChange();
    }
    return result;
  }
}

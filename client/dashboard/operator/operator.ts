// Who looks at the dashboard: whether they are signed in as the operator, and the requests they make as such.
import { type CallFailure, type CallResult, callCoordinator, type Fetch } from '../../ui/coordinator-call.ts';
import type { Audience } from '../../../protocol/operator.ts';
import { tokenStore } from './token-store.ts';

export interface OperatorRequest {
  readonly method: 'GET' | 'POST';
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

export interface Operator {
  /** Has the token, or the cookie that was made from it once. */
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
  #hasCookie = false;

  constructor(onChange: () => void, send?: Fetch) {
    this.#onChange = onChange;
    this.#send = send;
    this.#token = tokenStore.read();
  }

  get signedIn(): boolean {
    return this.#token !== '' || this.#hasCookie;
  }

  /** Whether it is the cookie alone: the coordinator knows this browser, the page was loaded again. */
  get byCookie(): boolean {
    return this.#token === '' && this.#hasCookie;
  }

  /** Asks whether this browser is signed in from before; the cookie itself is hidden from scripts. */
  async recall(): Promise<void> {
    if (this.signedIn) return;
    const known = await this.call<Audience>('api/session', { method: 'GET' });
    // Who signed in meanwhile needs no recalling; a failure leaves the page as a stranger's, with the sign-in.
    if (!known.ok || !known.body.operator || this.signedIn) return;
    this.#hasCookie = true;
    this.#onChange();
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
    this.#hasCookie = false;
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
          ...(this.#token === '' ? {} : { authorization: `Bearer ${this.#token}` }),
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
      this.#hasCookie = false;
      this.#refusal = result.failure;
      tokenStore.forget();
      this.#onChange();
    }
    return result;
  }
}

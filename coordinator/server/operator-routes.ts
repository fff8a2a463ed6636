// The operator's actions over HTTP: who may, whether it makes sense now, what is asked for, and what it answers.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ActionValues, OperatorAction } from '../../protocol/actions.ts';
import { readActionValues, RUN_ACTIONS, VOLUNTEER_ACTIONS } from '../../protocol/actions.ts';
import { TributaryError } from '../errors.ts';
import type { Run } from '../run/run.ts';
import { sendError, sendFailure, sendJson } from './answers.ts';
import type { OperatorToken } from './operator-token.ts';

/** Bytes of a request's body; actions take a few values. */
const MOST_BODY = 4096;

export interface OperatorParts {
  readonly run: Run;
  readonly token: OperatorToken;
}

/** Answers the request if its path is an action's; else answers false and does nothing. */
export type OperatorRoutes = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<boolean>;

/** Does it; what it answers goes to the operator beside the run's state. */
type Act = (values: ActionValues) => Promise<object | void>;

const OPERATOR = { category: 'operator', who: 'operator' } as const;

/** Whether an action makes no sense now. */
function refusal(run: Run, action: string): boolean {
  switch (run.bulletin.state) {
    case 'done':
    case 'failed':
      return true;
    case 'stopping':
      // A second stop is answered as the first.
      return action !== 'stop';
    default:
      // While counting there is nothing to keep, but training may be held back.
      return run.training === null && !['pause', 'resume', 'unban'].includes(action);
  }
}

export function operatorRoutes({ run, token }: OperatorParts): OperatorRoutes {
  const acts: Readonly<Record<string, Act>> = {
    pause: async () => run.pause(),
    resume: async () => run.resume(),
    checkpoint: async () => void (await run.checkpoint()),
    stop: () => run.stop(),
    alpha: async ({ alpha }) => {
      run.steering.setAlpha(Number(alpha), run.training!, run.facts.tokensDone);
      return { alpha: run.alpha };
    },
    budget: async ({ run: share, done }) => {
      const wanted = {
        ...(share === undefined ? {} : { run: Number(share) }),
        ...(done === undefined ? {} : { done: Number(done) }),
      };
      return { budget: run.steering.setBudget(wanted, run.training!, run.facts.tokensDone) };
    },
    unban: async ({ address }) => run.crew.unban(String(address)),
  };
  const volunteerActs = (id: number): Readonly<Record<string, Act>> => ({
    drain: async ({ reason = 'asked to leave by the operator' }) => run.crew.drain(id, String(reason)),
    quarantine: async ({ reason = 'by the operator' }) => run.crew.quarantine(id, String(reason)),
    ban: async ({ reason = 'banned by the operator', all = false }) => ({
      dismissed: run.crew.ban(id, String(reason), all === true),
    }),
    release: async () => run.crew.release(id),
  });

  const operate = async (
    request: IncomingMessage,
    response: ServerResponse,
    { action, act, on }: { action: OperatorAction; act: Act; on: string },
  ): Promise<void> => {
    const { name } = action;
    if (!token.accepts(request.headers.authorization)) {
      request.resume();
      run.note('warning', `${name}${on} was refused: wrong or missing operator token`, OPERATOR);
      return refuseToken(response);
    }
    const body = await readBody(request);
    if (body === null)
      return sendError(response, 400, 'BAD_BODY', `the body must be JSON of at most ${MOST_BODY} bytes, or empty`);
    const values = readActionValues(action, body.value);
    if (typeof values === 'string') return sendError(response, 400, 'BAD_VALUE', values);
    const { state, reason } = run.bulletin;
    if (refusal(run, name))
      return sendError(response, 409, 'WRONG_STATE', `cannot ${name}: the run is ${state} (${reason})`);
    const given = Object.entries(values).map(([key, value]) => ` ${key} ${value}`);
    run.note(
      'info',
      `${name}${on}${given.join(',')} by the operator (${request.socket.remoteAddress ?? 'gone'})`,
      OPERATOR,
    );
    try {
      const answer = await act(values);
      sendJson(response, 200, { state: run.bulletin.state, reason: run.bulletin.reason, ...answer });
    } catch (error) {
      if (!(error instanceof TributaryError)) throw error;
      run.note('warning', `${name}${on} failed: ${error.code}: ${error.message}`, OPERATOR);
      sendFailure(response, error);
    }
  };

  const listBans = (request: IncomingMessage, response: ServerResponse): void => {
    request.resume();
    if (!token.accepts(request.headers.authorization)) return refuseToken(response);
    sendJson(response, 200, { bans: run.crew.bans });
  };

  return async (request, response, path) => {
    if (path === '/api/bans' && request.method === 'GET') {
      listBans(request, response);
      return true;
    }
    const match = /^\/api\/(?:run|volunteers\/(\d{1,9}))\/([a-z]+)$/.exec(path);
    if (match === null) return false;
    const [, id, name = ''] = match;
    const table = id === undefined ? RUN_ACTIONS : VOLUNTEER_ACTIONS;
    const action = table.find((one) => one.name === name);
    const act = (id === undefined ? acts : volunteerActs(Number(id)))[name];
    if (request.method !== 'POST') {
      sendError(response, 405, 'POST_ONLY', `${path} takes POST`);
    } else if (action === undefined || act === undefined) {
      request.resume();
      const names = table.map((one) => one.name).join(', ');
      sendError(response, 404, 'NO_SUCH_ACTION', `there is no action ${name}: try ${names}`);
    } else {
      await operate(request, response, { action, act, on: id === undefined ? '' : ` volunteer ${id}` });
    }
    return true;
  };
}

function refuseToken(response: ServerResponse): void {
  sendError(
    response,
    401,
    'TOKEN_REQUIRED',
    'the operator token is missing or wrong; it was printed when the coordinator started',
  );
}

/** The body's JSON, {} when it is empty; null when it is none, or too long. */
async function readBody(request: IncomingMessage): Promise<{ readonly value: unknown } | null> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    // Read to its end, so that the connection stays usable.
    if (bytes <= MOST_BODY) pieces.push(piece);
  }
  if (bytes > MOST_BODY) return null;
  if (bytes === 0) return { value: {} };
  try {
    return { value: JSON.parse(Buffer.concat(pieces).toString('utf8')) as unknown };
  } catch {
    return null;
  }
}

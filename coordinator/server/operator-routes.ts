// The operator's actions over HTTP: who may, whether it makes sense now, what is asked for, and what it answers.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ActionValues, OperatorAction } from '../../protocol/actions.ts';
import { readActionValues, RUN_ACTIONS, VOLUNTEER_ACTIONS } from '../../protocol/actions.ts';
import { TributaryError } from '../errors.ts';
import type { Run } from '../run/run.ts';
import { sendError, sendFailure, sendJson } from './answers.ts';
import type { Gatekeeper } from './gatekeeper.ts';
import { MOST_BODY, readBody } from './request-body.ts';
import { refuseStranger, sendForeign } from './session-routes.ts';

export interface OperatorParts {
  readonly run: Run;
  readonly gate: Gatekeeper;
}

/** Answers the request if its path is an action's; else answers false and does nothing. */
export type OperatorRoutes = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<boolean>;

/** Does it; what it answers goes to the operator beside the run's state. */
type Act = (values: ActionValues) => Promise<object | void>;

const OPERATOR = { category: 'operator', who: 'operator' } as const;

/** For the log: `: alpha 0.02`, `: reason "too slow"`; a flag by its name, and only when it is set. */
export function valuesText(values: ActionValues): string {
  const parts = Object.entries(values).flatMap(([key, value]) => {
    if (typeof value === 'boolean') return value ? [key] : [];
    return [`${key} ${typeof value === 'string' ? JSON.stringify(value) : value}`];
  });
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}

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

export function operatorRoutes({ run, gate }: OperatorParts): OperatorRoutes {
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
    audit: async ({ rate }) => {
      run.auditor!.rate = Number(rate);
      return { audit: run.auditor!.figures };
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
    const verdict = gate.verdict(request);
    if (verdict !== 'operator') {
      request.resume();
      return verdict === 'foreign-page'
        ? sendForeign(response)
        : refuseStranger({ run, gate }, request, response, `${name}${on}`);
    }
    const body = await readBody(request);
    if (body === null)
      return sendError(response, 400, 'BAD_BODY', `the body must be JSON of at most ${MOST_BODY} bytes, or empty`);
    const values = readActionValues(action, body.value);
    if (typeof values === 'string') return sendError(response, 400, 'BAD_VALUE', values);
    const { state, reason } = run.bulletin;
    if (refusal(run, name))
      return sendError(response, 409, 'WRONG_STATE', `cannot ${name}: the run is ${state} (${reason})`);
    const who = request.socket.remoteAddress ?? 'gone';
    run.note('info', `${name}${on}${valuesText(values)} by the operator (${who})`, OPERATOR);
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
    if (!gate.isOperator(request)) return refuseStranger({ run, gate }, request, response, 'a look at the bans');
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

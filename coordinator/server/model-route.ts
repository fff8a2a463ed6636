// GET /api/model: how long the model's rows are, for the operator. One survey at a time, kept for a moment.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as breathe } from 'node:timers/promises';
import type { ModelStatus } from '../../protocol/operator.ts';
import { surveyModel } from '../model/model-survey.ts';
import type { Run } from '../run/run.ts';
import type { Training } from '../run/training.ts';
import { sendError, sendJson } from './answers.ts';
import type { Gatekeeper } from './gatekeeper.ts';
import { refuseStranger } from './session-routes.ts';

/** While rows move they are measured again at most this often, in ms. */
const SURVEY_MS = 2000;

/** Answers the request if it is for the model's rows; else answers false and does nothing. */
export type ModelRoute = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<boolean>;

export function modelRoute({ run, gate }: { run: Run; gate: Gatekeeper }): ModelRoute {
  let underWay: Promise<ModelStatus> | null = null;
  let kept: { readonly until: number; readonly status: ModelStatus } | null = null;

  const survey = async ({ model }: Training): Promise<ModelStatus> => {
    const edges = { seed: run.config.training.seed, time: Date.now(), breathe: () => breathe() };
    try {
      const status = await surveyModel(model, edges);
      kept = { until: performance.now() + SURVEY_MS, status };
      return status;
    } finally {
      underWay = null;
    }
  };

  return async (request, response, path) => {
    if (path !== '/api/model') return false;
    const { training } = run;
    if (!gate.isOperator(request)) {
      refuseStranger({ run, gate }, request, response, 'a look at /api/model');
    } else if (training === null) {
      sendError(response, 503, 'NO_MODEL_YET', 'the vocabulary is still being counted');
    } else if (kept !== null && performance.now() < kept.until) {
      sendJson(response, 200, kept.status);
    } else {
      underWay ??= survey(training);
      sendJson(response, 200, await underWay);
    }
    return true;
  };
}

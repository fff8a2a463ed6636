// What people watch over HTTP beside the status: history for all; volunteers, chunks, service and log for the operator.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tableOf } from '../../protocol/history.ts';
import type { VolunteerList } from '../../protocol/operator.ts';
import type { Run } from '../run/run.ts';
import { sendDownload, sendError, sendJson } from './answers.ts';
import type { Gatekeeper } from './gatekeeper.ts';
import { sendCorpus } from './corpus-report.ts';
import { historyCsv } from './history-csv.ts';
import type { LiveFeed } from './live-feed.ts';
import { operatorStatus } from './operator-status.ts';
import { refuseStranger } from './session-routes.ts';

export interface WatchParts {
  readonly run: Run;
  readonly gate: Gatekeeper;
  readonly feed: LiveFeed;
}

/** Answers a GET if its path is one of these; else answers false and does nothing. */
export function watchRoute(parts: WatchParts, request: IncomingMessage, response: ServerResponse, url: URL): boolean {
  const { run, gate, feed } = parts;
  const { pathname, searchParams } = url;
  if (pathname === '/api/history') {
    sendHistory(run, response, searchParams.get('format'));
    return true;
  }
  const answer = operatorAnswer(run, feed, url);
  if (answer === null) return false;
  if (!gate.isOperator(request)) refuseStranger({ run, gate }, request, response, `a look at ${pathname}`);
  else answer(response);
  return true;
}

/** Who may see it is asked before it is made; null for a path that is none of these. */
function operatorAnswer(run: Run, feed: LiveFeed, url: URL): ((response: ServerResponse) => void) | null {
  const { observatory, bulletin } = run;
  const path = url.pathname;
  switch (path) {
    case '/api/operator':
      return (response) => sendJson(response, 200, operatorStatus(run, feed.viewers));
    case '/api/corpus':
      return (response) => sendCorpus(run, response, url.searchParams);
    case '/api/timeline':
      return (response) => sendJson(response, 200, observatory.timeline.entries);
    case '/api/log':
      return (response) => sendJson(response, 200, bulletin.log.events);
    case '/api/volunteers':
      return (response) => sendJson(response, 200, { volunteers: observatory.roster.lines() } satisfies VolunteerList);
    default: {
      const match = /^\/api\/volunteers\/(\d{1,9})$/.exec(path);
      if (match === null) return null;
      return (response) => {
        const history = observatory.roster.history(Number(match[1]));
        if (history !== null) return sendJson(response, 200, history);
        return sendError(
          response,
          404,
          'NO_SUCH_VOLUNTEER',
          `volunteer ${match[1]} is not here, and has not been within the last hour`,
        );
      };
    }
  }
}

function sendHistory({ history, quality }: Run, response: ServerResponse, format: string | null): void {
  const { points } = history;
  const probes = quality?.probe.map(({ file }) => file) ?? [];
  switch (format) {
    case null:
    case 'json':
      return sendJson(response, 200, tableOf(points, probes.length));
    case 'csv':
      return sendDownload(response, 'text/csv; charset=utf-8', 'history.csv', historyCsv(points, probes));
    default:
      return sendError(response, 400, 'BAD_QUERY', 'format must be json or csv');
  }
}

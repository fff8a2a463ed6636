// HTTP: the pages, the status, queries and metrics; the operator's actions are in operator-routes.ts.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import sirv from 'sirv';
import { MOST_VECTORS } from '../../protocol/vectors.ts';
import type { About } from '../../protocol/status.ts';
import { Word2vecError } from '../../word2vec/errors.ts';
import type { Run } from '../run/run.ts';
import { SECURITY_HEADERS, sendBytes, sendError, sendJson, sendText } from './answers.ts';
import type { Gatekeeper } from './gatekeeper.ts';
import type { LiveFeed } from './live-feed.ts';
import { runMetrics } from './metrics.ts';
import { modelRoute } from './model-route.ts';
import { operatorRoutes } from './operator-routes.ts';
import { Queries } from './queries.ts';
import { sessionRoute } from './session-routes.ts';
import { runStatus } from './status.ts';
import { watchRoute } from './watch-routes.ts';
import { WordMaps } from './word-map.ts';

const MOST_NEIGHBOURS = 100;
const MOST_QUERY_WORDS = 20;

export interface RouteParts {
  readonly run: Run;
  readonly feed: LiveFeed;
  readonly gate: Gatekeeper;
  readonly about: About;
  /** Folder of the built pages. */
  readonly pages: string;
}

export function routes({ run, feed, gate, about, pages }: RouteParts): RequestListener {
  const queries = new Queries(run);
  const maps = new WordMaps(run, () => performance.now());
  const metrics = runMetrics(run);
  const files = sirv(pages, {
    etag: true,
    setHeaders: (response, path) => {
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
      // Built files carry a hash of their content in their name; pages do not.
      response.setHeader(
        'cache-control',
        path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      );
    },
  });
  const operate = operatorRoutes({ run, gate });
  const surveyed = modelRoute({ run, gate });

  const vectors = (response: ServerResponse, wanted: string): void => {
    const top = Number(wanted);
    if (!Number.isInteger(top) || top < 1 || top > MOST_VECTORS)
      return sendError(response, 400, 'BAD_QUERY', `top must be 1 to ${MOST_VECTORS}`);
    const bytes = maps.map(top);
    if (bytes === null) return sendError(response, 503, 'NO_MODEL_YET', 'the vocabulary is still being counted');
    return sendBytes(response, bytes);
  };

  const watch = (request: IncomingMessage, response: ServerResponse, view: string | null): void => {
    if (request.method !== 'GET') return sendError(response, 405, 'GET_ONLY', '/api/events takes GET');
    if (feed.open(response, view !== 'public' && gate.isOperator(request))) return;
    return sendError(response, 503, 'TOO_MANY_VIEWERS', 'too many dashboards are open');
  };

  const similar = async (response: ServerResponse, query: URLSearchParams): Promise<void> => {
    const words = (name: string): string[] => (query.get(name) ?? '').split(',').filter((word) => word !== '');
    const positive = words('positive');
    const negative = words('negative');
    const top = Number(query.get('top') ?? '10');
    if (
      !Number.isInteger(top) ||
      top < 1 ||
      top > MOST_NEIGHBOURS ||
      positive.length + negative.length > MOST_QUERY_WORDS
    ) {
      return sendError(
        response,
        400,
        'BAD_QUERY',
        `top must be 1 to ${MOST_NEIGHBOURS}, words at most ${MOST_QUERY_WORDS}`,
      );
    }
    if (queries.full)
      return sendError(response, 503, 'TOO_MANY_QUERIES', 'other queries are being answered: ask again in a moment');
    try {
      const found = await queries.similar(positive, negative, top);
      if (found === null) return sendError(response, 503, 'NO_MODEL_YET', 'the vocabulary is still being counted');
      return sendJson(response, 200, found);
    } catch (error) {
      if (!(error instanceof Word2vecError)) throw error;
      return sendError(response, error.code === 'UNKNOWN_WORD' ? 404 : 400, error.code, error.message);
    }
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const target = request.url ?? '/';
    // A target such as `//` names a host and no path.
    if (!URL.canParse(target, 'http://localhost'))
      return sendError(response, 400, 'BAD_TARGET', 'the request target is no path');
    const url = new URL(target, 'http://localhost');
    if (await operate(request, response, url.pathname)) return;
    if (await sessionRoute({ run, gate }, request, response, url.pathname)) return;
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return sendError(response, 405, 'GET_ONLY', `${url.pathname} takes GET`);
    if (watchRoute({ run, gate, feed }, request, response, url)) return;
    if (await surveyed(request, response, url.pathname)) return;
    switch (url.pathname) {
      case '/healthz': {
        const healthy = run.bulletin.state !== 'failed';
        return sendJson(response, healthy ? 200 : 503, {
          status: healthy ? 'ok' : 'failed',
          state: run.bulletin.state,
          reason: run.bulletin.reason,
        });
      }
      case '/metrics':
        return sendText(response, 200, metrics.contentType, await metrics.metrics());
      case '/api/run':
        return sendJson(response, 200, runStatus(run));
      case '/api/about':
        return sendJson(response, 200, about);
      case '/api/similar':
        return similar(response, url.searchParams);
      case '/api/vectors':
        return vectors(response, url.searchParams.get('top') ?? '1000');
      case '/api/events':
        if (request.method !== 'GET') return sendError(response, 405, 'GET_ONLY', '/api/events takes GET');
        return watch(request, response, url.searchParams.get('view'));
      default:
        files(request, response, () => sendError(response, 404, 'NOT_FOUND', `there is nothing at ${url.pathname}`));
    }
  };

  return (request, response) => {
    handle(request, response).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      run.note('error', `${request.method ?? ''} ${request.url?.split('?')[0] ?? ''}: ${message}`);
      if (response.headersSent) response.destroy();
      else sendError(response, 500, 'INTERNAL', 'an error in the coordinator; its log says which');
    });
  };
}

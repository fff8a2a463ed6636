// Builds what is told of reading the corpus (protocol/corpus.ts): to health, to the operator's feed, and page by page.
import type { ServerResponse } from 'node:http';
import { type CorpusReport, type CorpusStatus, MOST_FILE_LINES } from '../../protocol/corpus.ts';
import { isFileState } from '../corpus/reading/reading-board.ts';
import type { Giver } from '../corpus/reading/reports.ts';
import type { HealthFigures } from '../run/health.ts';
import type { Run } from '../run/run.ts';
import { sendError, sendJson } from './answers.ts';

const MOST_NODES = 32;
const MOST_WAITS = 16;
const LONGEST_FIND = 200;

export function corpusStatus({ facts, bulletin, config, episodes }: Run): CorpusStatus {
  const { opened } = facts;
  const { reading } = bulletin;
  const position = episodes.at(-1)?.to ?? null;
  return {
    description: opened?.description ?? config.training.corpus.join(', '),
    files: opened?.files ?? 0,
    bytes: opened?.bytes ?? 0,
    splits: opened?.splits ?? 0,
    bytesRead: reading.bytesRead,
    bytesPerSecond: reading.bytesPerSecond,
    pass: reading.pass,
    position: position === null ? null : { epoch: position.epoch + 1, split: position.split + 1, line: position.line },
    reading: reading.reading,
    states: reading.states,
    nodes: reading.nodes.nodes.slice(0, MOST_NODES),
    waiting: bulletin.waiting,
    waits: bulletin.waits.slice(0, MOST_WAITS),
  };
}

export function recentReadFailures({ bulletin }: Run): HealthFigures['readFailures'] {
  const recent = bulletin.reading.nodes.recent(performance.now());
  return recent === null ? null : { count: recent.count, where: nameOf(recent.at), code: recent.code };
}

function nameOf({ role, node }: Giver): string {
  return role === 'files' ? "this machine's files" : `${role} ${node}`;
}

/** GET /api/corpus: the status, and a page of the files that match. */
export function sendCorpus(run: Run, response: ServerResponse, query: URLSearchParams): void {
  const from = Number(query.get('from') ?? '0');
  const count = Number(query.get('count') ?? '50');
  const state = query.get('state') ?? 'all';
  const find = query.get('find') ?? '';
  const whole = Number.isSafeInteger(from) && Number.isSafeInteger(count);
  if (!whole || from < 0 || count < 0 || count > MOST_FILE_LINES || find.length > LONGEST_FIND)
    return sendError(
      response,
      400,
      'BAD_QUERY',
      `from must be 0 or more, count 0 to ${MOST_FILE_LINES}, find at most ${LONGEST_FIND} characters`,
    );
  if (state !== 'all' && !isFileState(state))
    return sendError(response, 400, 'BAD_QUERY', 'state must be all, waiting, reading, done or failed');
  const page = run.bulletin.reading.page({ from, count, state: state === 'all' ? null : state, find });
  return sendJson(response, 200, { corpus: corpusStatus(run), from, ...page } satisfies CorpusReport);
}

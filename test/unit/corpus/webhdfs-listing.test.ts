// Huge directories are listed page by page, at every depth, from servers new and old.
import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { openCorpus } from '../../../coordinator/corpus/open.ts';

const PAGE = 1_000; // as Hadoop's dfs.ls.limit

/** 2,345 files at each of three depths; pages from names on. */
async function serve(kind: 'batches' | 'ignores where to go on' | 'stops on the way' | 'knows no batches'): Promise<{
  readonly url: string;
  readonly log: string[];
  close(): void;
}> {
  const log: string[] = [];
  const names = Array.from({ length: 2_345 }, (_, k) => `part ${String(k).padStart(5, '0')}+é`);
  const entry = (pathSuffix: string, type = 'FILE'): object => ({
    pathSuffix,
    type,
    length: type === 'FILE' ? 3 : 0,
    modificationTime: 1,
    fileId: 9,
  });
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    const path = decodeURIComponent(url.pathname.slice('/webhdfs/v1'.length));
    const op = url.searchParams.get('op') ?? '';
    const all = [
      ...(path.split('/').length <= 3 ? [entry('deeper', 'DIRECTORY')] : []),
      ...names.map((name) => entry(name)),
    ] as { pathSuffix: string }[];
    log.push(`${op} ${path}`);
    if (op === 'GETFILESTATUS') response.end(JSON.stringify({ FileStatus: entry('', 'DIRECTORY') }));
    else if (op === 'LISTSTATUS') response.end(JSON.stringify({ FileStatuses: { FileStatus: all } }));
    else if (kind === 'knows no batches') {
      const message = 'Invalid value for webhdfs parameter "op": No enum constant';
      response.writeHead(400);
      response.end(JSON.stringify({ RemoteException: { exception: 'IllegalArgumentException', message } }));
    } else {
      const after = kind !== 'ignores where to go on' ? url.searchParams.get('startafter') : null;
      const from = after === null ? 0 : all.findIndex(({ pathSuffix }) => pathSuffix === after) + 1;
      const page = kind === 'stops on the way' && from > 0 ? [] : all.slice(from, from + PAGE);
      response.end(
        JSON.stringify({
          DirectoryListing: {
            partialListing: { FileStatuses: { FileStatus: page } },
            remainingEntries: all.length - from - page.length,
          },
        }),
      );
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `webhdfs://127.0.0.1:${port}`,
    log,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

it('a huge tree has every file once, from any kind of server', async () => {
  for (const [kind, batches, whole] of [
    ['batches', 3 * 3, 0],
    // The same page comes again once, and then one listing in a single piece for each directory.
    ['ignores where to go on', 3 * 2, 3],
    ['stops on the way', 3 * 2, 3],
    ['knows no batches', 1, 3],
  ] as const) {
    const peer = await serve(kind);
    const source = await openCorpus([`${peer.url}/huge`], { hdfsUser: 'ann' });
    const paths = (await source.list()).map((file) => file.path);
    expect([new Set(paths).size, paths.length], kind).toEqual([3 * 2_345, 3 * 2_345]);
    expect(paths).toContain(`${peer.url}/huge/deeper/deeper/part 02344+é`);
    const asked = (op: string): number => peer.log.filter((line) => line.startsWith(`${op} `)).length;
    expect([asked('LISTSTATUS_BATCH'), asked('LISTSTATUS')], kind).toEqual([batches, whole]);
    await source.close();
    peer.close();
  }
});

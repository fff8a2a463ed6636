// From a path or glob to files: which directories are listed, and what becomes of links.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expand, type Tree, type TreeEntry } from '../../../coordinator/corpus/expansion.ts';
import { globDescends, globMatcher } from '../../../coordinator/corpus/glob.ts';

/** A tree of the files and links named (links end in `@`), with a log of what was listed. */
function treeOf(paths: readonly string[]): Tree & { readonly listed: string[] } {
  const entries = new Map<string, TreeEntry>();
  const add = (path: string, kind: TreeEntry['kind']): void => {
    entries.set(path, { path, kind, length: 1, modified: 1, id: path });
    const parent = path.slice(0, path.lastIndexOf('/')) || '/';
    if (path !== '/' && !entries.has(parent)) add(parent, 'directory');
  };
  for (const path of paths) add(path.replace(/@$/, ''), path.endsWith('@') ? 'link' : 'file');
  const listed: string[] = [];
  return {
    listed,
    stat: async (path) => entries.get(path),
    children: async (path) => {
      listed.push(path);
      const prefix = path === '/' ? '/' : `${path}/`;
      return [...entries.values()].filter(
        (entry) =>
          entry.path.startsWith(prefix) && entry.path !== '/' && !entry.path.slice(prefix.length).includes('/'),
      );
    },
    shown: (path) => `hdfs:${path}`,
    isText: () => true,
  };
}

const YEARS = ['/logs/2024/a/x.txt', '/logs/2024/b/y.txt', '/logs/2025/a/x.txt', '/logs/2025/c/z.gz', '/other/x.txt'];

describe('a glob', () => {
  it('is looked for only where it can match', async () => {
    const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
      ['/logs/2025/*/x.txt', ['/logs/2025/a/x.txt'], ['/logs/2025', '/logs/2025/a', '/logs/2025/c']],
      [
        '/logs/*/{a,b}/*.txt',
        YEARS.slice(0, 3),
        ['/logs', '/logs/2024', '/logs/2024/a', '/logs/2024/b', '/logs/2025', '/logs/2025/a'],
      ],
      [
        '/*/2024/**/y.txt',
        ['/logs/2024/b/y.txt'],
        ['/', '/logs', '/logs/2024', '/logs/2024/a', '/logs/2024/b', '/other'],
      ],
    ];
    for (const [pattern, found, listed] of cases) {
      const tree = treeOf(YEARS);
      expect(
        (await expand(tree, pattern)).map(({ path }) => path.slice('hdfs:'.length)),
        pattern,
      ).toEqual(found);
      expect(tree.listed.toSorted(), pattern).toEqual(listed);
    }
  });

  it('never misses a match by leaving out a directory above it', () => {
    const piece = fc.constantFrom('a', 'b', '*', '?', '**', 'a*', '{a,b}', '{a,b/c}', '[ab]', 'a**');
    const name = fc.constantFrom('a', 'b', 'c', 'ab');
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 5 }),
        fc.array(name, { minLength: 1, maxLength: 6 }),
        (pieces, names) => {
          const pattern = `/${pieces.join('/')}`;
          if (!globMatcher(pattern)(`/${names.join('/')}`)) return;
          const descends = globDescends(pattern);
          for (let depth = 1; depth < names.length; depth += 1)
            expect(descends(`/${names.slice(0, depth).join('/')}`), pattern).toBe(true);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

describe('a symbolic link', () => {
  it('is refused by name, where it is named, walked to or globbed, and not where it is left out', async () => {
    const tree = treeOf([...YEARS, '/logs/2026@', '/logs/2024/a/_hidden@']);
    const refused = { code: 'CORPUS_SYMLINK', message: expect.stringContaining('hdfs:/logs/2026 ') };
    for (const path of ['/logs/2026', '/logs', '/logs/*', '/logs/*/a/*.txt', '/**/x.txt'])
      await expect(expand(tree, path), path).rejects.toMatchObject(refused);
    expect(await expand(tree, '/logs/2024')).toHaveLength(2);
    expect(await expand(tree, '/logs/202[45]/a/x.txt')).toHaveLength(2);
  });
});

// Turns what a person names (a file, a directory, a glob) into files, over any kind of file tree.
import { TributaryError } from '../errors.ts';
import { globDescends, globMatcher, globRoot, isGlob } from './glob.ts';
import { type CorpusFile, codecOf } from './source.ts';

export interface TreeEntry {
  readonly path: string;
  /** `link`: a symbolic link that the tree does not follow by itself. */
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  readonly length: number;
  readonly modified: number;
  readonly id: string;
}

/** A file tree: local or HDFS. */
export interface Tree {
  /** The entry, or undefined when there is none. Throws a coded error when it cannot tell. */
  stat(path: string, signal?: AbortSignal): Promise<TreeEntry | undefined>;
  /** Entries right below a directory, in any order. */
  children(path: string, signal?: AbortSignal): Promise<readonly TreeEntry[]>;
  /** The path as shown to people. */
  shown(path: string): string;
  /** Whether a file found by walking a directory (not by name or glob) is text to train on. */
  isText(name: string): boolean;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

// As Hadoop's own input formats do: _SUCCESS, _temporary and dot files are no data.
function isHidden(path: string): boolean {
  return /^[._]/.test(nameOf(path));
}

interface Walk {
  readonly enter: (directory: string) => boolean;
  readonly take: (entry: TreeEntry) => boolean;
}

async function* walk(tree: Tree, root: string, rules: Walk, signal?: AbortSignal): AsyncGenerator<TreeEntry> {
  const waiting = [root];
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    for (const entry of await tree.children(directory, signal)) {
      if (entry.kind === 'directory' && rules.enter(entry.path)) waiting.push(entry.path);
      else if (entry.kind === 'file' && rules.take(entry)) yield entry;
      else if (entry.kind === 'link' && (rules.take(entry) || rules.enter(entry.path)))
        throw refusedLink(tree, entry.path);
    }
  }
}

/** Passing over a link would lose text without a word; following it could lead anywhere, and round in circles. */
function refusedLink(tree: Tree, path: string): TributaryError {
  return new TributaryError('CORPUS_SYMLINK', `${tree.shown(path)} is a symbolic link`, {
    hint: 'Name what it leads to, or a glob that leaves it out.',
  });
}

async function collect(entries: AsyncIterable<TreeEntry>): Promise<TreeEntry[]> {
  const all: TreeEntry[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}

async function find(tree: Tree, path: string, signal?: AbortSignal): Promise<readonly TreeEntry[]> {
  const trimmed = path.length > 1 ? path.replace(/\/+$/, '') || '/' : path;
  const named = await tree.stat(trimmed, signal);
  if (named?.kind === 'file') return [named];
  if (named?.kind === 'link') throw refusedLink(tree, trimmed);
  if (named?.kind === 'other') {
    throw new TributaryError('CORPUS_UNREADABLE', `${tree.shown(path)} is neither a file nor a directory`, {
      hint: 'Name a regular file or a directory.',
    });
  }
  if (named?.kind === 'directory') {
    const visible = (entry: string): boolean => !isHidden(entry);
    return collect(
      walk(
        tree,
        trimmed,
        { enter: visible, take: (entry) => visible(entry.path) && tree.isText(nameOf(entry.path)) },
        signal,
      ),
    );
  }
  if (!isGlob(trimmed)) {
    throw new TributaryError('CORPUS_NOT_FOUND', `there is no ${tree.shown(path)}`, { hint: 'Check the path.' });
  }
  const root = globRoot(trimmed);
  const from = await tree.stat(root, signal);
  if (from?.kind !== 'directory') {
    throw new TributaryError(
      'CORPUS_NOT_FOUND',
      `nothing matches ${tree.shown(path)}: ${tree.shown(root)} is no directory`,
      { hint: 'Check the path before the first * or ?.' },
    );
  }
  const relative =
    root === '.' && !trimmed.startsWith('./')
      ? (entry: string): string => entry.replace(/^\.\//, '')
      : (entry: string): string => entry;
  const matches = globMatcher(trimmed);
  const descends = globDescends(trimmed);
  const found = await collect(
    walk(
      tree,
      root,
      {
        enter: (directory) => descends(relative(directory)),
        take: (entry) => matches(relative(entry.path)) && !isHidden(entry.path),
      },
      signal,
    ),
  );
  return found.map((entry) => ({ ...entry, path: relative(entry.path) }));
}

/** The files behind one spec, those that hold something, by path. Throws when there are none. */
export async function expand(tree: Tree, path: string, signal?: AbortSignal): Promise<readonly CorpusFile[]> {
  const found = await find(tree, path, signal);
  const files = found
    .filter((entry) => entry.length > 0)
    .map((entry) => ({
      path: tree.shown(entry.path),
      length: entry.length,
      modified: entry.modified,
      id: entry.id,
      codec: codecOf(entry.path),
    }))
    .toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  if (files.length > 0) return files;
  if (found.length > 0) {
    const what = found.length === 1 ? 'is empty' : `holds ${found.length} files, all of them empty`;
    throw new TributaryError('CORPUS_EMPTY', `${tree.shown(path)} ${what}`, { hint: 'Name a file that holds text.' });
  }
  throw isGlob(path)
    ? new TributaryError('CORPUS_NOT_FOUND', `no file matches ${tree.shown(path)}`, {
        hint: 'Quote the pattern for the shell, and check it.',
      })
    : new TributaryError('CORPUS_EMPTY', `the directory ${tree.shown(path)} holds no text`, {
        hint: 'Files whose names begin with . or _ are left out; in a local directory only .txt, .gz, .bz2 and .zst are taken. Name others by a glob, such as DIR/*.',
      });
}

/** Throws SOURCE_CHANGED unless the file is still the one that was listed. */
export function checkPin(file: CorpusFile, now: Pick<TreeEntry, 'length' | 'modified' | 'id'> | undefined): void {
  if (now !== undefined && now.length === file.length && now.modified === file.modified && now.id === file.id) return;
  const what =
    now === undefined
      ? 'is gone'
      : now.length === file.length
        ? 'was replaced or written to'
        : `had ${file.length} bytes and has ${now.length} now`;
  throw new TributaryError('SOURCE_CHANGED', `${file.path} changed since it was listed: it ${what}`, {
    hint: 'Start again on files that stay as they are; what was trained so far is in the last checkpoint.',
  });
}

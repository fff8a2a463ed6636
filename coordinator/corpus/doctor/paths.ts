// The path within HDFS: whether it is there, may be read, what it holds, and which data nodes hold its blocks.
import { TributaryError } from '../../errors.ts';
import { expand } from '../expansion.ts';
import type { HdfsTree } from '../hdfs.ts';
import type { Codec, CorpusFile } from '../source.ts';
import type { BlockLocation } from '../webhdfs/answers.ts';
import type { WebHdfsClient } from '../webhdfs/client.ts';
import { HdfsError } from '../webhdfs/failure.ts';
import { bytesText, counted, failed, type Finding, inParallel, passed, refused, since, warned } from './finding.ts';

/** Files whose blocks are looked up and whose permission is tried, spread evenly over the corpus. */
const FILES_ASKED = 256;
const ASKED_AT_ONCE = 8;
/** Names of a directory that are shown to whoever mistyped the next one. */
const NAMES_SHOWN = 8;

export interface Listed {
  readonly findings: readonly Finding[];
  readonly files: readonly CorpusFile[];
}

/** A block, and the file within HDFS that it belongs to. */
export interface PlacedBlock extends BlockLocation {
  readonly path: string;
}

export interface Examined {
  readonly findings: readonly Finding[];
  readonly blocks: readonly PlacedBlock[];
}

/** Existence, listing, and what was listed. `path` is absolute and may be a glob. */
export async function examinePath(tree: HdfsTree, path: string, splitBytes: number): Promise<Listed> {
  const group = `path ${path}`;
  const began = performance.now();
  let files: readonly CorpusFile[];
  try {
    files = await expand(tree, path);
  } catch (error) {
    const finding = failed(group, 'list', error, since(began));
    const missing = error instanceof TributaryError && error.code === 'CORPUS_NOT_FOUND';
    const hint = missing ? await nearest(tree, path) : finding.hint;
    return { findings: [hint === undefined ? finding : { ...finding, hint }], files: [] };
  }
  const bytes = files.reduce((sum, file) => sum + file.length, 0);
  const codecs = new Map<Codec, number>();
  for (const { codec } of files) codecs.set(codec, (codecs.get(codec) ?? 0) + 1);
  const packed = [...codecs].map(([codec, count]) => `${count.toLocaleString('en')} ${codec}`).join(', ');
  const splits = files.reduce(
    (sum, { codec, length }) => sum + (codec === 'plain' ? Math.ceil(length / splitBytes) : 1),
    0,
  );
  const detail = `${counted(files.length, 'file')}, ${bytesText(bytes)}: ${packed}; read in ${counted(splits, 'split')}`;
  return { findings: [passed(group, 'list', detail, since(began))], files };
}

/** The deepest directory on the way that exists, and what it holds. */
async function nearest(tree: HdfsTree, path: string): Promise<string | undefined> {
  const parts = path.split('/').filter((part) => part !== '');
  const literal = parts.findIndex((part) => /[*?[{]/.test(part));
  for (let depth = Math.min(parts.length - 1, literal < 0 ? parts.length : literal); depth >= 0; depth -= 1) {
    const directory = `/${parts.slice(0, depth).join('/')}`;
    try {
      const names = (await tree.children(directory)).map((entry) => entry.path.slice(entry.path.lastIndexOf('/') + 1));
      const shown = names.slice(0, NAMES_SHOWN).join(', ');
      const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : '';
      return names.length === 0
        ? `${directory} is there, and empty.`
        : `${directory} is there; it holds ${shown}${more}.`;
    } catch (error) {
      // Neither there nor readable: one directory up may be.
      if (!(error instanceof TributaryError)) throw error;
    }
  }
  return undefined;
}

function sample<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, k) => items[Math.floor((k * items.length) / most)] as Item);
}

/** Permission to read, and the blocks of a sample of the files with their replicas. */
export async function examineBlocks(
  client: WebHdfsClient,
  path: string,
  cluster: string,
  files: readonly CorpusFile[],
): Promise<Examined> {
  const group = `path ${path}`;
  const asked = sample(files, FILES_ASKED);
  const began = performance.now();
  const answers = await inParallel(asked, ASKED_AT_ONCE, async (file) => {
    const inside = file.path.slice(cluster.length);
    try {
      const blocks = await client.blockLocations(inside, 0, file.length);
      return blocks.map((block): PlacedBlock => ({ ...block, path: inside }));
    } catch (error) {
      if (error instanceof TributaryError) return error;
      throw error;
    }
  });
  const ms = since(began);
  const errors = answers.filter((answer) => answer instanceof TributaryError);
  const blocks = answers.flatMap((answer) => (answer instanceof TributaryError ? [] : answer));
  const of = asked.length === files.length ? counted(files.length, 'file') : `${asked.length} of ${files.length} files`;
  const [error] = errors;
  if (error instanceof HdfsError && lacksLocations(error)) {
    // Each file stands for one block, in a place that nobody tells.
    const whole = asked.map(({ path: shown, length }): PlacedBlock => ({
      path: shown.slice(cluster.length),
      offset: 0,
      length,
      hosts: [],
      names: [],
      corrupt: false,
    }));
    return { findings: [passed(group, 'blocks', 'a gateway that does not tell where they are', ms)], blocks: whole };
  }
  if (error !== undefined) {
    const finding = failed(group, 'permission', error, ms);
    const detail = `${errors.length} of ${asked.length} files asked cannot be read; the first: ${finding.detail}`;
    return { findings: [asked.length === 1 ? finding : { ...finding, detail }], blocks };
  }
  return { findings: [passed(group, 'permission', `may read ${of}`, ms), judgeBlocks(group, blocks)], blocks };
}

/** Servers before Hadoop 2.9 and older HttpFS know no GETFILEBLOCKLOCATIONS. */
function lacksLocations({ code }: HdfsError): boolean {
  return code === 'HDFS_REFUSED' || code === 'HDFS_PROTOCOL';
}

function judgeBlocks(group: string, blocks: readonly PlacedBlock[]): Finding {
  const place = ({ path, offset }: PlacedBlock): string => `${path} at byte ${offset.toLocaleString('en')}`;
  const lost = blocks.filter(({ hosts }) => hosts.length === 0);
  const corrupt = blocks.filter((block) => block.corrupt);
  const [first] = lost.length > 0 ? lost : corrupt;
  if (first !== undefined) {
    const what =
      lost.length > 0
        ? `${counted(lost.length, 'block')} of ${blocks.length} without a live replica`
        : `${counted(corrupt.length, 'block')} of ${blocks.length} with damaged replicas only`;
    const hint = `See \`hdfs fsck ${first.path} -files -blocks -locations\`: bring the data nodes back, or restore the files.`;
    return refused(group, 'blocks', `${what}; the first: ${place(first)}`, hint);
  }
  const fewest = blocks.reduce((least, { hosts }) => Math.min(least, hosts.length), Number.POSITIVE_INFINITY);
  const nodes = new Set(blocks.flatMap(({ hosts }) => hosts)).size;
  const there = `${counted(blocks.length, 'block')} on ${counted(nodes, 'data node')}`;
  if (fewest > 1 || blocks.length === 0)
    return passed(group, 'blocks', `${there}, each with at least ${counted(fewest, 'replica')}`);
  const single = blocks.filter(({ hosts }) => hosts.length === 1).length;
  const hint = 'When that one data node is down, the run ends: `hdfs dfs -setrep 3 PATH`.';
  return warned(group, 'blocks', `${there}, ${single} with a single replica`, hint);
}

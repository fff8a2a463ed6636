// Checks the JSON answers of WebHDFS and gives them types: what a server sends is never trusted to fit.
import { HdfsError, type Subject } from './failure.ts';

export interface FileStatus {
  /** Last segment of the path; empty when the path itself was asked for. */
  readonly name: string;
  readonly type: 'FILE' | 'DIRECTORY' | 'SYMLINK';
  /** Bytes. */
  readonly length: number;
  /** ms since 1970. */
  readonly modified: number;
  /** Number of the inode; 0 from servers that do not tell. */
  readonly fileId: number;
}

export interface BlockLocation {
  readonly offset: number;
  readonly length: number;
  /** Data nodes by host name. */
  readonly hosts: readonly string[];
  /** The same data nodes, in the same order, as `ip:transferPort`. */
  readonly names: readonly string[];
  /** Every replica is known to be damaged. */
  readonly corrupt: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

function fail(what: string, subject: Subject): HdfsError {
  return new HdfsError('HDFS_PROTOCOL', `the answer for ${subject.path} has no ${what}`, {
    hint: 'Is the address that of WebHDFS, HttpFS or a gateway to them?',
  });
}

function fields(value: unknown, key: string, subject: Subject): Fields {
  const inner = typeof value === 'object' && value !== null ? (value as Fields)[key] : undefined;
  if (typeof inner !== 'object' || inner === null) throw fail(key, subject);
  return inner as Fields;
}

function list(value: Fields, key: string, subject: Subject): readonly unknown[] {
  const inner = value[key];
  if (!Array.isArray(inner)) throw fail(key, subject);
  return inner;
}

function count(value: Fields, key: string, subject: Subject): number {
  const inner = value[key];
  if (typeof inner !== 'number' || !Number.isSafeInteger(inner) || inner < 0) throw fail(key, subject);
  return inner;
}

function texts(value: Fields, key: string, subject: Subject): readonly string[] {
  return list(value, key, subject).map((text) => {
    if (typeof text !== 'string') throw fail(key, subject);
    return text;
  });
}

function status(value: unknown, subject: Subject): FileStatus {
  if (typeof value !== 'object' || value === null) throw fail('FileStatus', subject);
  const entry = value as Fields;
  const { pathSuffix: name, type } = entry;
  if (typeof name !== 'string') throw fail('pathSuffix', subject);
  if (type !== 'FILE' && type !== 'DIRECTORY' && type !== 'SYMLINK') throw fail('type', subject);
  return {
    name,
    type,
    length: count(entry, 'length', subject),
    modified: count(entry, 'modificationTime', subject),
    fileId: entry['fileId'] === undefined ? 0 : count(entry, 'fileId', subject),
  };
}

export function readFileStatus(answer: unknown, subject: Subject): FileStatus {
  return status(fields(answer, 'FileStatus', subject), subject);
}

/** A page of LISTSTATUS_BATCH, or the whole of LISTSTATUS (then nothing remains). */
export function readListing(
  answer: unknown,
  subject: Subject,
): { readonly entries: readonly FileStatus[]; readonly remaining: number } {
  const paged = typeof answer === 'object' && answer !== null && 'DirectoryListing' in answer;
  const listing = paged ? fields(answer, 'DirectoryListing', subject) : { partialListing: answer, remainingEntries: 0 };
  const statuses = fields(fields(listing, 'partialListing', subject), 'FileStatuses', subject);
  return {
    entries: list(statuses, 'FileStatus', subject).map((entry) => status(entry, subject)),
    remaining: count(listing, 'remainingEntries', subject),
  };
}

export function readBlockLocations(answer: unknown, subject: Subject): readonly BlockLocation[] {
  return list(fields(answer, 'BlockLocations', subject), 'BlockLocation', subject).map((value) => {
    if (typeof value !== 'object' || value === null) throw fail('BlockLocation', subject);
    const block = value as Fields;
    return {
      offset: count(block, 'offset', subject),
      length: count(block, 'length', subject),
      hosts: texts(block, 'hosts', subject),
      names: texts(block, 'names', subject),
      corrupt: block['corrupt'] === true,
    };
  });
}

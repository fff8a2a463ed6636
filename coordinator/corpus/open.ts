// Opens what the command line names as corpus: HDFS, local files and the sample, any number of them in a row.
import { EXIT, TributaryError } from '../errors.ts';
import { expand } from './expansion.ts';
import { hdfsClient, HdfsTree, parseHdfsSpec } from './hdfs.ts';
import { localTree, readLocal } from './local.ts';
import { Sample, SAMPLE } from './sample.ts';
import { OWN_FILES, ReadReporter } from './reading/reports.ts';
import type { CorpusFile, CorpusOptions, CorpusSource } from './source.ts';
import { SYSTEM } from './webhdfs/client.ts';
import type { Environment } from './webhdfs/patience.ts';
import { redact } from './webhdfs/redaction.ts';
import { WaitAnnouncer } from './webhdfs/waits.ts';

/** Reads are routed by a file's path, so a file listed by one source can be read by another of the same specs. */
class Corpus implements CorpusSource {
  readonly description: string;
  readonly #specs: readonly string[];
  readonly #options: CorpusOptions;
  readonly #environment: Environment;
  readonly #clusters = new Map<string, HdfsTree>();
  readonly #sample = new Sample();
  readonly #announcer: WaitAnnouncer | null;
  readonly #reporter: ReadReporter | null;

  constructor(specs: readonly string[], options: CorpusOptions, environment: Environment) {
    this.description = specs.map((spec) => (spec === SAMPLE ? 'the sample corpus (Brown)' : spec)).join(', ');
    this.#specs = specs;
    this.#options = options;
    const { hdfsWaits: channel } = options;
    this.#announcer = channel === undefined ? null : new WaitAnnouncer(channel);
    this.#reporter = channel === undefined ? null : new ReadReporter(channel, environment.now);
    this.#environment = {
      ...environment,
      ...(this.#announcer === null ? {} : { announce: this.#announcer.report }),
      ...(this.#reporter === null ? {} : { reading: this.#reporter }),
    };
    for (const spec of specs) this.#cluster(spec);
  }

  async list(signal?: AbortSignal): Promise<readonly CorpusFile[]> {
    const files = new Map<string, CorpusFile>();
    for (const spec of this.#specs) {
      for (const file of await this.#expand(spec, signal)) if (!files.has(file.path)) files.set(file.path, file);
    }
    return [...files.values()];
  }

  read(file: CorpusFile, offset: number, length: number, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    if (offset < 0 || length < 0 || offset + length > file.length) {
      throw new TributaryError(
        'CORPUS_RANGE',
        `${file.path} has no bytes ${offset} to ${offset + length}: its length is ${file.length}`,
      );
    }
    const cluster = file.path.startsWith(SAMPLE) ? undefined : this.#cluster(file.path);
    const chunks = cluster?.read(file, offset, length, signal) ?? this.#readHere(file, offset, length, signal);
    if (this.#reporter === null) return chunks;
    // HDFS tells by itself which node gave what.
    const from = cluster === undefined ? OWN_FILES : null;
    return this.#reporter.watched({ path: file.path, offset, length }, chunks, from, signal);
  }

  async close(): Promise<void> {
    for (const cluster of this.#clusters.values()) cluster.close();
    this.#announcer?.close();
    this.#reporter?.close();
  }

  #readHere(file: CorpusFile, offset: number, length: number, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    if (file.path.startsWith(SAMPLE)) return this.#sample.read(file, offset, length);
    return readLocal(file, offset, length, signal);
  }

  async #expand(spec: string, signal: AbortSignal | undefined): Promise<readonly CorpusFile[]> {
    if (spec === SAMPLE) return this.#sample.list();
    const cluster = this.#cluster(spec);
    if (cluster === undefined) return expand(localTree, spec, signal);
    return expand(cluster, parseHdfsSpec(spec)?.path ?? '/', signal);
  }

  #cluster(spec: string): HdfsTree | undefined {
    const location = parseHdfsSpec(spec);
    if (location === undefined) return undefined;
    let tree = this.#clusters.get(location.cluster);
    if (tree === undefined) {
      tree = new HdfsTree(location.cluster, hdfsClient(location, this.#options, this.#environment));
      this.#clusters.set(location.cluster, tree);
    }
    return tree;
  }
}

/**
 * Opens a corpus without touching it yet. A spec is `webhdfs://host:port/path`, `swebhdfs://…`, a local path
 * (each a file, a directory or a glob) or `sample:`. Throws CORPUS_BAD_SPEC or HDFS_USER_BAD on bad usage.
 */
export async function openCorpus(
  specs: readonly string[],
  options: CorpusOptions,
  environment: Environment = SYSTEM,
): Promise<CorpusSource> {
  for (const spec of specs) {
    const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):(?=\/\/)/.exec(spec)?.[1]?.toLowerCase();
    if (spec === '' || (scheme !== undefined && !['webhdfs', 'swebhdfs', 'hdfs'].includes(scheme))) {
      throw new TributaryError('CORPUS_BAD_SPEC', redact(`${JSON.stringify(spec)} is no corpus`), {
        hint: 'Give webhdfs://HOST:PORT/path, a local file, directory or glob, or sample:.',
        exit: EXIT.usage,
      });
    }
  }
  if (specs.length === 0) {
    throw new TributaryError('CORPUS_BAD_SPEC', 'no corpus is named', {
      hint: 'Give a path, a webhdfs:// address or sample:.',
      exit: EXIT.usage,
    });
  }
  return new Corpus(specs, options, environment);
}

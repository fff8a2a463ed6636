// Examines a corpus hop by hop for `tributary doctor`, and says what to change where a hop fails.
import { failed, type Finding, passed, refused, since, bytesText, counted } from './doctor/finding.ts';
import { examineHdfs } from './doctor/hdfs.ts';
import { parseHdfsSpec } from './hdfs.ts';
import { readLines } from './lines.ts';
import { openCorpus } from './open.ts';
import type { CorpusFile, CorpusOptions } from './source.ts';

/** Characters of the text that are shown. */
const SHOWN = 60;

/** The files of a corpus that is not in HDFS. */
async function* examineFiles(spec: string, options: CorpusOptions): AsyncGenerator<Finding, readonly CorpusFile[]> {
  const group = `corpus ${spec}`;
  const began = performance.now();
  const source = await openCorpus([spec], options);
  try {
    const files = await source.list();
    const bytes = files.reduce((sum, file) => sum + file.length, 0);
    yield passed(group, 'list', `${counted(files.length, 'file')}, ${bytesText(bytes)}`, since(began));
    return files;
  } catch (error) {
    yield failed(group, 'list', error, since(began));
    return [];
  } finally {
    await source.close();
  }
}

/** The first line of the first file: that it can be unpacked, and that it is text. */
async function* examineText(spec: string, file: CorpusFile, options: CorpusOptions): AsyncGenerator<Finding> {
  const group = `corpus ${spec}`;
  const began = performance.now();
  const source = await openCorpus([spec], options);
  try {
    let first = '';
    for await (const lines of readLines(source, file, { file: 0, start: 0, end: file.length }, { longestLine: 4096 })) {
      first = lines.find((line) => line.trim() !== '') ?? '';
      if (first !== '') break;
    }
    yield first === ''
      ? refused(group, 'text', `${file.path} holds only empty lines`, 'Name a file that holds text.', since(began))
      : passed(group, 'text', JSON.stringify(first.slice(0, SHOWN)), since(began));
  } catch (error) {
    yield failed(group, 'text', error, since(began));
  } finally {
    await source.close();
  }
}

async function* examineSpec(spec: string, options: CorpusOptions): AsyncGenerator<Finding> {
  const location = parseHdfsSpec(spec);
  const files = yield* location === undefined ? examineFiles(spec, options) : examineHdfs(location, options);
  const [file] = files;
  if (file !== undefined) yield* examineText(spec, file, options);
}

/**
 * Looks at every hop to the text of each spec and yields what it finds as it goes: for HDFS each name node
 * (name, port, TLS, what answers, state, clock), who we are to the cluster, the path (listing, permission,
 * blocks), each data node by the name it is redirected to (name, port, TLS, a read), the host map that is
 * missing; then for every corpus its first line. Never throws for what the operator can change.
 */
export async function* examineCorpus(
  specs: readonly string[],
  options: CorpusOptions,
): AsyncGenerator<Finding, void, undefined> {
  for (const spec of specs) {
    try {
      yield* examineSpec(spec, options);
    } catch (error) {
      yield failed(`corpus ${spec}`, 'address', error);
    }
  }
}

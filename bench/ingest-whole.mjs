// All that a run does with its corpus besides training, in a process of its own as it is shipped, from dist/: counts it,
// and makes the pairs of one epoch with as many episodes in memory as a run has. Prints its figures as JSON.
import { availableParallelism } from 'node:os';
import { parseHostMap } from '../dist/coordinator/corpus/host-map.js';
import { IngestThread } from '../dist/coordinator/ingest/ingest-thread.js';
import { AS_IT_STANDS } from '../dist/coordinator/ingest/normalisation.js';
import { SCHEDULE } from '../dist/coordinator/run/config.js';
import { keptCounts } from '../dist/word2vec/vocabulary.js';

const SAMPLE = 1e-3;
const MIN_COUNT = 5;
const MAX_VOCAB = 1_000_000;
/** Memory for tables of words. */
const WORDS_BYTES = 256 << 20;

/** @param {{ corpus: string, user?: string, hostMap?: string }} task @returns words of an epoch */
async function ingest({ corpus, user, hostMap }) {
  const thread = new IngestThread({ progress: () => undefined, note: () => undefined });
  const options = user === undefined ? {} : { hdfsUser: user, hdfsHostMap: parseHostMap(hostMap) };
  await thread.open({
    corpus: [corpus],
    options,
    vocab: '',
    normalisation: AS_IT_STANDS,
    memory: WORDS_BYTES,
    splitBytes: SCHEDULE.splitBytes,
  });
  const limits = { minCount: MIN_COUNT, maxVocab: MAX_VOCAB };
  const { words, counts, heldOut } = await thread.count({ threads: availableParallelism(), folder: '', ...limits });
  const shared = { words, counts, seed: 1, window: 5, sample: SAMPLE, epochs: 1, heldOutLimit: heldOut.limit };
  await thread.train({ ...shared, exact: true, sentence: 'line', model: 'skipgram', hs: false, schedule: 'grid' });
  const sum = (values) => values.reduce((all, value) => all + value, 0);
  const total = sum(counts);
  // An episode of a run that has grown.
  const length = Math.floor((SCHEDULE.maxKept * total) / sum(keptCounts(counts, SAMPLE)));
  const open = [];
  let from = { epoch: 0, split: 0, line: 0, token: 0, tokens: 0, beyond: 0 };
  for (let number = 0; from.tokens < total; number++) {
    // As when its last lease has ended.
    if (open.length === SCHEDULE.episodesAhead) thread.giveBack(open.shift());
    const episode = await thread.prepare({ number, from, until: from.tokens + length, stop: null, parts: 4 });
    open.push(episode);
    from = episode.to;
  }
  await thread.close();
  return total;
}

const began = performance.now();
const done = await ingest(JSON.parse(process.argv[2]));
const { user, system } = process.cpuUsage();
const figures = {
  done,
  seconds: (performance.now() - began) / 1000,
  cpuSeconds: (user + system) / 1e6,
  peakRssMiB: process.resourceUsage().maxRSS / 1024,
};
process.stdout.write(JSON.stringify(figures));

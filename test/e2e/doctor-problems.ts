// What doctor finds wrong, as lines for comparison.
import { examineCorpus } from '../../coordinator/corpus/doctor.ts';
import type { CorpusOptions } from '../../coordinator/corpus/source.ts';

/** `step: detail | hint` of each finding that is not ok. */
export async function problems(spec: string, options: CorpusOptions): Promise<string[]> {
  const found: string[] = [];
  for await (const { ok, step, detail, hint } of examineCorpus([spec], options))
    if (!ok) found.push(`${step}: ${detail} | ${hint ?? ''}`);
  return found;
}

// What a run's model must be: its applied leases trained one after the other by the reference.
import { EpisodeCensus } from '../../../coordinator/leases/episode.ts';
import { Model } from '../../../coordinator/model/model.ts';
import { BatchedReference } from '../../../word2vec/batched-reference.ts';
import { minibatchPairs } from '../../../word2vec/curriculum.ts';
import { drawTable } from '../../../word2vec/noise.ts';
import { shuffleChunks, sortChunks } from '../../../word2vec/pair-order.ts';
import type { LeaseShape } from '../../../word2vec/plan.ts';
import { Planner } from '../../../word2vec/planner.ts';
import type { SmallRun } from './harness.ts';

/** The run's applied leases once more, without wire, desk or volunteers. */
export async function trainDirectly(run: SmallRun): Promise<Model> {
  const { seed, dim, chunkPairs, negative, damping } = run.constants;
  const model = Model.fresh(run.model.rows, dim, seed);
  const engine = new BatchedReference();
  for (const event of run.journal.events) {
    if (event.kind !== 'applied') continue;
    const { grant, alpha } = event.record;
    const episode = run.episodes[grant.episode]!;
    const tables = run.tables.of(grant.parts);
    const census = new EpisodeCensus(episode);
    const inputMembers = tables.input.members[grant.inputPart]!;
    const outputMembers = tables.output.members[grant.outputPart]!;
    const { hs } = run.tables.objective;
    const share = tables.shares[grant.outputPart]!;
    const { rule, rate } = census.negatives(grant.inputPart, grant.outputPart, share, run.constants);
    const inputs = drawTable(Float64Array.from(census.inputCounts(grant.inputPart, inputMembers.length)));
    const bags = run.tables.objective.model === 'cbow';
    const place = {
      seed,
      chunkPairs,
      episode: grant.episode,
      block: grant.inputPart * grant.parts + grant.outputPart,
      firstChunk: grant.firstChunk,
    };
    const pairs = {
      inputs: episode.inputs.slice(grant.start, grant.end),
      outputs: episode.outputs.slice(grant.start, grant.end),
    };
    if (run.constants.schedule === 'grid') {
      sortChunks(pairs, chunkPairs, inputMembers.length, outputMembers.length * (hs ? 2 : 1));
      shuffleChunks(pairs, place);
    }
    const shape: LeaseShape = {
      ...place,
      ...pairs,
      minibatch: minibatchPairs(grant.parts, run.constants.counts.length),
      targets: hs ? 'labelled' : 'positive',
      inputPartSize: inputMembers.length,
      outputPartSize: outputMembers.length,
      noise: tables.noise(grant.outputPart),
      negatives: hs
        ? { kind: 'none' }
        : rule === 'coupled'
          ? { kind: rule, rate }
          : { kind: rule, rate, draws: negative, inputs },
    };
    const plan = bags ? new Planner().planBags(shape) : new Planner().plan(shape);
    const gather = (matrix: Float32Array, ids: Uint32Array, members: Uint32Array): Float32Array<ArrayBuffer> =>
      Float32Array.from(
        [...ids].flatMap((rank) => [...matrix.subarray(members[rank]! * dim, members[rank]! * dim + dim)]),
      );
    const rows = {
      input: gather(model.input, plan.inputIds, inputMembers),
      output: gather(model.output, plan.outputIds, outputMembers),
      dim,
    };
    if ('bagStart' in plan) await engine.trainBags(plan, rows, { alpha, damping });
    else await engine.train(plan, rows, { alpha, damping });
    const scatter = (matrix: Float32Array, ids: Uint32Array, members: Uint32Array, trained: Float32Array): void => {
      for (let at = 0; at < trained.length; at++) {
        const place = members[ids[Math.floor(at / dim)]!]! * dim + (at % dim);
        matrix[place]! += Math.fround(trained[at]! - matrix[place]!);
      }
    };
    scatter(model.input, plan.inputIds, inputMembers, rows.input);
    scatter(model.output, plan.outputIds, outputMembers, rows.output);
  }
  return model;
}

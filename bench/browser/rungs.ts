// The ladder of kernels that the kernel benchmark climbs, each with all that an engine needs to run it.
import { DIRECT, type GroupStep, SUBGROUP, TILED } from '../../client/worker/gpu-group-step.ts';
import naiveSource from './naive.wgsl?raw';

/** An invocation per slot, whatever the adapter. */
const NAIVE: GroupStep = {
  name: 'naive',
  source: naiveSource,
  subgroups: false,
  lanes: () => 64,
  workgroups: (groups, lanes) => Math.ceil((groups * 6) / lanes),
  constants: () => ({}),
};

export const RUNGS = { naive: NAIVE, direct: DIRECT, tiled: TILED, subgroup: SUBGROUP } as const;

export type RungName = keyof typeof RUNGS;

// The kernels that step groups, one of which an engine runs: what they need and how they are dispatched.
import directSource from '../../shaders/group-direct.wgsl?raw';
import subgroupSource from '../../shaders/group-subgroup.wgsl?raw';
import tiledSource from '../../shaders/group-tiled.wgsl?raw';
import sharedSource from '../../shaders/group.wgsl?raw';
import { LANES, tileColumns } from '../../shaders/layout.ts';

/** A kernel with entry point `groupStep` and the bindings of group.wgsl. */
export interface GroupStep {
  readonly name: string;
  /** WGSL after prelude.wgsl. */
  readonly source: string;
  readonly subgroups: boolean;
  /** Invocations per workgroup, by default. */
  readonly lanes: (software: boolean) => number;
  /** Workgroups for so many groups. */
  readonly workgroups: (groups: number, lanes: number) => number;
  /** Override constants besides LANES, for rows of so many columns and groups of so many negatives. */
  readonly constants: (columns: number, negatives: number) => Readonly<Record<string, number>>;
}

const oneEach = (groups: number): number => groups;
const byAdapter = (software: boolean): number => (software ? LANES.software : LANES.hardware);

/** Rows read from storage wherever needed. */
export const DIRECT: GroupStep = {
  name: 'direct',
  source: sharedSource + directSource,
  subgroups: false,
  lanes: byAdapter,
  workgroups: oneEach,
  constants: (_, negatives) => ({ NEGATIVES: negatives }),
};

/** Rows staged in workgroup memory. */
export const TILED: GroupStep = {
  ...DIRECT,
  name: 'tiled',
  source: sharedSource + tiledSource,
  constants: (columns, negatives) => ({ NEGATIVES: negatives, TILE: tileColumns(columns, negatives) }),
};

/** Dot products summed by subgroups. */
export const SUBGROUP: GroupStep = {
  ...DIRECT,
  name: 'subgroup',
  source: sharedSource + subgroupSource,
  subgroups: true,
};

/**
 * On software adapters rows are read from storage: workgroup memory is the same memory there, and barriers cost
 * (measured: docs/performance.md). On hardware rows are staged, so that reads coalesce; reasoned, not measured.
 */
export function chooseGroupStep(software: boolean): GroupStep {
  return software ? DIRECT : TILED;
}

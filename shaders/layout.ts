// The contract between the kernels and the engine: bindings, parameter bytes, and the limits both rely on.

/** Storage and uniform bindings of group 0, the same numbers in every kernel; a kernel declares those it needs. */
export const BINDING = {
  lease: 0,
  slice: 1,
  inputRows: 2,
  outputRows: 3,
  inputSteps: 4,
  outputSteps: 5,
  plan: 6,
  extents: 7,
  losses: 8,
} as const;

/** Pairs of a group and the most negatives they share; equal to GROUP and MAX_NEGATIVES of word2vec/plan.ts. */
export const GROUP = 6;
export const MAX_NEGATIVES = 64;

/**
 * Values of the override NEGATIVES: a lease uses the least that holds its groups, so that few variants are compiled.
 * The last is MAX_NEGATIVES.
 */
export const NEGATIVE_STEPS = [8, 16, 32, MAX_NEGATIVES] as const;

/**
 * Invocations per workgroup, the override LANES: two or more waves of every GPU; software adapters run them one by
 * one with a cost for each at every barrier (measured: 8 twice as fast as 64 on SwiftShader).
 */
export const LANES = { hardware: 64, software: 8 } as const;

/** Most workgroups of one dispatch that every adapter offers (maxComputeWorkgroupsPerDimension). */
export const MOST_WORKGROUPS = 65_535;

/**
 * Largest α × hits of a row in a minibatch: below it the clamp of prelude.wgsl's fixed point cannot bind from above
 * while rows stay below LARGEST, so its range proof holds.
 */
export const LARGEST_REACH = 2 ** 100;

/**
 * Largest |component| a row may reach. Below it every dot product of 1,024 dimensions is finite in 32 bits; beyond it
 * the run has diverged, and the engine says so instead of returning rows.
 */
export const LARGEST = 2 ** 24;

/** `struct Lease`: constants of a lease. Offsets in bytes; u32 unless noted. */
export const LEASE = {
  /** Columns of a row in units of vec4, ceil(dim / 4). */
  columns: 0,
  /** Where each section begins in `plan`, in elements. The section of the groups' input rows begins at 0. */
  groupOutputs: 4,
  negativeStart: 8,
  negatives: 12,
  inputFlushRows: 16,
  inputFlushHits: 20,
  outputFlushRows: 24,
  outputFlushHits: 28,
  /** f32, learning rate. */
  alpha: 32,
  /** f32, h·α of the damping 1/(1+h·α·(n−1)). */
  damping: 36,
  /** 1 where targets beyond ±6 teach nothing, else 0. */
  skips: 40,
  bytes: 44,
} as const;

/** `struct Slice`: one dispatch, bound by dynamic offset. Offsets in bytes; u32 unless noted. */
export const SLICE = {
  /** Index of the minibatch in the lease. */
  batch: 0,
  /** Groups that this dispatch steps. */
  firstGroup: 4,
  groups: 8,
  /** Entries of the input and of the output flush list that this dispatch flushes. */
  inputFirst: 12,
  inputCount: 16,
  outputFirst: 20,
  outputCount: 24,
  /** f32, α × the most hits of any one input (output) row in the minibatch: bounds its summed step, see prelude.wgsl. */
  inputReach: 28,
  outputReach: 32,
  bytes: 36,
} as const;

/** Dynamic uniform offsets are multiples of this on every adapter (minUniformBufferOffsetAlignment). */
export const SLICE_STRIDE = 256;

/** Most dispatches of one submit: what the buffer of slices holds. */
export const MOST_SLICES = 1024;

/** Workgroup memory that every adapter offers (maxComputeWorkgroupStorageSize), in bytes. */
const WORKGROUP_BYTES = 16_384;

/**
 * Columns of a tile of group-tiled.wgsl, the override TILE: all columns of a row if 16 KiB hold them for a group of
 * `negatives` negatives (a NEGATIVE_STEP), else what 16 KiB hold. Odd, see there.
 */
export function tileColumns(columns: number, negatives: number): number {
  const dots = GROUP * (1 + negatives);
  // gradients, dotLosses and products; the rows' places; arrays begin at multiples of 16.
  const fixed = dots * 4 * 3 + (2 * GROUP + negatives) * 4 + 7 * 16;
  const most = Math.floor((WORKGROUP_BYTES - fixed) / (16 * (2 * GROUP + negatives)));
  return Math.min(columns | 1, (most - 1) | 1);
}

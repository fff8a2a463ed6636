// The contract between the kernels and the engine: bindings, parameter bytes, and the limits both rely on.

/** Storage and uniform bindings of group 0, the same numbers in every kernel; a kernel declares those it needs. */
export const BINDING = {
  lease: 0,
  batch: 1,
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
  bytes: 40,
} as const;

/** `struct Batch`: one minibatch, bound by dynamic offset. Offsets in bytes; u32 unless noted. */
export const BATCH = {
  /** Index of the minibatch in the lease. */
  number: 0,
  firstGroup: 4,
  /** The minibatch's entries of the input and of the output flush list. */
  inputFirst: 8,
  inputCount: 12,
  outputFirst: 16,
  outputCount: 20,
  /** f32, α × the most hits of any one input (output) row in the minibatch: bounds its summed step, see group-step.wgsl. */
  inputReach: 24,
  outputReach: 28,
  bytes: 32,
} as const;

/** Dynamic uniform offsets are multiples of this on every adapter (minUniformBufferOffsetAlignment). */
export const BATCH_STRIDE = 256;

// Begins every kernel: the parameters of a lease and of a dispatch, the plan's marks, and the shared arithmetic.

// Invocations per workgroup.
override LANES: u32 = 64u;

const GROUP = 6u;
// Marks of word2vec/plan.ts: an empty slot, tested first, and a target whose label is 0.
const ABSENT = 0xffffffffu;
const LABEL_ZERO = 0x80000000u;
// Beyond it the sigmoid is exactly 0 or 1, as in word2vec.c (MAX_EXP).
const SATURATION = 6.0;

struct Lease {
  columns: u32,
  groupOutputs: u32,
  negativeStart: u32,
  negatives: u32,
  inputFlushRows: u32,
  inputFlushHits: u32,
  outputFlushRows: u32,
  outputFlushHits: u32,
  alpha: f32,
  damping: f32,
  // 1 where targets beyond ±SATURATION teach nothing (hierarchical softmax, as in word2vec.c), else 0.
  skips: u32,
}

// A dispatch: groups of a minibatch to step, or entries of its flush lists.
struct Slice {
  batch: u32,
  firstGroup: u32,
  groups: u32,
  inputFirst: u32,
  inputCount: u32,
  outputFirst: u32,
  outputCount: u32,
  inputReach: f32,
  outputReach: f32,
}

@group(0) @binding(0) var<uniform> lease: Lease;
@group(0) @binding(1) var<uniform> slice: Slice;

fn sigmoid(x: f32) -> f32 {
  if (x >= SATURATION) { return 1.0; }
  if (x <= -SATURATION) { return 0.0; }
  return 1.0 / (1.0 + exp(-x));
}

// label − σ(product), the pull on both rows; `isTarget`: the other row is the pair's own, no negative.
fn pull(product: f32, truth: bool, isTarget: bool) -> f32 {
  if (isTarget && lease.skips != 0u && abs(product) >= SATURATION) { return 0.0; }
  return select(0.0, 1.0, truth) - sigmoid(product);
}

// log(1 + e^x) without overflow.
fn softplus(x: f32) -> f32 {
  return max(x, 0.0) + log(1.0 + exp(-abs(x)));
}

// Fixed point of a minibatch's summed steps. A row hit n times moves by at most n·α·E per component, E the largest
// |component| of the other matrix (extents: exact bits, raised by flush.wgsl). slice.*Reach is α times the largest n of
// the minibatch. With reach · E < 2^(e+1), 2^(29−e) units per 1.0 keep every sum below 2^30, and the rounding of each
// addend to a unit adds at most n/2: no sum can wrap an i32. The exponent is read from the bits, so that all kernels
// and adapters agree on it exactly; the engine refuses a reach at which the clamp could bind from above.
fn fixedExponent(reach: f32, extentBits: u32) -> i32 {
  let exponent = i32(bitcast<u32>(reach * bitcast<f32>(extentBits)) >> 23u) - 127;
  return clamp(29 - exponent, -100, 100);
}

// Units per 1.0.
fn fixedPoint(reach: f32, extentBits: u32) -> f32 {
  return bitcast<f32>(u32(127 + fixedExponent(reach, extentBits)) << 23u);
}

// What one unit is worth: the inverse, exactly.
fn fixedUnit(reach: f32, extentBits: u32) -> f32 {
  return bitcast<f32>(u32(127 - fixedExponent(reach, extentBits)) << 23u);
}

// Computes every dot product of a minibatch against the rows as they stand, and sums the steps in fixed point.
//
// Dispatch: one workgroup per group of the minibatch. A group is up to GROUP pairs that share their negatives.
//   phase 1: lane k takes dot products k, k + LANES, ...: slot k % GROUP with its own target, or with a negative;
//   phase 2: a lane takes a vec4 column, and either the input rows' steps or the output rows' steps.
// Races: none. Rows, plan and extents are only read; steps are integers added atomically, and integer addition
//   commutes, so the sums do not depend on scheduling; losses has one element per group.
// Range: a row hit n times moves by at most n·α·E per component, E the largest |component| of the other matrix
//   (extents: exact, kept by flush.wgsl). batch.*Reach is α times the largest n, so `fixedPoint` makes every sum
//   of a minibatch less than 2^30 in fixed point plus rounding: it cannot wrap an i32.
// Must equal word2vec/batched-reference.ts up to rounding.

const GROUP = 6u;
const MAX_NEGATIVES = 64u;
const MOST_DOTS = GROUP * (1u + MAX_NEGATIVES);
const ABSENT = 0xffffffffu;
// Beyond it the sigmoid is exactly 0 or 1, as in word2vec.c (MAX_EXP).
const SATURATION = 6.0;

override LANES: u32 = 64u;

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
}

struct Batch {
  number: u32,
  firstGroup: u32,
  inputFirst: u32,
  inputCount: u32,
  outputFirst: u32,
  outputCount: u32,
  inputReach: f32,
  outputReach: f32,
}

@group(0) @binding(0) var<uniform> lease: Lease;
@group(0) @binding(1) var<uniform> batch: Batch;
// Shapes (input rows, columns) and (output rows, columns), row-major; the last column is padded with zeros.
@group(0) @binding(2) var<storage, read> inputRows: array<vec4f>;
@group(0) @binding(3) var<storage, read> outputRows: array<vec4f>;
// The same shapes, four integers to a column.
@group(0) @binding(4) var<storage, read_write> inputSteps: array<atomic<i32>>;
@group(0) @binding(5) var<storage, read_write> outputSteps: array<atomic<i32>>;
// Sections of word2vec/plan.ts, one after the other; group inputs first, the rest where `lease` says.
@group(0) @binding(6) var<storage, read> plan: array<u32>;
// Largest |component| of the input and of the output rows before minibatch b, as bits of an f32. Shape (b, 2).
@group(0) @binding(7) var<storage, read> extents: array<u32>;
// Positive and negative loss of each group of the lease.
@group(0) @binding(8) var<storage, read_write> losses: array<vec2f>;

// Of dot product k = other * GROUP + slot, where other 0 is the slot's target and other j its j-th negative:
// (label − σ(dot)) · α, and its loss.
var<workgroup> gradients: array<f32, MOST_DOTS>;
var<workgroup> dotLosses: array<f32, MOST_DOTS>;

@compute @workgroup_size(LANES)
fn groupStep(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let group = batch.firstGroup + workgroup.x;
  let firstSlot = group * GROUP;
  let firstTarget = lease.groupOutputs + firstSlot;
  let start = plan[lease.negativeStart + group];
  let negativeCount = plan[lease.negativeStart + group + 1u] - start;
  let firstNegative = lease.negatives + start;
  let columns = lease.columns;
  let dots = GROUP * (1u + negativeCount);

  for (var k = lane; k < dots; k += LANES) {
    let slot = k % GROUP;
    let other = k / GROUP;
    let x = plan[firstSlot + slot];
    var u = plan[firstTarget + slot];
    if (other > 0u) { u = plan[firstNegative + other - 1u]; }
    var gradient = 0.0;
    var loss = 0.0;
    if (x != ABSENT && u != ABSENT) {
      let product = dotProduct(x * columns, u * columns, columns);
      let label = select(0.0, 1.0, other == 0u);
      gradient = (label - sigmoid(product)) * lease.alpha;
      loss = softplus(select(product, -product, other == 0u));
    }
    gradients[k] = gradient;
    dotLosses[k] = loss;
  }
  workgroupBarrier();

  let inputFixed = fixedPoint(batch.inputReach, extents[2u * batch.number + 1u]);
  let outputFixed = fixedPoint(batch.outputReach, extents[2u * batch.number]);
  for (var task = lane; task < 2u * columns; task += LANES) {
    if (task < columns) {
      stepInputs(firstSlot, firstTarget, firstNegative, negativeCount, task, inputFixed);
    } else {
      stepOutputs(firstSlot, firstTarget, firstNegative, negativeCount, task - columns, outputFixed);
    }
  }
  // The last lane has the least of the work above.
  if (lane == LANES - 1u) {
    var positive = 0.0;
    for (var k = 0u; k < GROUP; k++) { positive += dotLosses[k]; }
    var negative = 0.0;
    for (var k = GROUP; k < dots; k++) { negative += dotLosses[k]; }
    losses[group] = vec2f(positive, negative);
  }
}

// One column of the steps of the group's input rows: Σ gradient · u over the slot's target and all negatives.
fn stepInputs(firstSlot: u32, firstTarget: u32, firstNegative: u32, negativeCount: u32, column: u32, fixed: f32) {
  var steps: array<vec4f, GROUP>;
  for (var slot = 0u; slot < GROUP; slot++) {
    let u = plan[firstTarget + slot];
    if (u != ABSENT) { steps[slot] = gradients[slot] * outputRows[u * lease.columns + column]; }
  }
  for (var k = 0u; k < negativeCount; k++) {
    let u = outputRows[plan[firstNegative + k] * lease.columns + column];
    let first = (1u + k) * GROUP;
    for (var slot = 0u; slot < GROUP; slot++) { steps[slot] += gradients[first + slot] * u; }
  }
  for (var slot = 0u; slot < GROUP; slot++) {
    let x = plan[firstSlot + slot];
    if (x != ABSENT) {
      let at = 4u * (x * lease.columns + column);
      let step = vec4i(round(steps[slot] * fixed));
      atomicAdd(&inputSteps[at], step.x);
      atomicAdd(&inputSteps[at + 1u], step.y);
      atomicAdd(&inputSteps[at + 2u], step.z);
      atomicAdd(&inputSteps[at + 3u], step.w);
    }
  }
}

// One column of the steps of the group's output rows: gradient · x for a target, Σ gradient · x for a negative.
fn stepOutputs(firstSlot: u32, firstTarget: u32, firstNegative: u32, negativeCount: u32, column: u32, fixed: f32) {
  var x: array<vec4f, GROUP>;
  for (var slot = 0u; slot < GROUP; slot++) {
    let row = plan[firstSlot + slot];
    if (row != ABSENT) { x[slot] = inputRows[row * lease.columns + column]; }
  }
  for (var slot = 0u; slot < GROUP; slot++) {
    let u = plan[firstTarget + slot];
    if (u != ABSENT) { addOutput(4u * (u * lease.columns + column), gradients[slot] * x[slot] * fixed); }
  }
  for (var k = 0u; k < negativeCount; k++) {
    let first = (1u + k) * GROUP;
    var sum = vec4f();
    for (var slot = 0u; slot < GROUP; slot++) { sum += gradients[first + slot] * x[slot]; }
    addOutput(4u * (plan[firstNegative + k] * lease.columns + column), sum * fixed);
  }
}

fn addOutput(at: u32, scaled: vec4f) {
  let step = vec4i(round(scaled));
  atomicAdd(&outputSteps[at], step.x);
  atomicAdd(&outputSteps[at + 1u], step.y);
  atomicAdd(&outputSteps[at + 2u], step.z);
  atomicAdd(&outputSteps[at + 3u], step.w);
}

fn dotProduct(x: u32, u: u32, columns: u32) -> f32 {
  var sum = vec4f();
  for (var column = 0u; column < columns; column++) { sum += inputRows[x + column] * outputRows[u + column]; }
  return (sum.x + sum.y) + (sum.z + sum.w);
}

fn sigmoid(x: f32) -> f32 {
  if (x >= SATURATION) { return 1.0; }
  if (x <= -SATURATION) { return 0.0; }
  return 1.0 / (1.0 + exp(-x));
}

// log(1 + e^x) without overflow.
fn softplus(x: f32) -> f32 {
  return max(x, 0.0) + log(1.0 + exp(-abs(x)));
}

// Units per 1.0: the largest power of two at which a sum within reach · extent stays below 2^30. flush.wgsl has its
// inverse. The exponent is read from the bits, so both kernels and every adapter agree on it exactly.
fn fixedPoint(reach: f32, extentBits: u32) -> f32 {
  let exponent = i32(bitcast<u32>(reach * bitcast<f32>(extentBits)) >> 23u) - 127;
  return bitcast<f32>(u32(clamp(29 - exponent, -100, 100) + 127) << 23u);
}

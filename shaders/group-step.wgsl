// Computes every dot product of a minibatch against the rows as they stand, and sums the steps in fixed point.
//
// Dispatch: one workgroup per group of the minibatch. A group is up to GROUP pairs that share their negatives.
//   phase 1: lane k takes dot products k, k + LANES, ...: slot k % GROUP with its own target, or with a negative;
//   phase 2: a lane takes a vec4 column, and either the input rows' steps or the output rows' steps.
// Races: none. Rows, plan and extents are only read; steps are integers added atomically, and integer addition
//   commutes, so the sums do not depend on scheduling; losses has one writer per element.
// Range: a row hit n times moves by at most n·α·E per component, E the largest |component| of the other matrix
//   (extents: exact, kept by flush.wgsl). batch.*Reach is α times the largest n, so `fixedPoint` makes every sum
//   of a minibatch less than 2^30 in fixed point plus rounding: it cannot wrap an i32.
// Must equal word2vec/batched-reference.ts up to rounding.

const GROUP = 6u;
const ABSENT = 0xffffffffu;
// Beyond it the sigmoid is exactly 0 or 1, as in word2vec.c (MAX_EXP).
const SATURATION = 6.0;

override LANES: u32 = 64u;
// Most negatives of any group of the lease. Workgroup memory is cleared for every group, so no more than needed.
override NEGATIVES: u32 = 64u;

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
// Positive and negative loss of each slot. Shape (groups of the lease, GROUP).
@group(0) @binding(8) var<storage, read_write> losses: array<vec2f>;

// Of dot product k = other * GROUP + slot, where other 0 is the slot's target and other j its j-th negative:
// (label − σ(dot)) · α, and its loss.
var<workgroup> gradients: array<f32, GROUP * (1u + NEGATIVES)>;
var<workgroup> dotLosses: array<f32, GROUP * (1u + NEGATIVES)>;
// Where the rows of the slots, their targets and the negatives begin, in columns; ABSENT as in the plan.
var<workgroup> inputAt: array<u32, GROUP>;
var<workgroup> targetAt: array<u32, GROUP>;
var<workgroup> negativeAt: array<u32, NEGATIVES>;

@compute @workgroup_size(LANES)
fn groupStep(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let group = batch.firstGroup + workgroup.x;
  let firstNegative = plan[lease.negativeStart + group];
  let negativeCount = plan[lease.negativeStart + group + 1u] - firstNegative;
  let columns = lease.columns;
  let dots = GROUP * (1u + negativeCount);

  for (var k = lane; k < dots; k += LANES) {
    let slot = k % GROUP;
    let other = k / GROUP;
    let x = rowAt(group * GROUP + slot);
    var u: u32;
    if (other == 0u) {
      u = rowAt(lease.groupOutputs + group * GROUP + slot);
      inputAt[slot] = x;
      targetAt[slot] = u;
    } else {
      u = rowAt(lease.negatives + firstNegative + other - 1u);
      if (slot == 0u) { negativeAt[other - 1u] = u; }
    }
    var gradient = 0.0;
    var loss = 0.0;
    if (x != ABSENT && u != ABSENT) {
      let product = dotProduct(x, u);
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
      stepInputs(negativeCount, task, inputFixed);
    } else {
      stepOutputs(negativeCount, task - columns, outputFixed);
    }
  }
  // From the last lane on: these have the least of the work above.
  for (var slot = LANES - 1u - lane; slot < GROUP; slot += LANES) {
    var negative = 0.0;
    for (var k = GROUP + slot; k < dots; k += GROUP) { negative += dotLosses[k]; }
    losses[group * GROUP + slot] = vec2f(dotLosses[slot], negative);
  }
}

// Where the row begins that stands at `at` of the plan, in columns.
fn rowAt(at: u32) -> u32 {
  let row = plan[at];
  return select(row * lease.columns, ABSENT, row == ABSENT);
}

// One column of the steps of the group's input rows: Σ gradient · u over the slot's target and all negatives.
// Six variables rather than an array, which drivers may put into slow memory.
fn stepInputs(negativeCount: u32, column: u32, fixed: f32) {
  var s0 = targetStep(0u, column);
  var s1 = targetStep(1u, column);
  var s2 = targetStep(2u, column);
  var s3 = targetStep(3u, column);
  var s4 = targetStep(4u, column);
  var s5 = targetStep(5u, column);
  for (var k = 0u; k < negativeCount; k++) {
    let u = outputRows[negativeAt[k] + column];
    let first = (1u + k) * GROUP;
    s0 += gradients[first] * u;
    s1 += gradients[first + 1u] * u;
    s2 += gradients[first + 2u] * u;
    s3 += gradients[first + 3u] * u;
    s4 += gradients[first + 4u] * u;
    s5 += gradients[first + 5u] * u;
  }
  addInput(0u, column, s0 * fixed);
  addInput(1u, column, s1 * fixed);
  addInput(2u, column, s2 * fixed);
  addInput(3u, column, s3 * fixed);
  addInput(4u, column, s4 * fixed);
  addInput(5u, column, s5 * fixed);
}

// One column of the steps of the group's output rows: gradient · x for a target, Σ gradient · x for a negative.
fn stepOutputs(negativeCount: u32, column: u32, fixed: f32) {
  let x0 = inputColumn(0u, column);
  let x1 = inputColumn(1u, column);
  let x2 = inputColumn(2u, column);
  let x3 = inputColumn(3u, column);
  let x4 = inputColumn(4u, column);
  let x5 = inputColumn(5u, column);
  addOutput(targetAt[0], column, gradients[0] * fixed * x0);
  addOutput(targetAt[1], column, gradients[1] * fixed * x1);
  addOutput(targetAt[2], column, gradients[2] * fixed * x2);
  addOutput(targetAt[3], column, gradients[3] * fixed * x3);
  addOutput(targetAt[4], column, gradients[4] * fixed * x4);
  addOutput(targetAt[5], column, gradients[5] * fixed * x5);
  for (var k = 0u; k < negativeCount; k++) {
    let first = (1u + k) * GROUP;
    let sum = gradients[first] * x0 + gradients[first + 1u] * x1 + gradients[first + 2u] * x2
      + gradients[first + 3u] * x3 + gradients[first + 4u] * x4 + gradients[first + 5u] * x5;
    addOutput(negativeAt[k], column, sum * fixed);
  }
}

fn targetStep(slot: u32, column: u32) -> vec4f {
  let u = targetAt[slot];
  if (u == ABSENT) { return vec4f(); }
  return gradients[slot] * outputRows[u + column];
}

fn inputColumn(slot: u32, column: u32) -> vec4f {
  let x = inputAt[slot];
  if (x == ABSENT) { return vec4f(); }
  return inputRows[x + column];
}

fn addInput(slot: u32, column: u32, scaled: vec4f) {
  let x = inputAt[slot];
  if (x == ABSENT) { return; }
  let at = 4u * (x + column);
  let step = vec4i(round(scaled));
  atomicAdd(&inputSteps[at], step.x);
  atomicAdd(&inputSteps[at + 1u], step.y);
  atomicAdd(&inputSteps[at + 2u], step.z);
  atomicAdd(&inputSteps[at + 3u], step.w);
}

fn addOutput(u: u32, column: u32, scaled: vec4f) {
  if (u == ABSENT) { return; }
  let at = 4u * (u + column);
  let step = vec4i(round(scaled));
  atomicAdd(&outputSteps[at], step.x);
  atomicAdd(&outputSteps[at + 1u], step.y);
  atomicAdd(&outputSteps[at + 2u], step.z);
  atomicAdd(&outputSteps[at + 3u], step.w);
}

fn dotProduct(x: u32, u: u32) -> f32 {
  var sum = vec4f();
  for (var column = 0u; column < lease.columns; column++) { sum += inputRows[x + column] * outputRows[u + column]; }
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

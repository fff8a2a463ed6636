// What the kernels that step groups share: bindings, the plan's rows, and the sums of a group's steps per column.
//
// Follows prelude.wgsl; a kernel follows it and defines where columns come from: inputColumn, targetColumn and
// negativeColumn. A group is up to GROUP pairs that share their negatives.
// Races: none. Rows, plan and extents are only read; steps are integers added atomically, and integer addition
//   commutes, so the sums do not depend on scheduling; losses has one writer per element.
// Must equal word2vec/batched-reference.ts up to rounding.

// Most negatives of any group of the lease. Workgroup memory is cleared for every group, so no more than needed.
override NEGATIVES: u32 = 64u;

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

struct Group {
  // Index in the lease.
  number: u32,
  // Its negatives: where they begin in the plan's section, and how many.
  firstNegative: u32,
  negatives: u32,
}

fn groupOf(workgroup: u32) -> Group {
  let number = slice.firstGroup + workgroup;
  let first = plan[lease.negativeStart + number];
  return Group(number, first, plan[lease.negativeStart + number + 1u] - first);
}

// Where rows begin, in columns; ABSENT as in the plan.
fn inputRowAt(group: u32, slot: u32) -> u32 {
  let row = plan[group * GROUP + slot];
  return select(row * lease.columns, ABSENT, row == ABSENT);
}

fn targetRowAt(group: u32, slot: u32) -> u32 {
  let row = plan[lease.groupOutputs + group * GROUP + slot];
  return select((row & ~LABEL_ZERO) * lease.columns, ABSENT, row == ABSENT);
}

fn negativeRowAt(at: u32) -> u32 {
  return plan[lease.negatives + at] * lease.columns;
}

// Whether the slot's target is to be told from noise; false under LABEL_ZERO.
fn targetIsTrue(group: u32, slot: u32) -> bool {
  return (plan[lease.groupOutputs + group * GROUP + slot] & LABEL_ZERO) == 0u;
}

// Notes gradient and loss of dot product k.
fn noteDot(k: u32, product: f32, truth: bool) {
  gradients[k] = pull(product, truth, k < GROUP) * lease.alpha;
  dotLosses[k] = softplus(select(product, -product, truth));
}

fn noteNoDot(k: u32) {
  gradients[k] = 0.0;
  dotLosses[k] = 0.0;
}

// From the last lane on: these have the least of the other work.
fn noteLosses(group: u32, negatives: u32, lane: u32) {
  for (var slot = LANES - 1u - lane; slot < GROUP; slot += LANES) {
    var negative = 0.0;
    for (var k = 1u; k <= negatives; k++) { negative += dotLosses[k * GROUP + slot]; }
    losses[group * GROUP + slot] = vec2f(dotLosses[slot], negative);
  }
}

fn inputFixed() -> f32 { return fixedPoint(slice.inputReach, extents[2u * slice.batch + 1u]); }
fn outputFixed() -> f32 { return fixedPoint(slice.outputReach, extents[2u * slice.batch]); }

// One column of the steps of the group's input rows: Σ gradient · u over the slot's target and all negatives. `held` is
// the column where the kernel holds it, `column` the one in the rows.
// Six variables rather than an array, which drivers may put into slow memory.
fn stepInputs(negatives: u32, held: u32, column: u32, fixed: f32) {
  var s0 = gradients[0] * targetColumn(0u, held);
  var s1 = gradients[1] * targetColumn(1u, held);
  var s2 = gradients[2] * targetColumn(2u, held);
  var s3 = gradients[3] * targetColumn(3u, held);
  var s4 = gradients[4] * targetColumn(4u, held);
  var s5 = gradients[5] * targetColumn(5u, held);
  for (var k = 0u; k < negatives; k++) {
    let u = negativeColumn(k, held);
    let first = (1u + k) * GROUP;
    s0 += gradients[first] * u;
    s1 += gradients[first + 1u] * u;
    s2 += gradients[first + 2u] * u;
    s3 += gradients[first + 3u] * u;
    s4 += gradients[first + 4u] * u;
    s5 += gradients[first + 5u] * u;
  }
  addInput(inputAt[0], column, s0 * fixed);
  addInput(inputAt[1], column, s1 * fixed);
  addInput(inputAt[2], column, s2 * fixed);
  addInput(inputAt[3], column, s3 * fixed);
  addInput(inputAt[4], column, s4 * fixed);
  addInput(inputAt[5], column, s5 * fixed);
}

// One column of the steps of the group's output rows: gradient · x for a target, Σ gradient · x for a negative.
fn stepOutputs(negatives: u32, held: u32, column: u32, fixed: f32) {
  let x0 = inputColumn(0u, held);
  let x1 = inputColumn(1u, held);
  let x2 = inputColumn(2u, held);
  let x3 = inputColumn(3u, held);
  let x4 = inputColumn(4u, held);
  let x5 = inputColumn(5u, held);
  addOutput(targetAt[0], column, gradients[0] * fixed * x0);
  addOutput(targetAt[1], column, gradients[1] * fixed * x1);
  addOutput(targetAt[2], column, gradients[2] * fixed * x2);
  addOutput(targetAt[3], column, gradients[3] * fixed * x3);
  addOutput(targetAt[4], column, gradients[4] * fixed * x4);
  addOutput(targetAt[5], column, gradients[5] * fixed * x5);
  for (var k = 0u; k < negatives; k++) {
    let first = (1u + k) * GROUP;
    let sum = gradients[first] * x0 + gradients[first + 1u] * x1 + gradients[first + 2u] * x2
      + gradients[first + 3u] * x3 + gradients[first + 4u] * x4 + gradients[first + 5u] * x5;
    addOutput(negativeAt[k], column, sum * fixed);
  }
}

fn addInput(x: u32, column: u32, scaled: vec4f) {
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

// A grid inside the tab, measured and not shipped: workgroup w owns sub-parts (w, σ(w)) and trains group after group.
//
// Dispatch: one workgroup per sub-block of a round; the sub-blocks of a round share no row. A group's dot products are
//   computed as the rows stand, then the rows move at once: no sums, no atomics, no flush, no damping.
// Races: none between workgroups, which share no row. Within one, a lane owns a column in each phase, and storage
//   barriers stand between the phases.

override LANES: u32 = 8u;
override NEGATIVES: u32 = 64u;
const GROUP = 6u;
const ABSENT = 0xffffffffu;
const SATURATION = 6.0;

struct Round {
  columns: u32,
  groups: u32,
  // First sub-block of the round.
  first: u32,
  alpha: f32,
}

@group(0) @binding(0) var<uniform> turn: Round;
@group(0) @binding(1) var<storage, read_write> inputRows: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> outputRows: array<vec4f>;
// Inputs of all slots, targets of all slots, starts of the groups' negatives, negatives, as word2vec/plan.ts.
@group(0) @binding(3) var<storage, read> plan: array<u32>;
// Sub-block b holds groups [blocks[b], blocks[b + 1]).
@group(0) @binding(4) var<storage, read> blocks: array<u32>;

var<workgroup> gradients: array<f32, GROUP * (1u + NEGATIVES)>;

@compute @workgroup_size(LANES)
fn trainSubBlock(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let columns = turn.columns;
  let starts = 2u * GROUP * turn.groups;
  let noise = starts + turn.groups + 1u;
  let end = blocks[turn.first + workgroup.x + 1u];
  for (var group = blocks[turn.first + workgroup.x]; group < end; group++) {
    let first = plan[starts + group];
    let negatives = plan[starts + group + 1u] - first;
    for (var k = lane; k < GROUP * (1u + negatives); k += LANES) {
      let slot = k % GROUP;
      let other = k / GROUP;
      let x = plan[group * GROUP + slot];
      var u: u32;
      if (other == 0u) { u = plan[GROUP * turn.groups + group * GROUP + slot]; } else { u = plan[noise + first + other - 1u]; }
      gradients[k] = 0.0;
      if (x != ABSENT) {
        var sum = vec4f();
        for (var column = 0u; column < columns; column++) {
          sum += inputRows[x * columns + column] * outputRows[u * columns + column];
        }
        let product = (sum.x + sum.y) + (sum.z + sum.w);
        gradients[k] = (select(0.0, 1.0, other == 0u) - sigmoid(product)) * turn.alpha;
      }
    }
    storageBarrier();
    workgroupBarrier();
    for (var column = lane; column < columns; column += LANES) {
      for (var slot = 0u; slot < GROUP; slot++) {
        let x = plan[group * GROUP + slot];
        if (x == ABSENT) { continue; }
        let own = inputRows[x * columns + column];
        let goal = plan[GROUP * turn.groups + group * GROUP + slot] * columns + column;
        var step = gradients[slot] * outputRows[goal];
        outputRows[goal] += gradients[slot] * own;
        for (var k = 0u; k < negatives; k++) {
          let u = plan[noise + first + k] * columns + column;
          let gradient = gradients[(1u + k) * GROUP + slot];
          step += gradient * outputRows[u];
          outputRows[u] += gradient * own;
        }
        inputRows[x * columns + column] = own + step;
      }
    }
    storageBarrier();
    workgroupBarrier();
  }
}

fn sigmoid(x: f32) -> f32 {
  if (x >= SATURATION) { return 1.0; }
  if (x <= -SATURATION) { return 0.0; }
  return 1.0 / (1.0 + exp(-x));
}

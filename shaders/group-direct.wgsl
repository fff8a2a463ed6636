// Steps groups with rows read from storage wherever they are needed: a lane takes whole dot products.
//
// Dispatch: one workgroup per group of the slice.
//   phase 1: lane k takes dot products k, k + LANES, ...;
//   phase 2: a lane takes a column, and either the input rows' steps or the output rows' steps.
// Few barriers and little workgroup memory, which is what software adapters pay for; its reads in phase 1 do not
// coalesce, which is what hardware pays for (group-tiled.wgsl).

@compute @workgroup_size(LANES)
fn groupStep(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let group = groupOf(workgroup.x);
  let columns = lease.columns;

  for (var k = lane; k < GROUP * (1u + group.negatives); k += LANES) {
    let slot = k % GROUP;
    let other = k / GROUP;
    let x = inputRowAt(group.number, slot);
    var u: u32;
    var truth = false;
    if (other == 0u) {
      u = targetRowAt(group.number, slot);
      truth = targetIsTrue(group.number, slot);
      inputAt[slot] = x;
      targetAt[slot] = u;
    } else {
      u = negativeRowAt(group.firstNegative + other - 1u);
      if (slot == 0u) { negativeAt[other - 1u] = u; }
    }
    if (x != ABSENT && u != ABSENT) { noteDot(k, dotProduct(x, u), truth); } else { noteNoDot(k); }
  }
  workgroupBarrier();

  let inputScale = inputFixed();
  let outputScale = outputFixed();
  for (var task = lane; task < 2u * columns; task += LANES) {
    if (task < columns) {
      stepInputs(group.negatives, task, task, inputScale);
    } else {
      stepOutputs(group.negatives, task - columns, task - columns, outputScale);
    }
  }
  noteLosses(group.number, group.negatives, lane);
}

fn dotProduct(x: u32, u: u32) -> f32 {
  var sum = vec4f();
  for (var column = 0u; column < lease.columns; column++) { sum += inputRows[x + column] * outputRows[u + column]; }
  return (sum.x + sum.y) + (sum.z + sum.w);
}

fn inputColumn(slot: u32, column: u32) -> vec4f {
  let x = inputAt[slot];
  if (x == ABSENT) { return vec4f(); }
  return inputRows[x + column];
}

fn targetColumn(slot: u32, column: u32) -> vec4f {
  let u = targetAt[slot];
  if (u == ABSENT) { return vec4f(); }
  return outputRows[u + column];
}

fn negativeColumn(k: u32, column: u32) -> vec4f {
  return outputRows[negativeAt[k] + column];
}

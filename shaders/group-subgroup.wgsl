// Steps groups with every dot product taken by a whole subgroup: its lanes walk the columns, subgroupAdd sums them.
//
// Needs the feature `subgroups`. Dispatch: one workgroup per group of the slice.
//   phase 1: a subgroup takes the next target round or negative and its GROUP dot products, until none is left.
//     Which subgroup takes which does not change a bit: each product is one subgroup's sum, in the subgroup's order;
//   phase 2: as in group-direct.wgsl.
// Reads coalesce without workgroup memory, and a negative's row is read once for its GROUP dot products.

// Of the next target round (0) or negative (1, ...) that no subgroup has taken yet.
var<workgroup> next: atomic<u32>;

@compute @workgroup_size(LANES)
fn groupStep(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) member: u32,
  @builtin(subgroup_size) members: u32,
) {
  let group = groupOf(workgroup.x);
  let columns = lease.columns;

  for (var row = lane; row < 2u * GROUP + group.negatives; row += LANES) {
    if (row < GROUP) {
      inputAt[row] = inputRowAt(group.number, row);
    } else if (row < 2u * GROUP) {
      targetAt[row - GROUP] = targetRowAt(group.number, row - GROUP);
    } else {
      negativeAt[row - 2u * GROUP] = negativeRowAt(group.firstNegative + row - 2u * GROUP);
    }
  }
  workgroupBarrier();

  loop {
    var taken = 0u;
    if (subgroupElect()) { taken = atomicAdd(&next, 1u); }
    let other = subgroupBroadcastFirst(taken);
    if (other > group.negatives) { break; }
    var low = vec4f();
    var high = vec2f();
    for (var column = member; column < columns; column += members) {
      if (other == 0u) {
        low += vec4f(
          dot(inputColumn(0u, column), targetColumn(0u, column)),
          dot(inputColumn(1u, column), targetColumn(1u, column)),
          dot(inputColumn(2u, column), targetColumn(2u, column)),
          dot(inputColumn(3u, column), targetColumn(3u, column)),
        );
        high += vec2f(
          dot(inputColumn(4u, column), targetColumn(4u, column)),
          dot(inputColumn(5u, column), targetColumn(5u, column)),
        );
      } else {
        let u = negativeColumn(other - 1u, column);
        low += vec4f(
          dot(inputColumn(0u, column), u),
          dot(inputColumn(1u, column), u),
          dot(inputColumn(2u, column), u),
          dot(inputColumn(3u, column), u),
        );
        high += vec2f(dot(inputColumn(4u, column), u), dot(inputColumn(5u, column), u));
      }
    }
    low = subgroupAdd(low);
    high = subgroupAdd(high);
    // Every lane knows all six now; the first ones note one each, and a subgroup may have fewer than six.
    for (var slot = member; slot < GROUP; slot += members) {
      let product = select(high[slot & 1u], low[slot & 3u], slot < 4u);
      let k = other * GROUP + slot;
      let empty = inputAt[slot] == ABSENT || (other == 0u && targetAt[slot] == ABSENT);
      if (empty) { noteNoDot(k); } else { noteDot(k, product, other == 0u && targetIsTrue(group.number, slot)); }
    }
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

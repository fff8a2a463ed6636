// The bottom of the kernel ladder: one invocation per pair, which shares nothing with its neighbours.
//
// Follows prelude.wgsl. Dispatch: an invocation per slot of the slice's groups. It takes its dot products one after
//   the other and adds each one's two steps at once. Races and range as in group.wgsl.

// As in group.wgsl.
@group(0) @binding(2) var<storage, read> inputRows: array<vec4f>;
@group(0) @binding(3) var<storage, read> outputRows: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> inputSteps: array<atomic<i32>>;
@group(0) @binding(5) var<storage, read_write> outputSteps: array<atomic<i32>>;
@group(0) @binding(6) var<storage, read> plan: array<u32>;
@group(0) @binding(7) var<storage, read> extents: array<u32>;
@group(0) @binding(8) var<storage, read_write> losses: array<vec2f>;

@compute @workgroup_size(LANES)
fn groupStep(@builtin(global_invocation_id) invocation: vec3u) {
  if (invocation.x >= slice.groups * GROUP) { return; }
  let slot = slice.firstGroup * GROUP + invocation.x;
  let group = slot / GROUP;
  var loss = vec2f();
  if (plan[slot] != ABSENT) {
    let x = plan[slot] * lease.columns;
    let inputScale = lease.alpha * fixedPoint(slice.inputReach, extents[2u * slice.batch + 1u]);
    let outputScale = lease.alpha * fixedPoint(slice.outputReach, extents[2u * slice.batch]);
    let goal = plan[lease.groupOutputs + slot];
    if (goal != ABSENT) {
      let truth = (goal & LABEL_ZERO) == 0u;
      loss.x = meet(x, (goal & ~LABEL_ZERO) * lease.columns, truth, true, inputScale, outputScale);
    }
    let end = plan[lease.negativeStart + group + 1u];
    for (var at = plan[lease.negativeStart + group]; at < end; at++) {
      loss.y += meet(x, plan[lease.negatives + at] * lease.columns, false, false, inputScale, outputScale);
    }
  }
  losses[slot] = loss;
}

// One dot product and both its steps; answers its loss.
fn meet(x: u32, u: u32, truth: bool, isTarget: bool, inputScale: f32, outputScale: f32) -> f32 {
  var sum = vec4f();
  for (var column = 0u; column < lease.columns; column++) { sum += inputRows[x + column] * outputRows[u + column]; }
  let product = (sum.x + sum.y) + (sum.z + sum.w);
  let error = pull(product, truth, isTarget);
  for (var column = 0u; column < lease.columns; column++) {
    let inputStep = vec4i(round(error * inputScale * outputRows[u + column]));
    let outputStep = vec4i(round(error * outputScale * inputRows[x + column]));
    for (var part = 0u; part < 4u; part++) {
      atomicAdd(&inputSteps[4u * (x + column) + part], inputStep[part]);
      atomicAdd(&outputSteps[4u * (u + column) + part], outputStep[part]);
    }
  }
  return softplus(select(product, -product, truth));
}

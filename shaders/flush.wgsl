// Ends a minibatch: adds each touched row's damped step, clears the step, and notes how far the rows now reach.
//
// Follows prelude.wgsl. Dispatch: any number of workgroups; an invocation takes a vec4 column of an entry of the
//   slice's part of the two flush lists (input entries first), then goes on by the size of the dispatch.
// Races: none. A row stands once in its minibatch's list, so each element of rows and steps has one owner;
//   extents of this minibatch are only read, those of the next only raised, by atomic maximum.
// Non-finite values: the bits of |component| order as integers, and infinities and NaN lie above every number, so
//   the host sees them in the last extents.

// Shapes (input rows, columns) and (output rows, columns), row-major.
@group(0) @binding(2) var<storage, read_write> inputRows: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> outputRows: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> inputSteps: array<vec4i>;
@group(0) @binding(5) var<storage, read_write> outputSteps: array<vec4i>;
@group(0) @binding(6) var<storage, read> plan: array<u32>;
// Largest |component| of the input and of the output rows before minibatch b, as bits of an f32. Shape (b, 2).
@group(0) @binding(7) var<storage, read_write> extents: array<atomic<u32>>;

@compute @workgroup_size(LANES)
fn flush(@builtin(global_invocation_id) invocation: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let now = 2u * slice.batch;
  let inputExtent = atomicLoad(&extents[now]);
  let outputExtent = atomicLoad(&extents[now + 1u]);
  if (invocation.x == 0u) {
    atomicMax(&extents[now + 2u], inputExtent);
    atomicMax(&extents[now + 3u], outputExtent);
  }
  let inputUnit = fixedUnit(slice.inputReach, outputExtent);
  let outputUnit = fixedUnit(slice.outputReach, inputExtent);
  let inputWork = slice.inputCount * lease.columns;
  let work = inputWork + slice.outputCount * lease.columns;
  for (var task = invocation.x; task < work; task += workgroups.x * LANES) {
    if (task < inputWork) {
      let entry = slice.inputFirst + task / lease.columns;
      let at = plan[lease.inputFlushRows + entry] * lease.columns + task % lease.columns;
      let scale = inputUnit / (1.0 + lease.damping * f32(plan[lease.inputFlushHits + entry] - 1u));
      let row = inputRows[at] + scale * vec4f(inputSteps[at]);
      inputRows[at] = row;
      inputSteps[at] = vec4i();
      let reach = extentBits(row);
      if (reach > inputExtent) { atomicMax(&extents[now + 2u], reach); }
    } else {
      let own = task - inputWork;
      let entry = slice.outputFirst + own / lease.columns;
      let at = plan[lease.outputFlushRows + entry] * lease.columns + own % lease.columns;
      let scale = outputUnit / (1.0 + lease.damping * f32(plan[lease.outputFlushHits + entry] - 1u));
      let row = outputRows[at] + scale * vec4f(outputSteps[at]);
      outputRows[at] = row;
      outputSteps[at] = vec4i();
      let reach = extentBits(row);
      if (reach > outputExtent) { atomicMax(&extents[now + 3u], reach); }
    }
  }
}

// Bits of the largest |component| of a column.
fn extentBits(row: vec4f) -> u32 {
  let bits = bitcast<vec4u>(row) & vec4u(0x7fffffffu);
  return max(max(bits.x, bits.y), max(bits.z, bits.w));
}

// Copies memory, to learn what bandwidth a compute kernel of this adapter can have at most: a column each.
//
// Dispatch: an invocation per vec4 of `source`, in a row of workgroups. Races: none, each writes its own element.

@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> copied: array<vec4f>;

@compute @workgroup_size(64)
fn copy(@builtin(global_invocation_id) invocation: vec3u) {
  if (invocation.x < arrayLength(&source)) { copied[invocation.x] = source[invocation.x]; }
}

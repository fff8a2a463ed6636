// Steps groups with their rows staged in workgroup memory, a tile of columns at a time.
//
// Dispatch: one workgroup per group of the slice.
//   staging: neighbouring lanes take neighbouring columns of a row, so that reads coalesce;
//   dots: lane k adds the tile's share to dot products k, k + LANES, ..., all dot products of the group at once;
//   steps: a lane takes a column of the tile, and either the input rows' steps or the output rows' steps.
// A row is read once where all its columns fit one tile, else twice less the last tile, which stays between the dots
// and the steps. Two barriers a tile.

// Columns of a tile. Odd, so that the rows of a tile do not all begin in the same bank.
override TILE: u32 = 9u;

const INPUTS = 0u;
const TARGETS = GROUP;
const NOISE = 2u * GROUP;

// Row-major: the group's inputs, targets and negatives; zeros for an empty slot.
var<workgroup> tile: array<vec4f, (NOISE + NEGATIVES) * TILE>;
var<workgroup> products: array<f32, GROUP * (1u + NEGATIVES)>;

@compute @workgroup_size(LANES)
fn groupStep(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let group = groupOf(workgroup.x);
  // The same for all lanes; said so that the compiler knows the barriers below are reached by all.
  let negatives = group.negatives;
  let tiles = (lease.columns + TILE - 1u) / TILE;
  let dots = GROUP * (1u + negatives);

  for (var row = lane; row < NOISE + negatives; row += LANES) {
    if (row < TARGETS) {
      inputAt[row] = inputRowAt(group.number, row);
    } else if (row < NOISE) {
      targetAt[row - TARGETS] = targetRowAt(group.number, row - TARGETS);
    } else {
      negativeAt[row - NOISE] = negativeRowAt(group.firstNegative + row - NOISE);
    }
  }
  workgroupBarrier();

  for (var t = 0u; t < tiles; t++) {
    stage(t, NOISE + negatives, lane);
    workgroupBarrier();
    let width = widthOf(t);
    for (var k = lane; k < dots; k += LANES) {
      let x = (k % GROUP) * TILE;
      let u = select(k / GROUP + NOISE - 1u, k + TARGETS, k < GROUP) * TILE;
      var sum = vec4f();
      for (var column = 0u; column < width; column++) { sum += tile[x + column] * tile[u + column]; }
      products[k] += (sum.x + sum.y) + (sum.z + sum.w);
    }
    // The last tile stays for the steps.
    if (t + 1u < tiles) { workgroupBarrier(); }
  }
  for (var k = lane; k < dots; k += LANES) {
    let slot = k % GROUP;
    let empty = inputAt[slot] == ABSENT || (k < GROUP && targetAt[slot] == ABSENT);
    if (empty) { noteNoDot(k); } else { noteDot(k, products[k], k < GROUP && targetIsTrue(group.number, slot)); }
  }
  workgroupBarrier();

  let inputScale = inputFixed();
  let outputScale = outputFixed();
  for (var left = tiles; left > 0u; left--) {
    let t = left - 1u;
    if (left < tiles) {
      workgroupBarrier();
      stage(t, NOISE + negatives, lane);
      workgroupBarrier();
    }
    let width = widthOf(t);
    for (var task = lane; task < 2u * width; task += LANES) {
      if (task < width) {
        stepInputs(negatives, task, t * TILE + task, inputScale);
      } else {
        stepOutputs(negatives, task - width, t * TILE + task - width, outputScale);
      }
    }
  }
  noteLosses(group.number, negatives, lane);
}

fn widthOf(t: u32) -> u32 {
  return min(TILE, lease.columns - t * TILE);
}

// Reads tile t of the group's rows.
fn stage(t: u32, rows: u32, lane: u32) {
  let width = widthOf(t);
  for (var task = lane; task < rows * width; task += LANES) {
    let row = task / width;
    let column = task % width;
    var value = vec4f();
    if (row < TARGETS) {
      let x = inputAt[row];
      if (x != ABSENT) { value = inputRows[x + t * TILE + column]; }
    } else {
      var u: u32;
      if (row < NOISE) { u = targetAt[row - TARGETS]; } else { u = negativeAt[row - NOISE]; }
      if (u != ABSENT) { value = outputRows[u + t * TILE + column]; }
    }
    tile[row * TILE + column] = value;
  }
}

fn inputColumn(slot: u32, column: u32) -> vec4f {
  return tile[slot * TILE + column];
}

fn targetColumn(slot: u32, column: u32) -> vec4f {
  return tile[(TARGETS + slot) * TILE + column];
}

fn negativeColumn(k: u32, column: u32) -> vec4f {
  return tile[(NOISE + k) * TILE + column];
}

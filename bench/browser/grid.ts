// Times the grid inside the tab on a lease: the same pairs, cut into g × g sub-blocks by rank modulo g.
import { draw } from '../../word2vec/noise.ts';
import { ABSENT, GROUP, type LeaseShape } from '../../word2vec/plan.ts';
import { hashAt } from '../../word2vec/random.ts';
import gridSource from './grid.wgsl?raw';

const NEGATIVES = 8;
const ALPHA = 0.025;

/** The groups of a lease, sub-block by sub-block in the order of the rounds. */
interface GridPlan {
  /** As grid.wgsl reads it. */
  readonly plan: Uint32Array<ArrayBuffer>;
  readonly groups: number;
  /** Shape (g² + 1). */
  readonly blocks: Uint32Array<ArrayBuffer>;
}

export interface GridRequest {
  /** Address of the packed leases, of which the first is trained. */
  readonly leases: string;
  readonly g: number;
  readonly dim: number;
  readonly lanes: number;
  readonly repeats: number;
}

/** Pairs a second of the dispatches alone: the fastest of `repeats`. Rows of D = `dim`. */
export async function timeGrid(lease: LeaseShape, { g, dim, lanes, repeats }: GridRequest): Promise<number> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  const device = await adapter!.requestDevice();
  try {
    const module = device.createShaderModule({ code: gridSource });
    const constants = { LANES: lanes, NEGATIVES };
    const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module, constants } });
    const { plan, groups, blocks } = gridPlan(lease, g);
    const columns = Math.ceil(dim / 4);
    const storage = (values: Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>): GPUBuffer => {
      const buffer = device.createBuffer({
        size: values.byteLength,
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
      });
      device.queue.writeBuffer(buffer, 0, values);
      return buffer;
    };
    const buffers = [
      storage(rows(lease.inputPartSize * columns * 4, dim, 1)),
      storage(rows(lease.outputPartSize * columns * 4, dim, 2)),
      storage(plan),
      storage(blocks),
    ];
    const uniforms = Array.from({ length: g }, (_, round) => {
      const buffer = device.createBuffer({ size: 16, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
      device.queue.writeBuffer(buffer, 0, Uint32Array.of(columns, groups, round * g));
      device.queue.writeBuffer(buffer, 12, Float32Array.of(ALPHA));
      return buffer;
    });
    const binds = uniforms.map((uniform) =>
      device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: [uniform, ...buffers].map((buffer, binding) => ({ binding, resource: { buffer } })),
      }),
    );
    await device.queue.onSubmittedWorkDone();
    const speeds: number[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      const start = performance.now();
      for (const bind of binds) {
        const encoder = device.createCommandEncoder();
        const pass = encoder.beginComputePass();
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, bind);
        pass.dispatchWorkgroups(g);
        pass.end();
        device.queue.submit([encoder.finish()]);
      }
      await device.queue.onSubmittedWorkDone();
      speeds.push((lease.inputs.length * 1000) / (performance.now() - start));
    }
    return Math.max(...speeds);
  } finally {
    device.destroy();
  }
}

/** Negatives are drawn from the sub-block's outputs: a draw of another sub-part becomes its neighbour in this one. */
function gridPlan(lease: LeaseShape, g: number): GridPlan {
  if (lease.negatives.kind !== 'coupled') throw new Error('only leases with coupled negatives can be timed');
  const count = Math.min(NEGATIVES, Math.round(lease.negatives.rate / 65536));
  const inputs: number[] = [];
  const targets: number[] = [];
  const negatives: number[] = [];
  const blocks = [0];
  let draws = 0;
  const last = Math.floor(lease.outputPartSize / g) * g - g;
  for (let round = 0; round < g; round++) {
    for (let w = 0; w < g; w++) {
      const column = (w + round) % g;
      const before = inputs.length;
      for (const [at, input] of lease.inputs.entries()) {
        if (input % g !== w || lease.outputs[at]! % g !== column) continue;
        inputs.push(input);
        targets.push(lease.outputs[at]!);
      }
      while ((inputs.length - before) % GROUP !== 0) {
        inputs.push(ABSENT);
        targets.push(ABSENT);
      }
      const groups = (inputs.length - before) / GROUP;
      for (let k = 0; k < groups * count; k++) {
        const rank = draw(lease.noise, hashAt(lease.seed, draws++));
        negatives.push(Math.min(last, rank - (rank % g)) + column);
      }
      blocks.push(inputs.length / GROUP);
    }
  }
  const groups = inputs.length / GROUP;
  const starts = Array.from({ length: groups + 1 }, (_, group) => group * count);
  return {
    plan: Uint32Array.from([...inputs, ...targets, ...starts, ...negatives]),
    groups,
    blocks: Uint32Array.from(blocks),
  };
}

function rows(length: number, dim: number, key: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length }, (_, at) => (hashAt(key, at) / 2 ** 31 - 1) / Math.sqrt(dim));
}

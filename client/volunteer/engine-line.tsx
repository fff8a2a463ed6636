// What this tab trains with, in words, and why it is not the GPU where it is not.
import type { JSX } from 'preact';
import type { WorkerStatus } from '../worker/api.ts';
import type { Capability } from './capability.ts';

/** As the CPU engine calls itself without SIMD. */
const PLAIN_DEVICE = 'CPU, plain JavaScript';
const PLAIN_CPU =
  'This browser lacks WebAssembly SIMD, so the CPU engine runs in plain JavaScript: it helps, but several times slower. A newer browser is faster.';

export function EngineLine(props: { status: WorkerStatus; capability: Capability }): JSX.Element {
  const { status, capability } = props;
  if (status.engine !== null) {
    return (
      <>
        <p class="engine">
          <span class="engine-kind">{status.engine === 'webgpu' ? 'GPU' : 'CPU'}</span>
          <bdi>{status.device === '' ? 'name not known yet' : status.device.replace(/^CPU, /, '')}</bdi>
        </p>
        {status.fallback === null ? null : <p class="notice">The CPU is used instead of the GPU: {status.fallback}.</p>}
        {status.device === PLAIN_DEVICE ? <p class="notice">{PLAIN_CPU}</p> : null}
      </>
    );
  }
  switch (capability.kind) {
    case 'probing':
      return <p class="engine muted">Looking for a GPU…</p>;
    case 'webgpu':
      return (
        <p class="engine">
          <span class="engine-kind">GPU</span>
          <bdi>{capability.device}</bdi>
        </p>
      );
    case 'cpu':
      return (
        <>
          <p class="engine">
            <span class="engine-kind">CPU</span>
            one thread of this computer
          </p>
          <p class="notice">
            The CPU will be used: it helps too, but is slower than a GPU. {capability.why}
            {capability.simd ? '' : ` ${PLAIN_CPU}`}
          </p>
        </>
      );
    case 'missing':
      return <p class="notice">The address of this page demands WebGPU (?engine=webgpu). {capability.why}</p>;
  }
}

// The coded error of the WGSL engine.

type GpuErrorCode =
  /** The browser offers no WebGPU here; it exists only in secure contexts (https, or localhost). */
  | 'WEBGPU_MISSING'
  /** WebGPU is there, but no adapter (or device) is to be had. */
  | 'NO_ADAPTER'
  /** The device went away in mid-work: create a new engine and train the lease again from its first rows. */
  | 'DEVICE_LOST'
  /** The lease does not fit the device's limits. */
  | 'LEASE_TOO_LARGE'
  /** A row grew beyond LARGEST or is not finite: the run diverges, or the rows were corrupt. */
  | 'SATURATED'
  /** `train` was called while it was training. */
  | 'ENGINE_BUSY'
  /** The driver refused an operation, such as an allocation: create a new engine, or lease less. */
  | 'GPU_FAULT';

/** An error of the GPU engine. The message begins with the code. */
export class GpuError extends Error {
  readonly code: GpuErrorCode;

  constructor(code: GpuErrorCode, message: string, cause?: unknown) {
    super(`${code}: ${message}`, cause === undefined ? undefined : { cause });
    this.name = 'GpuError';
    this.code = code;
  }
}

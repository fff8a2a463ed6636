// A WebGPU device with its name, and one place that knows whether it still lives.
import { GpuError } from './gpu-error.ts';

/** Taken where the adapter has them. */
const OPTIONAL_FEATURES: readonly GPUFeatureName[] = ['subgroups'];

export class GpuDevice {
  readonly device: GPUDevice;
  /** Adapter as shown to people. */
  readonly name: string;
  /** The adapter computes on the processor. */
  readonly software: boolean;
  /** Resolves, never rejects, once the device is gone. */
  readonly #gone: Promise<GpuError>;
  #failure: GpuError | undefined;
  #closed = false;

  private constructor(device: GPUDevice, info: GPUAdapterInfo, onLost: (reason: string) => void) {
    const name = adapterName(info);
    this.device = device;
    this.name = name;
    this.software = info.isFallbackAdapter || info.architecture === 'swiftshader';
    device.addEventListener('uncapturederror', (event) => {
      this.#failure ??= new GpuError('GPU_FAULT', `${name}: ${event.error.message}`);
    });
    this.#gone = device.lost.then((info) => {
      const reason = info.message === '' ? info.reason : `${info.reason}: ${info.message}`;
      const error = new GpuError('DEVICE_LOST', `${name} went away (${reason})`);
      this.#failure = error;
      if (!this.#closed) onLost(reason);
      return error;
    });
  }

  /**
   * The most powerful adapter with its default limits, which hold on every device.
   * @throws GpuError WEBGPU_MISSING or NO_ADAPTER
   */
  static async request(onLost: (reason: string) => void): Promise<GpuDevice> {
    // Typed as always there, but absent in insecure contexts and older browsers.
    const gpu: GPU | undefined = navigator.gpu;
    if (gpu === undefined) {
      throw new GpuError('WEBGPU_MISSING', 'this browser offers no WebGPU here: it needs https (or localhost)');
    }
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter === null) throw new GpuError('NO_ADAPTER', 'the browser has WebGPU but no usable GPU adapter');
    const requiredFeatures = OPTIONAL_FEATURES.filter((feature) => adapter.features.has(feature));
    const device = await adapter.requestDevice({ label: 'tributary', requiredFeatures }).catch((cause: unknown) => {
      throw new GpuError('NO_ADAPTER', 'the GPU adapter gave no device', cause);
    });
    return new GpuDevice(device, adapter.info, onLost);
  }

  /**
   * Waits for work of the device; a loss or fault that happens first, or was the cause of a failure, is thrown.
   * @throws GpuError DEVICE_LOST or GPU_FAULT
   */
  async settle(work: Promise<unknown>): Promise<void> {
    const failed = work.then(
      () => undefined,
      (cause: unknown) => {
        if (cause instanceof GpuError) return cause;
        if (cause instanceof GPUPipelineError)
          return new GpuError('GPU_FAULT', `${this.name}: ${cause.message}`, cause);
        // Mapping our own buffer fails for no other reason than a fault (noted above) or the loss of the device.
        return this.#failure ?? new GpuError('DEVICE_LOST', `${this.name} went away`, cause);
      },
    );
    const error = (await Promise.race([failed, this.#gone])) ?? this.#failure;
    if (error !== undefined) throw error;
  }

  close(): void {
    this.#closed = true;
    this.device.destroy();
  }
}

function adapterName(info: GPUAdapterInfo): string {
  const name =
    info.description || [info.vendor, info.architecture, info.device].filter((part) => part !== '').join(' ');
  return name === '' ? 'unnamed GPU' : name;
}

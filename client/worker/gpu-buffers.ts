// Named GPU buffers that are kept between leases and only ever grow.
import { GpuError } from './gpu-error.ts';

export class GpuBuffers {
  readonly #device: GPUDevice;
  readonly #held = new Map<string, GPUBuffer>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /**
   * A buffer of at least `bytes` bytes; contents are undefined. The earlier buffer of that name is no longer valid
   * when it was too small.
   * @throws GpuError LEASE_TOO_LARGE beyond the device's limit, by name
   */
  hold(name: string, bytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const limits = this.#device.limits;
    const storage = (usage & GPUBufferUsage.STORAGE) !== 0;
    const limit = storage ? Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize) : limits.maxBufferSize;
    if (bytes > limit) {
      throw new GpuError(
        'LEASE_TOO_LARGE',
        `${name} needs ${bytes} bytes, this device allows ${limit}: lease fewer chunks`,
      );
    }
    const held = this.#held.get(name);
    if (held !== undefined && held.size >= bytes) return held;
    held?.destroy();
    // Half as much again, so that leases of slightly growing size do not reallocate each time.
    const size = Math.min(limit, Math.ceil(Math.max(bytes * 1.5, 256) / 256) * 256);
    const buffer = this.#device.createBuffer({ label: name, size, usage });
    this.#held.set(name, buffer);
    return buffer;
  }
}
